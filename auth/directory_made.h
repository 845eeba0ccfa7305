/*
 * A directory as its own files see it: directory.c looks up who is known by
 * principal, directory_find.c whom an administrator names.
 */
#ifndef AUTH_DIRECTORY_MADE_H
#define AUTH_DIRECTORY_MADE_H

#include <stdatomic.h>

#include "directory_cache.h"
#include "ldap_pool.h"
#include "ldap_settings.h"
#include "reeve/auth.h"
#include "user_filter.h"

/* What a directory of kind auto has turned out to be. */
enum {
	RV_KIND_NOT_ASKED,
	RV_IS_OPENLDAP,
	RV_IS_AD,
};

struct rv_directory {
	struct rv_arena *arena; /* of the texts */
	const char *base, *group_base, *id_attribute, *realm;
	const char *domain; /* NetBIOS name, or the first label of the realm */
	struct rv_ldap_settings settings;
	struct rv_user_filter filter;
	int deadline_ms;
	size_t max_groups;
	unsigned max_depth;
	atomic_int kind;
	struct rv_ldap_pool *pool;
	struct rv_directory_cache *cache; /* NULL: nothing is remembered */
};

/* Whether it is an Active Directory: asked once, it does not change. */
RV_MUSTUSE int rv_directory_kind_of(struct rv_directory *directory,
    struct rv_ldap *connection, int64_t deadline_ms, bool *ret_is_ad,
    struct rv_error *e);

/* One question, which may be put once more from the start. */
typedef int rv_directory_question(void *arg, struct rv_ldap *connection);

/*
 * Puts a question on a connection of the pool.  A connection may have died
 * while it was idle, which shows only now: one more try, on a new one, in
 * what is left of the time.  e: where the question leaves its text.
 */
RV_MUSTUSE int rv_directory_ask(struct rv_directory *directory,
    int64_t deadline_ms, rv_directory_question *question, void *arg,
    struct rv_error *e);

#endif
