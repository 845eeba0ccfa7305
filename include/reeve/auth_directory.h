/*
 * The directory (LDAP, Active Directory): accounts, their state, all their
 * groups.  Sources: RFC 4511-4515, MS-ADTS (tokenGroups, userAccountControl).
 */
#ifndef REEVE_AUTH_DIRECTORY_H
#define REEVE_AUTH_DIRECTORY_H

#include "reeve/base.h"

enum rv_directory_kind {
	RV_DIRECTORY_AUTO, /* by the rootDSE */
	RV_DIRECTORY_OPENLDAP,
	RV_DIRECTORY_AD,
};

enum rv_directory_bind {
	RV_BIND_GSSAPI,
	RV_BIND_EXTERNAL,
	RV_BIND_SIMPLE, /* over TLS only */
};

enum rv_directory_tls {
	RV_DIRECTORY_TLS_OFF, /* GSSAPI alone: it seals by itself */
	RV_DIRECTORY_START_TLS,
	RV_DIRECTORY_LDAPS,
};

struct rv_directory_config {
	const char *const *uris; /* tried in order */
	size_t n_uris;
	enum rv_directory_kind kind;
	enum rv_directory_bind bind;
	enum rv_directory_tls tls;
	const char *ca;		 /* PEM, or NULL */
	const char *const *pins; /* "sha256:BASE64" */
	size_t n_pins;
	const char *certificate, *key;	     /* of an external bind */
	const char *bind_dn, *password_file; /* of a simple bind */
	const char *base;		     /* search base of people */
	const char *group_base;		     /* search base of groups */
	const char *user_filter;  /* "(&(objectClass=person)(uid=%s))" */
	const char *id_attribute; /* "entryUUID" */
	const char *realm;	  /* principals of this realm are looked up */
	/* NetBIOS name of the domain; NULL: the first label of the realm. */
	const char *domain;
	const char *client_keytab; /* for the GSSAPI bind */
	int deadline_ms;	   /* of one whole look-up, default 2000 */
	size_t max_groups;	   /* beyond: unknown */
	unsigned max_depth;	   /* of nesting, beyond: unknown */
	size_t cache;		   /* people remembered; 0: none */
	int64_t cache_ms;	   /* for how long */
};

/* What the directory says of one principal. */
struct rv_account {
	bool known; /* false: could not be asked, or the answer is partial */
	bool found; /* an entry exists; false with known: it has none */
	bool disabled;
	bool locked;
	bool expired;
	int64_t at_ms;	  /* UTC: when the directory said so */
	char *account_id; /* immutable id, or NULL */
	char **groups;	  /* immutable ids, nested ones included, sorted */
	size_t n_groups;
	char detail[256]; /* operator's text when !known */
};

struct rv_directory;

/* Checks the settings; connects at the first look-up.  Before threads. */
RV_MUSTUSE int rv_directory_new(const struct rv_directory_config *config,
    struct rv_directory **ret_directory, struct rv_error *e);
void rv_directory_free(struct rv_directory **directory);

/*
 * Looks somebody up, "alice@LAB.TEST" or "sid:s-1-5-21-...": the id, the
 * state, all groups.  Blocks up to
 * the deadline; any thread; several at once (each with a connection of its
 * own from a small pool).  Never fails: what could not be found out is
 * known == false, which is not "no groups".
 */
void rv_directory_lookup(struct rv_directory *directory, const char *who,
    struct rv_account *ret_account);
/*
 * The same from memory alone, if it is not older than cache_ms: true when it
 * was there.  Does not block.  Only accounts in good order are
 * remembered, and nothing unknown takes the place of one.
 */
RV_MUSTUSE bool rv_directory_recall(struct rv_directory *directory,
    const char *who, struct rv_account *ret_account);
/*
 * Whether it may know people by "sid:...": one that has turned out to be no
 * Active Directory does not.  Any thread.
 */
bool rv_directory_has_sids(const struct rv_directory *directory);
void rv_account_fini(struct rv_account *account);

/* ---- By the names that administrators use ---------------------------------- */

struct rv_found_account {
	char *dn;
	char *account_id; /* immutable id, as rv_account has it */
	char *principal;  /* "krb5:alice@LAB.TEST", "group:ID" */
	char *
	    logon_name; /* "LAB\\alice" in Active Directory, else as signed in */
	char *display_name; /* or "" */
	bool is_group;
};

#define RV_FOUND_MAX 16u

struct rv_directory_found {
	bool known;   /* false: could not be asked, or an entry is unusable */
	bool refused; /* with !known: asking again will not help */
	struct rv_found_account accounts[RV_FOUND_MAX];
	size_t n;	  /* 0: there is none; several: the name is ambiguous */
	char detail[256]; /* operator's text when !known */
};

/*
 * All people and groups that a text names: LAB\\alice (the domain is the
 * realm or its NetBIOS name), alice@lab.test (principal or
 * userPrincipalName), S-1-5-21-... (Active Directory alone), a DN, or a bare
 * name.  Case does not matter, as it does not to who types it.  Blocks up to
 * the deadline; any thread.  ret_found is the caller's to end.
 */
void rv_directory_find(struct rv_directory *directory, struct rv_slice name,
    struct rv_directory_found *ret_found);
/* The same by the immutable id of a person or a group. */
void rv_directory_find_id(struct rv_directory *directory, struct rv_slice id,
    struct rv_directory_found *ret_found);
void rv_directory_found_fini(struct rv_directory_found *found);

#endif
