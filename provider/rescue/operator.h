/*
 * Who is at the other end of the operator's socket, by the credentials that
 * the kernel noted when it connected (unix(7), SO_PEERCRED): nothing that
 * the peer says.
 */
#ifndef PROVIDER_RESCUE_OPERATOR_H
#define PROVIDER_RESCUE_OPERATOR_H

#include <sys/types.h>

#include "reeve/base.h"

struct rv_operator {
	uid_t uid;
	pid_t pid;
	char name[64]; /* "root", or the number */
};

/*
 * RV_OK for root and for the user `allowed` (a name or a number);
 * RV_ERR_DENIED for all others, with *ret filled for the record;
 * RV_ERR_IO when the kernel does not say, which is nobody.
 */
RV_MUSTUSE int rv_operator_of(
    int fd, const char *allowed, struct rv_operator *ret);

#endif
