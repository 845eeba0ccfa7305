#include "store/feed_poll.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STATEMENT "reeve_feed_poll"

/*
 * What no view that is loaded shows is left out of the images: it may be
 * large, and it may differ where the row does not (instants are written in
 * the time zone of the session).
 */
#define SHOWN(image)                                                    \
	"c." image " - '{properties,description,comment,provenance,"    \
	"is_built_in,is_shipped,display_name,url_key,key_property,"     \
	"copied_from_id,logon_name,distinguished_name,folder_type_id,"  \
	"folder_id,changed_revision,created_by,created_at,modified_by," \
	"modified_at,valid_from,valid_until}'::text[]"
/* As in reeve.feed_object: the own type is among the properties. */
#define WITH_OWN_TYPE(image)                                           \
	SHOWN(image)                                                   \
	" || case when c." image " is not null then "                  \
	"jsonb_build_object('own_type_id', coalesce(reeve.own_type_of" \
	"((c." image " ->> 'object_type_id')::integer, c." image       \
	" -> 'properties'), 0)) end"
/*
 * The image of a row as a load would have it.  A minimum is part of the row
 * of its operation (reeve.feed_operation).
 */
#define LOADED(image)                                              \
	"case when c.entity = 'operation_minimum' then c." image   \
	" || coalesce((select jsonb_build_object('name', o.name,"  \
	" 'is_type_wide', o.type_wide, 'is_security', o.security)" \
	" from reeve.feed_operation o where o.bit = (c." image     \
	" ->> 'bit')::integer and o.object_type_id = (c." image    \
	" ->> 'object_type_id')::integer), '{}')"                  \
	" when c.entity = 'secured_object' then " WITH_OWN_TYPE(   \
	    image) " else " SHOWN(image) " end"
/* What tells a revision from that of another history with its number. */
#define MARK(revision)                                 \
	"(select m.mark from reeve.feed_mark m where " \
	"m.revision = " revision ")"
/* As in reeve.feed_assignment. */
#define INSTANT(image, column)                                         \
	"case when c.entity = 'assignment' then reeve.to_ms((c." image \
	" ->> '" column "')::timestamptz) end"

/* clang-format off */
const char rv_poll_sql[] =
    "select s.epoch, s.revision, s.minimum, s.pairing,"
    " coalesce(s.revert_level, 0), coalesce(s.revert_at_ms, 0),"
    " coalesce(s.max_auth_age_s, 0), " MARK("$1") ", c.revision, c.ordinal,"
    " case when c.ordinal = 1 then " MARK("c.revision") " end,"
    " c.entity, c.key, " LOADED("old") ", " LOADED("new") ", "
    INSTANT("old", "valid_from") ", " INSTANT("old", "valid_until") ", "
    INSTANT("new", "valid_from") ", " INSTANT("new", "valid_until")
    " from reeve.feed_site s left join lateral (select revision, ordinal,"
    " entity, key, old, new from reeve.feed_change where revision > $1"
    " order by revision, ordinal limit $2) c on true"
    " order by c.revision, c.ordinal";
/* clang-format on */

enum column {
	SITE_EPOCH,
	SITE_REVISION,
	SITE_MINIMUM,
	SITE_PAIRING,
	SITE_REVERT_LEVEL,
	SITE_REVERT_AT,
	SITE_MAX_AUTH_AGE,
	SITE_MARK_BEFORE,
	REVISION,
	ORDINAL,
	MARKED,
	ENTITY,
	KEY,
	BEFORE,
	AFTER,
	BEFORE_FROM,
	BEFORE_UNTIL,
	AFTER_FROM,
	AFTER_UNTIL,
	COLUMNS
};

int
rv_poll_prepare(struct rv_db *db, struct rv_error *e)
{
	/* Where there are no statistics it looks dear: no compiling. */
	int r = rv_db_execute(db, "set jit = off", e);

	/* To plan it anew took four times as long as to run it. */
	if (r == RV_OK)
		r = rv_db_execute(
		    db, "set plan_cache_mode = force_generic_plan", e);
	return r != RV_OK ? r : rv_db_prepare(db, STATEMENT, rv_poll_sql, e);
}

/* ---- Reading the result ------------------------------------------------------ */

static struct rv_slice
text_at(const PGresult *result, int row, enum column column)
{
	if (PQgetisnull(result, row, (int)column))
		return RV_SLICE_NONE;
	return (struct rv_slice){ PQgetvalue(result, row, (int)column),
		(size_t)PQgetlength(result, row, (int)column) };
}

/* NULL is no number. */
static bool
number_at(const PGresult *result, int row, enum column column, uint64_t max,
    uint64_t *ret)
{
	struct rv_slice text = text_at(result, row, column);

	return text.p != NULL && rv_slice_to_u64(text, max, ret) == RV_OK;
}

static bool
instant_at(const PGresult *result, int row, enum column column,
    int64_t when_null, int64_t *ret)
{
	struct rv_slice text = text_at(result, row, column);
	char *end;

	if (text.p == NULL) {
		*ret = when_null;
		return true;
	}
	errno = 0;
	*ret = strtoll(text.p, &end, 10);
	return errno == 0 && text.n > 0 && end == text.p + text.n;
}

