#include "rescue/operator.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LOOKUP_BYTES 16384u

static void
name_uid(struct rv_operator *o)
{
	struct passwd entry, *found = NULL;
	char *scratch = malloc(LOOKUP_BYTES);

	(void)snprintf(o->name, sizeof(o->name), "%u", (unsigned)o->uid);
	if (scratch != NULL &&
	    getpwuid_r(o->uid, &entry, scratch, LOOKUP_BYTES, &found) == 0 &&
	    found != NULL && strlen(found->pw_name) < sizeof(o->name))
		(void)snprintf(o->name, sizeof(o->name), "%s", found->pw_name);
	free(scratch);
}

/* A name that nobody has allows nobody. */
static bool
is_user(uid_t uid, const char *allowed)
{
	struct passwd entry, *found = NULL;
	uint64_t number;
	char *scratch;
	bool same = false;

	if (rv_slice_to_u64(rv_slice_of(allowed), UINT32_MAX - 1, &number) ==
	    RV_OK)
		return uid == (uid_t)number;
	scratch = malloc(LOOKUP_BYTES);
	if (scratch != NULL &&
	    getpwnam_r(allowed, &entry, scratch, LOOKUP_BYTES, &found) == 0 &&
	    found != NULL)
		same = found->pw_uid == uid;
	free(scratch);
	return same;
}

int
rv_operator_of(int fd, const char *allowed, struct rv_operator *ret)
{
	struct ucred credentials;
	socklen_t n = sizeof(credentials);

	*ret = (struct rv_operator){ .uid = (uid_t)-1, .pid = -1 };
	(void)snprintf(ret->name, sizeof(ret->name), "unknown");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &n) != 0 ||
	    n != sizeof(credentials) || credentials.uid == (uid_t)-1)
		return RV_ERR_IO;
	ret->uid = credentials.uid;
	ret->pid = credentials.pid;
	name_uid(ret);
	if (ret->uid == 0 || (allowed != NULL && is_user(ret->uid, allowed)))
		return RV_OK;
	return RV_ERR_DENIED;
}
