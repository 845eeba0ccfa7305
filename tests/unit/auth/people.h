/*
 * The certificates of tests/lab/certificates.py, in a folder for the life of
 * a test program.
 */
#ifndef TESTS_UNIT_AUTH_PEOPLE_H
#define TESTS_UNIT_AUTH_PEOPLE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "reeve/auth_certificate.h"

#define DAY_MS	 ((int64_t)86400000)
#define SIDS	 "S-1-5-21-1000-2000-3000"
#define MAX_CRLS 4

static char people_folder[64] = "/tmp/reeve-people-XXXXXX";

static inline int
people_setup(void **state)
{
	pid_t pid;
	int status = -1;

	(void)state;
	if (mkdtemp(people_folder) == NULL)
		return -1;
	pid = fork();
	if (pid == 0) {
		execl("/usr/bin/python3", "python3", "-BWignore",
		    "tests/lab/certificates.py", people_folder, NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return status == 0 ? 0 : -1;
}

static inline int
people_remove(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int
people_teardown(void **state)
{
	(void)state;
	(void)nftw(people_folder, people_remove, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}

static inline int64_t
people_now(void)
{
	return (int64_t)time(NULL) * 1000;
}

/* ---- A certificate and what its holder sends with it ------------------- */

struct person {
	X509 *leaf;
	STACK_OF(X509) * sent;
};

static inline struct person
person_open(const char *name)
{
	struct person p = { NULL, sk_X509_new_null() };
	char path[160];
	X509 *cert;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s.pem", people_folder, name);
	f = fopen(path, "re");
	if (f == NULL)
		fail_msg("no certificate %s", path);
	p.leaf = PEM_read_X509(f, NULL, NULL, NULL);
	while ((cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
		(void)sk_X509_push(p.sent, cert);
	(void)fclose(f);
	assert_non_null(p.leaf);
	return p;
}

static inline void
person_close(struct person *p)
{
	X509_free(p->leaf);
	sk_X509_pop_free(p->sent, X509_free);
}

/* ---- An authority ------------------------------------------------------ */

/* Names of files, without the folder; the last of crls is NULL. */
struct issuer {
	char certificate[160];
	char chain[160];
	char crls[MAX_CRLS][160];
	const char *crl_v[MAX_CRLS];
	struct rv_authority a;
};

static inline void
issuer_init(struct issuer *i, const char *certificate, const char *const *crls)
{
	memset(i, 0, sizeof(*i));
	(void)snprintf(i->certificate, sizeof(i->certificate), "%s/%s",
	    people_folder, certificate);
	i->a = (struct rv_authority){
		.source = "people",
		.certificate = i->certificate,
		.crls = { i->crl_v, 0 },
		.crl_required = true,
		.alarm_before_ms = DAY_MS,
	};
	for (; *crls != NULL; crls++) {
		char *path = i->crls[i->a.crls.n];

		(void)snprintf(
		    path, sizeof(i->crls[0]), "%s/%s", people_folder, *crls);
		i->crl_v[i->a.crls.n++] = path;
	}
}

#endif
