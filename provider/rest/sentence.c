#include "rest/sentence.h"

#include <string.h>

#define SHOWN_MAX 4u /* names in one list */

void
rv_sentence_put_names(struct rv_buf *out, const struct rv_sentence_names *names)
{
	const size_t shown = names->n < SHOWN_MAX ? names->n : SHOWN_MAX;
	const size_t more = names->n - shown + names->hidden;
	const size_t parts = shown + (more > 0);

	for (size_t i = 0; i < parts; i++) {
		if (i > 0)
			rv_buf_puts(out, i + 1 == parts ? " and " : ", ");
		if (i < shown)
			rv_buf_puts(out, names->p[i]);
		else if (shown > 0)
			rv_buf_printf(out, "%zu more", more);
		else
			rv_buf_printf(out, "%zu that you may not see", more);
	}
}

/* What people call the instances of a class. */
void
rv_sentence_put_type(struct rv_buf *out, const char *type)
{
	static const struct {
		const char *type, *word;
	} words[] = {
		{ "SMS_Application", "application" },
		{ "SMS_R_System", "device" },
		{ "SMS_R_User", "user" },
		{ "SMS_R_UserGroup", "user group" },
		{ "SMS_Collection", "collection" },
		{ "Application", "application" },
		{ "Collection", "collection" },
		{ "SMS_Role", "security role" },
		{ "SMS_SecuredCategory", "security scope" },
		{ "SMS_Admin", "administrative user" },
		{ "SMS_Package", "package" },
		{ "SMS_TaskSequencePackage", "task sequence" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(type, words[i].type) == 0) {
			rv_buf_puts(out, words[i].word);
			return;
		}
	rv_buf_puts(out, type);
}

const char *
rv_sentence_step_up(enum rv_level level)
{
	switch (level) {
	case RV_LEVEL_NONE:
	case RV_LEVEL_WINDOWS:
		return "sign in with Kerberos";
	case RV_LEVEL_CERTIFICATE:
		return "sign in again with a certificate (PKINIT)";
	case RV_LEVEL_HELLO:
		break;
	}
	return "sign in again with what is bound to your device and verifies "
	       "you (a passkey)";
}

/* ---- Parts -------------------------------------------------------------------- */

static void
put_subject(struct rv_buf *out, const struct rv_sentence *s)
{
	rv_buf_puts(out, s->self || s->who == NULL ? "You" : s->who);
	rv_buf_puts(out, s->decision == RV_ALLOW ? " may " : " may not ");
	rv_buf_puts(out, s->operation);
	rv_buf_putc(out, ' ');
	if (s->object != NULL)
		rv_buf_puts(out, "the ");
	rv_sentence_put_type(out, s->type);
	if (s->object != NULL)
		rv_buf_printf(out, " %s", s->object);
}

static const char *
whose(const struct rv_sentence *s)
{
	return s->self ? "your" : "the";
}

static void
put_role(struct rv_buf *out, const struct rv_sentence *s)
{
	const struct rv_sentence_assignment *a = s->nearest;

	if (a->role != NULL)
		rv_buf_printf(out, "%s role %s", whose(s), a->role);
	else
		rv_buf_printf(
		    out, "%s", s->self ? "one of your roles" : "a role");
	if (a->group != NULL)
		rv_buf_printf(out, " (by the group %s)", a->group);
}

static bool
is_empty(const struct rv_sentence_names *names)
{
	return names->n + names->hidden == 0;
}

static void
put_where(struct rv_buf *out, const char *one, const char *many,
    const struct rv_sentence_names *names)
{
	if (names->n == 0) {
		rv_buf_printf(out, "%s%s that you may not see",
		    names->hidden == 1 ? "a " : "",
		    names->hidden == 1 ? one : many);
		return;
	}
	rv_buf_printf(
	    out, "the %s ", names->n + names->hidden == 1 ? one : many);
	rv_sentence_put_names(out, names);
}

static void
put_scopes(struct rv_buf *out, const struct rv_sentence *s)
{
	rv_buf_puts(out, "only in ");
	put_where(out, "scope", "scopes", &s->nearest->scopes);
	if (s->in.n > 0) {
		rv_buf_puts(out, ", and the ");
		rv_sentence_put_type(out, s->type);
		rv_buf_puts(out, " is in ");
		rv_sentence_put_names(out, &s->in);
	} else {
		rv_buf_puts(out, ", and the ");
		rv_sentence_put_type(out, s->type);
		rv_buf_puts(out, " is in another");
	}
}

/* A collection itself is not covered for Modify and Delete: rule [e]. */
static void
put_collections(struct rv_buf *out, const struct rv_sentence *s)
{
	const bool collection = strcmp(s->type, "SMS_Collection") == 0;

	rv_buf_puts(out, "only on ");
	put_where(out, "collection", "collections", &s->nearest->collections);
	rv_buf_puts(out, collection ? " and what is limited to it"
				    : ", where it is no member");
}

static void
put_roles(struct rv_buf *out, const struct rv_sentence *s)
{
	if (is_empty(&s->roles))
		return;
	rv_buf_puts(out, "; ");
	rv_sentence_put_names(out, &s->roles);
	rv_buf_puts(out,
	    s->roles.n + s->roles.hidden == 1 ? " would give it" : " would");
}

/* ---- Why not -------------------------------------------------------------------- */

static void
put_time(struct rv_buf *out, const struct rv_sentence_assignment *a)
{
	if (a->ended != NULL)
		rv_buf_printf(out, "expired at %s", a->ended);
	else if (a->begins != NULL)
		rv_buf_printf(out, "is not valid before %s", a->begins);
	else
		rv_buf_puts(out, "is not valid now");
}

static void
put_level(struct rv_buf *out, const struct rv_sentence *s)
{
	rv_buf_printf(out, "asks for the level %s, %s %s: %s",
	    rv_level_name(s->level_needed),
	    s->self ? "and you signed in at" : "and the question was put at",
	    rv_level_name(s->level), rv_sentence_step_up(s->level_needed));
}

/*
 * The conditions in a fixed order, joined: "holds it, but only in the scope
 * A, and the application is in B, and expired at ...".
 */
static void
put_conditions(struct rv_buf *out, const struct rv_sentence *s)
{
	const unsigned place = RV_MISSING_SCOPE | RV_MISSING_COLLECTION;
	const bool holds = (s->missing & RV_MISSING_OPERATION) == 0;
	const char *join = "";

	rv_buf_printf(out, " %s", holds ? "holds it" : "does not hold it");
	if ((s->missing & place) != 0 && holds)
		rv_buf_puts(out, ", but ");
	else if ((s->missing & place) != 0)
		rv_buf_puts(out, ", and is ");
	if ((s->missing & RV_MISSING_SCOPE) != 0) {
		put_scopes(out, s);
		join = ", and ";
	}
	if ((s->missing & RV_MISSING_COLLECTION) != 0) {
		rv_buf_puts(out, join);
		put_collections(out, s);
	}
	if ((s->missing & RV_MISSING_TIME) != 0) {
		rv_buf_puts(out, holds ? ", but " : ", and ");
		put_time(out, s->nearest);
	}
	if ((s->missing & RV_MISSING_LEVEL) != 0) {
		rv_buf_puts(out, holds ? ", but " : ", and ");
		put_level(out, s);
	}
	if (s->missing == RV_MISSING_READ)
		rv_buf_printf(out,
		    ", but it needs Read of the same object as well, which "
		    "no assignment gives there");
}

static void
put_nearest(struct rv_buf *out, const struct rv_sentence *s)
{
	if (s->nearest == NULL) {
		rv_buf_printf(out, "no assignment gives it");
	} else {
		put_role(out, s);
		put_conditions(out, s);
	}
	if (s->others > 0)
		rv_buf_printf(out, " (%zu more came as near)", s->others);
	if ((s->missing & RV_MISSING_OPERATION) != 0)
		put_roles(out, s);
}

/* Reasons that are about names, or about whether it can be decided. */
static bool
put_word(struct rv_buf *out, const struct rv_sentence *s)
{
	static const struct {
		const char *reason, *text;
	} texts[] = {
		{ "no_such_object", "there is no such object, or it is outside "
				    "your administrative scope" },
		{ "unknown_type", "the site knows no such type" },
		{ "unknown_operation", "the type has no such operation" },
		{ "op_not_applicable", "the operation does not apply to it" },
		{ "groups_unknown", "the groups could not be read from the "
				    "directory, and without them no "
				    "assignment gives it" },
		{ "account_disabled", "the directory account is disabled" },
		{ "account_replaced", "the directory account behind the name "
				      "is another one now" },
		{ "account_gone", "the directory has no such account any "
				  "more" },
		{ "level_too_low", "the site asks for a higher level of "
				   "sign-in" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(s->reason, texts[i].reason) == 0) {
			rv_buf_puts(out, texts[i].text);
			return true;
		}
	if (strcmp(s->reason, "no_assignment") != 0)
		return false;
	rv_buf_puts(out, s->self ? "no assignment names you, or a group of "
				   "yours"
				 : "no assignment names this one, or a group "
				   "of it");
	put_roles(out, s);
	return true;
}

static void
put_allow(struct rv_buf *out, const struct rv_sentence *s)
{
	const struct rv_sentence_assignment *a = s->nearest;

	if (a == NULL)
		return;
	rv_buf_puts(out, ": ");
	put_role(out, s);
	rv_buf_puts(out, " holds it");
	if (a->scopes.n > 0) {
		rv_buf_puts(out, " in ");
		put_where(out, "scope", "scopes", &a->scopes);
	}
	if (a->collections.n > 0) {
		rv_buf_puts(out, a->scopes.n > 0 ? " and on " : " on ");
		put_where(out, "collection", "collections", &a->collections);
	}
	if (s->others > 0)
		rv_buf_printf(out, ", and %zu more %s", s->others,
		    s->others == 1 ? "does" : "do");
}

void
rv_sentence_put(struct rv_buf *out, const struct rv_sentence *s)
{
	put_subject(out, s);
	if (s->decision == RV_ALLOW) {
		put_allow(out, s);
	} else {
		rv_buf_puts(out, ": ");
		if (s->own_type != NULL)
			rv_buf_printf(out,
			    "that needs Author Policy of %s besides, and ",
			    s->own_type);
		if (!put_word(out, s))
			put_nearest(out, s);
	}
	rv_buf_putc(out, '.');
}
