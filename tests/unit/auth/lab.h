/*
 * Starts lab.py (a private KDC, perhaps a directory) for the life of a test
 * program, and takes over the environment that it prints.
 */
#ifndef TESTS_UNIT_AUTH_LAB_H
#define TESTS_UNIT_AUTH_LAB_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAB_SCRIPT "tests/unit/auth/lab.py"

struct lab {
	pid_t pid;
	FILE *to, *from;
};

/* The next line without its end; false at the end of the lab. */
static inline bool
lab_line(struct lab *lab, char *line, size_t size)
{
	if (fgets(line, (int)size, lab->from) == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static inline bool
lab_start(struct lab *lab, const char *option)
{
	const char *script = getenv("REEVE_LAB_SCRIPT");
	int to[2], from[2];
	char line[512];

	/* The pipe ends when this program dies: so does the lab. */
	if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
		return false;
	lab->pid = fork();
	if (lab->pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl("/usr/bin/python3", "python3",
		    script != NULL ? script : LAB_SCRIPT, option, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	lab->to = fdopen(to[1], "w");
	lab->from = fdopen(from[0], "r");
	while (lab_line(lab, line, sizeof(line))) {
		char *value = strchr(line, '=');

		if (strcmp(line, "READY") == 0)
			return true;
		if (value == NULL)
			break;
		*value++ = '\0';
		setenv(line, value, 1);
	}
	return false;
}

/* "stop slapd", "start slapd"; true when done. */
static inline bool
lab_command(struct lab *lab, const char *command)
{
	char line[64];

	return fprintf(lab->to, "%s\n", command) > 0 && fflush(lab->to) == 0 &&
	       lab_line(lab, line, sizeof(line)) && strcmp(line, "OK") == 0;
}

static inline void
lab_stop(struct lab *lab)
{
	int status;

	if (lab->to != NULL)
		(void)fclose(lab->to);
	if (lab->from != NULL)
		(void)fclose(lab->from);
	if (lab->pid > 0)
		waitpid(lab->pid, &status, 0);
}

/* "<folder of the lab>/<name>" behind a prefix; the caller frees it. */
static inline char *
lab_path(const char *prefix, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s%s/%s", prefix, getenv("LAB_DIR"), name) < 0)
		abort();
	return path;
}

#endif
