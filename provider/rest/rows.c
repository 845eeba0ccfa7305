#include "rest/rows.h"

#include <stdio.h>
#include <string.h>

#include "odata/eval.h"

/* ---- The class ------------------------------------------------------------------ */

/* Scope ids are checked by the store's keys: no quote can be in them. */
static const char *
scopes_literal(struct rv_arena *arena, const struct rv_readable *readable)
{
	struct rv_buf b = { 0 };
	const char *text = NULL;

	rv_buf_putc(&b, '{');
	for (size_t i = 0; i < readable->n_scopes; i++)
		rv_buf_printf(&b, "%s\"%.*s\"", i > 0 ? "," : "",
		    RV_SLICE_FMT(readable->scopes[i]));
	rv_buf_putc(&b, '}');
	if (!b.failed)
		text = rv_arena_dup(arena, rv_buf_slice(&b));
	rv_buf_fini(&b);
	return text;
}

bool
rv_list_sight_of(struct rv_exchange *x, const struct rv_class *class,
    struct rv_list_sight *ret)
{
	struct rv_subject subject = rv_subject_of(x->identity);
	struct rv_question q = { .type = rv_slice_of(class->type) };
	const struct rv_snapshot *s;
	struct rv_readable readable;

	*ret = (struct rv_list_sight){ .filtered = class->mixed };
	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	if (class->type == NULL)
		return true;
	if (rv_rbac_readable(s, &subject, rv_exchange_instant(x), q.type,
		x->arena, &readable) != RV_OK) {
		rv_answer_json(x, 200, NULL);
		return false;
	}
	if (!readable.all && !subject.groups_known)
		readable.verdict.reason = RV_REASON_GROUPS_UNKNOWN;
	else if (readable.any == RV_ALLOW)
		readable.verdict.reason = RV_REASON_ALLOWED;
	if (readable.verdict.reason != RV_REASON_ALLOWED) {
		rv_answer_denied(x, s, &q, &readable.verdict);
		return false;
	}
	if (!readable.all)
		ret->filtered = true;
	if (readable.all || class->mixed || readable.n_scopes == 0)
		return true;
	ret->scopes = scopes_literal(x->arena, &readable);
	if (ret->scopes == NULL)
		rv_answer_json(x, 200, NULL);
	return ret->scopes != NULL;
}

/* ---- A row ------------------------------------------------------------------------ */

static struct rv_slice
cell(const PGresult *rows, int i, int column)
{
	if (PQgetisnull(rows, i, column))
		return RV_SLICE_NONE;
	return (struct rv_slice){ PQgetvalue(rows, i, column),
		(size_t)PQgetlength(rows, i, column) };
}

void
rv_list_row_read(const PGresult *rows, int i, struct rv_list_row *ret)
{
	*ret = (struct rv_list_row){
		.key = cell(rows, i, RV_ROW_KEY),
		.etag = cell(rows, i, RV_ROW_ETAG),
		.type = cell(rows, i, RV_ROW_TYPE),
		.object = cell(rows, i, RV_ROW_OBJECT),
		.body = cell(rows, i, RV_ROW_BODY),
	};
}

/* Whether the caller may Read something of the type. */
static bool
reads_some(
    struct rv_exchange *x, const struct rv_snapshot *s, struct rv_slice type)
{
	struct rv_subject subject = rv_subject_of(x->identity);
	struct rv_readable readable;

	return rv_rbac_readable(s, &subject, rv_exchange_instant(x), type,
		   x->arena, &readable) == RV_OK &&
	       readable.any == RV_ALLOW;
}

bool
rv_list_row_visible(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_class *class, const struct rv_list_row *row)
{
	struct rv_question q = { .type = row->type, .key = row->object };

	if (row->type.p == NULL)
		return true; /* for whoever may list the class */
	if (rv_slice_eq_cstr(row->type, "0"))
		q.type = rv_slice_of(
		    class->type != NULL ? class->type : class->odata.name);
	if (row->object.p == NULL)
		return reads_some(x, s, q.type);
	return rv_exchange_may_read(x, s, &q);
}

/* ---- Its body ------------------------------------------------------------------------- */

static bool
is_selected(const struct rv_odata_query *query, const char *name)
{
	for (size_t i = 0; i < query->n_select; i++)
		if (strcmp(query->select[i].steps[0]->name, name) == 0)
			return true;
	return false;
}

static void
drop_lazy(const struct rv_class *class, const struct rv_odata_query *query,
    json_t *body)
{
	for (size_t i = 0; i < class->odata.n_properties; i++) {
		const struct rv_odata_property *p = &class->odata.properties[i];

		if (p->lazy && !is_selected(query, p->name))
			(void)json_object_del(body, p->name);
	}
}

static json_t *
with_etag(struct rv_slice etag, json_t *body)
{
	json_t *all = NULL;

	if (body == NULL || etag.p == NULL)
		return body;
	all = json_object();
	if (all == NULL ||
	    json_object_set_new(all, "@odata.etag",
		json_sprintf("W/\"%.*s\"", RV_SLICE_FMT(etag))) != 0 ||
	    json_object_update(all, body) != 0) {
		json_decref(all);
		all = NULL;
	}
	json_decref(body);
	return all;
}

json_t *
rv_list_row_body(const struct rv_class *class,
    const struct rv_odata_query *query, bool single,
    const struct rv_list_row *row)
{
	json_t *body = json_loadb(row->body.p, row->body.n, 0, NULL), *chosen;

	if (body == NULL)
		return NULL;
	if (!single)
		drop_lazy(class, query, body);
	if (query->n_select > 0 && !query->select_all) {
		chosen = rv_odata_select(query, &class->odata, body);
		json_decref(body);
		body = chosen;
	}
	return with_etag(row->etag, body);
}
