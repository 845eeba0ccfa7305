/*
 * Landlock by bare system calls: glibc has none.  Its header may be older
 * than the kernel that this runs on, so what is not in it is defined here,
 * and the kernel is asked at run time how far it goes (its ABI).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "process/sandbox.h"

#define ACCESS_EXECUTE	  (1ull << 0)
#define ACCESS_WRITE_FILE (1ull << 1)
#define ACCESS_READ_FILE  (1ull << 2)
#define ACCESS_READ_DIR	  (1ull << 3)
#define ACCESS_REMOVE_DIR (1ull << 4)
#define ACCESS_REMOVE	  (1ull << 5)
#define ACCESS_MAKE_REG	  (1ull << 8)
#define ACCESS_ALL_1	  ((1ull << 13) - 1)
#define ACCESS_REFER	  (1ull << 13) /* ABI 2 */
#define ACCESS_TRUNCATE	  (1ull << 14) /* ABI 3 */
#define ACCESS_IOCTL_DEV  (1ull << 15) /* ABI 5 */
#define NET_BIND_TCP	  (1ull << 0)  /* ABI 4 */
#define NET_CONNECT_TCP	  (1ull << 1)
#define SCOPE_ABSTRACT	  (1ull << 0) /* ABI 6 */
#define SCOPE_SIGNAL	  (1ull << 1)

/* What can be said of a file that is no folder. */
#define OF_FILES                                                 \
	(ACCESS_EXECUTE | ACCESS_WRITE_FILE | ACCESS_READ_FILE | \
	    ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)
#define TO_READ (ACCESS_READ_FILE | ACCESS_READ_DIR)

/* struct landlock_ruleset_attr as of ABI 6. */
struct ruleset {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

static int
fail(struct rv_error *e, const char *what)
{
	rv_error_set(e, "Landlock: %s: %s", what, strerror(errno));
	return RV_ERR_IO;
}

int
rv_landlock_begin(struct rv_landlock *l, const struct rv_landlock_wish *wish,
    struct rv_error *e)
{
	struct ruleset attr = { .handled_fs = ACCESS_ALL_1 };
	size_t size = sizeof(attr.handled_fs);

	*l = (struct rv_landlock){ .fd = -1 };
	l->abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (l->abi < 1) {
		l->abi = 0;
		return RV_OK;
	}
	if (l->abi >= 2)
		attr.handled_fs |= ACCESS_REFER;
	if (l->abi >= 3)
		attr.handled_fs |= ACCESS_TRUNCATE;
	if (l->abi >= 4) {
		size += sizeof(attr.handled_net);
		if (wish->no_tcp)
			attr.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
	}
	if (l->abi >= 5)
		attr.handled_fs |= ACCESS_IOCTL_DEV;
	if (l->abi >= 6) {
		size += sizeof(attr.scoped);
		if (wish->scoped)
			attr.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	}
	l->handled = attr.handled_fs;
	l->fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	return l->fd >= 0 ? RV_OK : fail(e, "a set of rules cannot be made");
}

int
rv_landlock_hide(struct rv_landlock *l, const char *path, struct rv_error *e)
{
	char *real = path != NULL ? realpath(path, NULL) : NULL;

	if (real == NULL)
		return RV_OK; /* what is not there cannot be read */
	if (l->n_hidden == RV_LANDLOCK_HIDDEN_MAX) {
		free(real);
		rv_error_set(e, "too many files are to be hidden");
		return RV_ERR_LIMIT;
	}
	l->hidden[l->n_hidden++] = real;
	return RV_OK;
}

/* Whether a hidden path is this one or beneath it. */
static bool
covers_hidden(const struct rv_landlock *l, const char *path)
{
	size_t n = strlen(path);

	if (n > 0 && path[n - 1] == '/')
		n--; /* the root */
	for (size_t i = 0; i < l->n_hidden; i++)
		if (strncmp(l->hidden[i], path, n) == 0 &&
		    (l->hidden[i][n] == '/' || l->hidden[i][n] == '\0'))
			return true;
	return false;
}

static int
add_rule(struct rv_landlock *l, const char *path, uint64_t access,
    struct rv_error *e)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	struct stat st;
	int r = RV_OK;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
			   ? RV_OK /* nothing to allow */
			   : fail(e, path);
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	rule.allowed_access &= l->handled;
	if (syscall(SYS_landlock_add_rule, l->fd, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) != 0)
		r = fail(e, path);
	(void)close(rule.parent_fd);
	return r;
}

