/*
 * The certificates of tests/lab/pki.py, made once for a test program in a
 * folder of its own.  Included by one file of each.
 */
#ifndef TESTS_UNIT_AUTH_PKI_RUN_H
#define TESTS_UNIT_AUTH_PKI_RUN_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "reeve/auth_certificate.h"

#define PKI_SCRIPT "tests/lab/pki.py"
#define PKI_DOMAIN "S-1-5-21-1-2-3"
#define PKI_SID	   "sid:s-1-5-21-1-2-3-1104"
#define PKI_ALICE  "krb5:alice@LAB.TEST"
#define PKI_POLICY "1.3.6.1.4.1.55555.1"

static char pki_folder[64];

static inline bool
pki_run(void)
{
	int status = -1;
	pid_t pid;

	(void)snprintf(
	    pki_folder, sizeof(pki_folder), "/tmp/reeve-people-XXXXXX");
	if (mkdtemp(pki_folder) == NULL)
		return false;
	pid = fork();
	if (pid == 0) {
		execl("/usr/bin/python3", "python3", "-B", PKI_SCRIPT,
		    pki_folder, NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static inline int
pki_remove_one(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
pki_remove(void)
{
	(void)nftw(pki_folder, pki_remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

/* "<folder>/<name>", until the next eight calls. */
static inline const char *
pki_path(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", pki_folder, name);
	return path;
}

/* All certificates of a file; ends the program when there is none. */
static inline STACK_OF(X509) * pki_read(const char *name)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	FILE *f = fopen(pki_path(name), "re");
	X509 *cert;

	while (f != NULL && (cert = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
		(void)sk_X509_push(all, cert);
	if (f != NULL)
		(void)fclose(f);
	if (sk_X509_num(all) == 0) {
		(void)fprintf(stderr, "no certificate in %s\n", name);
		abort();
	}
	return all;
}

static inline X509 *
pki_leaf(const char *name)
{
	char file[64];
	STACK_OF(X509) * all;
	X509 *leaf;

	(void)snprintf(file, sizeof(file), "%s.pem", name);
	all = pki_read(file);
	leaf = sk_X509_shift(all);
	sk_X509_pop_free(all, X509_free);
	return leaf;
}

static inline int64_t
pki_now_ms(void)
{
	return (int64_t)time(NULL) * 1000;
}

#endif