static bool
read_site(struct rv_poll *poll)
{
	uint64_t minimum, pairing, revert_level, revert_at, age;
	struct rv_row_site *site = &poll->site;

	site->epoch = text_at(poll->result, 0, SITE_EPOCH);
	poll->mark_before = text_at(poll->result, 0, SITE_MARK_BEFORE);
	if (site->epoch.n == 0 ||
	    !number_at(
		poll->result, 0, SITE_REVISION, INT64_MAX, &site->revision) ||
	    !number_at(
		poll->result, 0, SITE_MINIMUM, RV_LEVEL_HELLO, &minimum) ||
	    !number_at(
		poll->result, 0, SITE_PAIRING, RV_PAIRING_USER, &pairing) ||
	    !number_at(poll->result, 0, SITE_REVERT_LEVEL, RV_LEVEL_HELLO,
		&revert_level) ||
	    !number_at(
		poll->result, 0, SITE_REVERT_AT, INT64_MAX, &revert_at) ||
	    !number_at(poll->result, 0, SITE_MAX_AUTH_AGE, INT32_MAX, &age))
		return false;
	site->minimum = (enum rv_level)minimum;
	site->pairing = (enum rv_pairing)pairing;
	site->revert_level = (enum rv_level)revert_level;
	site->revert_at_ms = (int64_t)revert_at;
	site->max_auth_age_s = (uint32_t)age;
	return true;
}

static bool
read_change(const PGresult *result, int i, struct rv_change *c)
{
	uint64_t ordinal;

	c->entity = text_at(result, i, ENTITY);
	c->key = text_at(result, i, KEY);
	c->mark = text_at(result, i, MARKED);
	c->before = text_at(result, i, BEFORE);
	c->after = text_at(result, i, AFTER);
	if (!number_at(result, i, REVISION, INT64_MAX, &c->revision) ||
	    !number_at(result, i, ORDINAL, INT32_MAX, &ordinal) ||
	    !instant_at(
		result, i, BEFORE_FROM, INT64_MIN, &c->before_from_ms) ||
	    !instant_at(
		result, i, BEFORE_UNTIL, INT64_MAX, &c->before_until_ms) ||
	    !instant_at(result, i, AFTER_FROM, INT64_MIN, &c->after_from_ms) ||
	    !instant_at(result, i, AFTER_UNTIL, INT64_MAX, &c->after_until_ms))
		return false;
	c->ordinal = (uint32_t)ordinal;
	return c->ordinal != 1 || c->mark.n > 0;
}

static int
read_changes(struct rv_poll *poll, size_t n, struct rv_error *e)
{
	poll->rows = calloc(n, sizeof(*poll->rows));
	if (poll->rows == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	for (poll->n = 0; poll->n < n; poll->n++)
		if (!read_change(
			poll->result, (int)poll->n, &poll->rows[poll->n])) {
			poll->unreadable = true;
			break;
		}
	return RV_OK;
}

/* The last revision may have more rows than were asked for. */
static void
cut_to_whole_revisions(struct rv_poll *poll, size_t limit)
{
	uint64_t last;

	if (poll->n < limit)
		return;
	poll->cut = true;
	last = poll->rows[poll->n - 1].revision;
	while (poll->n > 0 && poll->rows[poll->n - 1].revision == last)
		poll->n--;
}

static int
read_poll(struct rv_poll *poll, size_t limit, struct rv_error *e)
{
	int r, n = PQntuples(poll->result);

	if (n < 1 || PQnfields(poll->result) != COLUMNS || !read_site(poll)) {
		rv_error_set(e, "reeve.feed_site has no usable row");
		return RV_ERR_INVALID;
	}
	/* Without changes there is one row, of the site alone. */
	if (n == 1 && PQgetisnull(poll->result, 0, REVISION))
		return RV_OK;
	r = read_changes(poll, (size_t)n, e);
	if (r == RV_OK && !poll->unreadable)
		cut_to_whole_revisions(poll, limit);
	return r;
}

int
rv_poll_open(struct rv_db *db, uint64_t after, size_t limit,
    struct rv_poll *ret_poll, struct rv_error *e)
{
	struct rv_poll poll = { .result = NULL };
	char after_text[24], limit_text[24];
	const char *params[] = { after_text, limit_text };
	int r;

	(void)snprintf(after_text, sizeof(after_text), "%" PRIu64, after);
	(void)snprintf(limit_text, sizeof(limit_text), "%zu", limit);
	r = rv_db_run(db, STATEMENT, 2, params, &poll.result, e);
	if (r == RV_OK)
		r = read_poll(&poll, limit, e);
	if (r == RV_OK)
		*ret_poll = poll;
	else
		rv_poll_close(&poll);
	return r;
}

void
rv_poll_close(struct rv_poll *poll)
{
	free(poll->rows);
	PQclear(poll->result);
	*poll = (struct rv_poll){ .result = NULL };
}