/* As deep as DEPTH_MAX. NOLINTBEGIN(misc-no-recursion) */
static int allow(struct rv_landlock *l, const char *path, unsigned depth,
    struct rv_error *e);

/* All of a folder but what is hidden in it; links lead elsewhere. */
static int
allow_entries(struct rv_landlock *l, const char *folder, unsigned depth,
    struct rv_error *e)
{
	DIR *dir = opendir(folder);
	struct rv_buf path;
	struct dirent *entry;
	int r = RV_OK;

	if (dir == NULL)
		return RV_OK; /* no folder, or none that we may read */
	rv_buf_init(&path, 4096);
	while (r == RV_OK && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0 || entry->d_type == DT_LNK)
			continue;
		rv_buf_reset(&path);
		rv_buf_printf(&path, "%s/%s", folder, entry->d_name);
		if (rv_buf_cstr(&path) != NULL)
			r = allow(l, path.p, depth + 1, e);
	}
	rv_buf_fini(&path);
	(void)closedir(dir);
	return r;
}

#define DEPTH_MAX 32

/* path is a real one. */
static int
allow(
    struct rv_landlock *l, const char *path, unsigned depth, struct rv_error *e)
{
	if (!covers_hidden(l, path))
		return add_rule(l, path, TO_READ, e);
	return depth < DEPTH_MAX ? allow_entries(l, path, depth, e) : RV_OK;
}
/* NOLINTEND(misc-no-recursion) */

int
rv_landlock_read(struct rv_landlock *l, const char *path, struct rv_error *e)
{
	char *real;
	int r;

	if (l->fd < 0 || path == NULL)
		return RV_OK;
	real = realpath(path, NULL);
	if (real == NULL)
		return RV_OK; /* not there, or not for us */
	r = allow(l, real, 0, e);
	free(real);
	return r;
}

/* "/", "/tmp" and the like: allowing them would allow too much. */
static bool
is_everybodys(const char *folder)
{
	const char *second = folder[0] == '/' ? strchr(folder + 1, '/') : NULL;

	return second == NULL || second[1] == '\0';
}

static int
read_folder_of(struct rv_landlock *l, const char *path, struct rv_error *e)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int r = RV_OK;

	if (slash == NULL)
		return RV_OK;
	folder = strndup(path, (size_t)(slash - path));
	if (folder == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	if (!is_everybodys(folder))
		r = rv_landlock_read(l, folder, e);
	free(folder);
	return r;
}

int
rv_landlock_read_replaced(
    struct rv_landlock *l, const char *path, struct rv_error *e)
{
	char *real;
	int r;

	if (l->fd < 0 || path == NULL)
		return RV_OK;
	r = rv_landlock_read(l, path, e);
	if (r == RV_OK)
		r = read_folder_of(l, path, e);
	real = realpath(path, NULL);
	/* Where it is a link into another folder. */
	if (r == RV_OK && real != NULL)
		r = read_folder_of(l, real, e);
	free(real);
	return r;
}

int
rv_landlock_write_file(
    struct rv_landlock *l, const char *path, struct rv_error *e)
{
	if (l->fd < 0)
		return RV_OK;
	return add_rule(
	    l, path, ACCESS_READ_FILE | ACCESS_WRITE_FILE | ACCESS_TRUNCATE, e);
}

int
rv_landlock_write_folder(
    struct rv_landlock *l, const char *path, struct rv_error *e)
{
	if (l->fd < 0)
		return RV_OK;
	return add_rule(l, path,
	    TO_READ | ACCESS_WRITE_FILE | ACCESS_TRUNCATE | ACCESS_MAKE_REG |
		ACCESS_REMOVE,
	    e);
}

int
rv_landlock_enter(struct rv_landlock *l, struct rv_error *e)
{
	int r = RV_OK;

	if (l->fd >= 0 && syscall(SYS_landlock_restrict_self, l->fd, 0) != 0)
		r = fail(e, "the rules cannot be put in force");
	rv_landlock_fini(l);
	return r;
}

void
rv_landlock_fini(struct rv_landlock *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
	for (size_t i = 0; i < l->n_hidden; i++)
		free(l->hidden[i]);
	l->n_hidden = 0;
}
