#include "privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

/* What is in memory (tickets, tokens) does not belong into a file. */
static int
no_dumps(struct rv_error *e)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == 0 &&
#ifndef __SANITIZE_ADDRESS__ /* its leak check attaches to this process */
	    prctl(PR_SET_DUMPABLE, 0) == 0 &&
#endif
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return RV_OK;
	rv_error_set(e, "cannot switch core dumps off: %s", strerror(errno));
	return RV_ERR_IO;
}

static int
become(const struct passwd *pw, struct rv_error *e)
{
	if (initgroups(pw->pw_name, pw->pw_gid) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0) {
		rv_error_set(e, "cannot become user %s: %s", pw->pw_name,
		    strerror(errno));
		return RV_ERR_IO;
	}
	if (setuid(0) == 0 || geteuid() == 0) {
		rv_error_set(e, "user %s could become root again", pw->pw_name);
		return RV_ERR_IO;
	}
	return RV_OK;
}

/* pw may be NULL: the parameter is not set. */
static int
leave_root(const struct passwd *pw, struct rv_error *e)
{
	if (pw == NULL) {
		rv_error_set(e, "the provider does not run as root: set the "
				"parameter user, or start it as an ordinary "
				"user");
		return RV_ERR_INVALID;
	}
	if (pw->pw_uid == 0) {
		rv_error_set(e, "the parameter user must not be root");
		return RV_ERR_INVALID;
	}
	return become(pw, e);
}

int
rv_privilege_drop(const char *user, struct rv_error *e)
{
	const struct passwd *pw = NULL;
	int r = RV_ERR_INVALID;

	errno = 0;
	if (user != NULL && (pw = getpwnam(user)) == NULL) {
		rv_error_set(e,
		    "the user \"%s\" (parameter user) is not "
		    "known to this system",
		    user);
		return RV_ERR_INVALID;
	}
	if (geteuid() == 0)
		r = leave_root(pw, e);
	else if (pw != NULL && pw->pw_uid != geteuid())
		rv_error_set(e,
		    "only root can become user %s: start as "
		    "root, or as that user",
		    user);
	else
		r = RV_OK;
	return r == RV_OK ? no_dumps(e) : r;
}
