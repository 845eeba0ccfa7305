/*
 * The way of a batch: its requests one after another, each behind a door of
 * its own that writes its answer into the answer of all; see the header.
 */
#include "rest/batch.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/at_least.h"
#include "rest/body.h"
#include "rest/prefer.h"

#define ANSWERS_MAX (16u << 20) /* bytes from which on no more is begun */

static void advance(struct rv_batch *b);

/* ---- What is answered ------------------------------------------------------------ */

static void
put_string(struct rv_buf *out, struct rv_slice s)
{
	json_t *value = json_stringn(s.p != NULL ? s.p : "", s.n);
	char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	if (text != NULL)
		rv_buf_puts(out, text);
	else
		out->failed = true;
	free(text);
	json_decref(value);
}

static bool
is_json(const char *type)
{
	return strncmp(type, "application/json", 16) == 0 ||
	       strcmp(type, "application/problem+json") == 0;
}

static void
put_fields(struct rv_buf *out, const struct rv_answer *a)
{
	const char *comma = "";

	rv_buf_puts(out, ",\"headers\":{");
	if (a->content_type != NULL) {
		rv_buf_puts(out, "\"content-type\":");
		put_string(out, rv_slice_of(a->content_type));
		comma = ",";
	}
	for (size_t i = 0; i < a->n_fields; i++) {
		rv_buf_puts(out, comma);
		put_string(out, a->fields[i].name);
		rv_buf_putc(out, ':');
		put_string(out, a->fields[i].value);
		comma = ",";
	}
	rv_buf_putc(out, '}');
}

#define OTHER_REFUSED                                                          \
	"Another request of the same group was refused: nothing of the group " \
	"was done."

/* One member of responses; bodies that are no JSON are strings. */
static void
put_answer(struct rv_batch_part *part, const struct rv_answer *a)
{
	struct rv_buf *out = &part->batch->out;

	rv_buf_puts(out, out->n > 0 ? ",{\"id\":" : "{\"id\":");
	put_string(out, part->id);
	if (part->group.p != NULL) {
		rv_buf_puts(out, ",\"atomicityGroup\":");
		put_string(out, part->group);
	}
	rv_buf_printf(out, ",\"status\":%d", a->status);
	put_fields(out, a);
	if (a->content_type != NULL && a->body.n > 0 &&
	    part->request.method != RV_HEAD) {
		rv_buf_puts(out, ",\"body\":");
		if (is_json(a->content_type))
			rv_buf_put_slice(out, a->body);
		else
			put_string(out, a->body);
	}
	rv_buf_putc(out, '}');
	part->status = a->status;
	if (a->status < 400)
		return;
	part->batch->failed = true;
	if (part->group.p != NULL)
		part->batch->group_failed = true;
}

/* An answer of the batch's own to a request. */
static void
put_error(struct rv_batch_part *part, int status, const char *code,
    const char *message)
{
	const char *body = rv_arena_printf(part->batch->x->arena,
	    "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", code, message);

	put_answer(part, &(struct rv_answer){ .status = status,
			     .content_type = "application/json",
			     .body = rv_slice_of(body) });
}

/* ---- The door ------------------------------------------------------------------ */

static void
on_want_body(void *door, size_t max)
{
	struct rv_batch_part *part = door;

	(void)max; /* the length was known, and has been compared */
	if (part->x != NULL)
		rv_exchange_body(part->x, part->body);
	else
		part->wants_body = true;
}

static void
on_authenticated(void *door)
{
	(void)door;
}

/* The batch has come as far as the latest of its answers. */
static void
note_revision(struct rv_exchange *x, const struct rv_answer *answer)
{
	struct rv_at_least seen;

	for (size_t i = 0; i < answer->n_fields; i++)
		if (rv_slice_eq_cstr(
			answer->fields[i].name, "Reeve-Revision") &&
		    rv_at_least_parse(answer->fields[i].value, &seen) ==
			RV_OK &&
		    seen.revision > x->revision)
			x->revision = seen.revision;
}

/* The leader makes the changes of all; its answer is that of who is refused. */
static bool
was_another(const struct rv_batch_part *leader, const struct rv_answer *answer)
{
	const struct rv_batch_part *refused = rv_batch_refused(leader);

	return answer->status >= 400 && refused != NULL && refused != leader;
}

static void
on_answer(void *door, const struct rv_answer *answer)
{
	struct rv_batch_part *part = door;
	struct rv_batch *b = part->batch;

	note_revision(b->x, answer);
	if (part->group.p != NULL && !part->was_held && answer->status < 400)
		put_error(part, 501, "not_in_a_group",
		    "Only changes can be done in a group.");
	else if (part->leads && was_another(part, answer))
		put_error(part, 424, "failed_dependency", OTHER_REFUSED);
	else
		put_answer(part, answer);
	if (part->leads)
		rv_batch_group_led(part, answer);
	part->x = NULL;
	b->open--;
	advance(b);
}

static const struct rv_door_ops ops = {
	.want_body = on_want_body,
	.authenticated = on_authenticated,
	.answer = on_answer,
};

void
rv_batch_hold(struct rv_exchange *x, const struct rv_change_held *held)
{
	struct rv_batch_part *part = x->group_part;

	part->x = x;
	part->held = *held;
	part->is_held = true;
	part->was_held = true;
	part->batch->open--;
	advance(part->batch);
}

/* ---- The order ----------------------------------------------------------------------- */

static void
begin(struct rv_batch_part *part)
{
	struct rv_batch *b = part->batch;
	struct rv_exchange *x;

	b->open++;
	x = rv_exchange_begin_within(b->x, &ops, part, &part->request,
	    part->group.p != NULL ? part : NULL);
	if (x == NULL)
		return;
	part->x = x;
	if (part->wants_body) {
		part->wants_body = false;
		rv_exchange_body(x, part->body);
	}
}

static bool
has_lost_what_it_needs(const struct rv_batch_part *part)
{
	const struct rv_batch *b = part->batch;

	for (size_t i = 0; i < part->n_depends; i++)
		if (b->parts[part->depends[i]].status >= 400)
			return true;
	return false;
}

static void
take_next(struct rv_batch *b)
{
	struct rv_batch_part *part = &b->parts[b->next++];

	if (part->group.p != NULL && b->group.p == NULL) {
		b->group = part->group;
		b->group_at = b->next - 1;
		b->group_failed = false;
	}
	if (has_lost_what_it_needs(part))
		put_error(part, 424, "failed_dependency",
		    "A request that this one depends on has failed.");
	else if (part->group.p != NULL && b->group_failed)
		put_error(part, 424, "failed_dependency", OTHER_REFUSED);
	else if (b->failed && !b->continues)
		put_error(part, 424, "not_attempted",
		    "A request before this one has failed, and the batch does "
		    "not have Prefer: continue-on-error.");
	else if (b->out.n > ANSWERS_MAX)
		put_error(part, 413, "answers_too_large",
		    "The answers before this one are too large already; send "
		    "it in another batch.");
	else
		begin(part);
}

static bool
group_is_complete(const struct rv_batch *b)
{
	return b->group.p != NULL &&
	       (b->next == b->n ||
		   !rv_slice_eq(b->parts[b->next].group, b->group));
}

static void
end(struct rv_batch *b)
{
	struct rv_exchange *x = b->x;
	struct rv_buf all = { 0 };
	const char *kept = NULL;

	rv_buf_puts(&all, "{\"responses\":[");
	rv_buf_put_slice(&all, rv_buf_slice(&b->out));
	rv_buf_puts(&all, "]}");
	if (!all.failed && !b->out.failed)
		kept = rv_arena_dup(x->arena, rv_buf_slice(&all));
	x->record.count = (int64_t)b->n;
	if (b->continues)
		rv_answer_field(x, "Preference-Applied", "continue-on-error");
	if (kept != NULL) {
		x->answer.status = 200;
		x->answer.content_type = "application/json";
		x->answer.body = (struct rv_slice){ kept, all.n };
		x->answered = true;
	} else {
		rv_answer_unavailable(x, "outcome_unknown",
		    "The answers could not be put together; what the requests "
		    "did is in the audit log.");
	}
	rv_buf_fini(&all);
	rv_buf_fini(&b->out);
	rv_exchange_finish(x);
}

/* May be called within itself, by what a request does at once. */
static void
advance(struct rv_batch *b)
{
	if (b->advancing)
		return;
	b->advancing = true;
	while (b->open == 0) {
		if (group_is_complete(b)) {
			rv_batch_group_end(b);
			b->group = RV_SLICE_NONE;
		} else if (b->next < b->n) {
			take_next(b);
		} else {
			break;
		}
	}
	b->advancing = false;
	if (b->open == 0)
		end(b);
}

/* ---- POST $batch ------------------------------------------------------------------------ */

/* False: answered. */
static bool
read_preferences(struct rv_batch *b)
{
	struct rv_exchange *x = b->x;
	const struct rv_slice on = rv_prefer(x, "continue-on-error");

	if (rv_prefer(x, "respond-async").p != NULL) {
		rv_answer_error(x, 501, "respond_async",
		    "Batches are answered when they are done; send this one "
		    "without Prefer: respond-async.");
		return false;
	}
	b->continues = on.p != NULL && !rv_slice_eq_cstr(on, "false");
	return rv_write_key(x, &b->key);
}

void
rv_rest_batch(struct rv_exchange *x)
{
	struct rv_batch *b = rv_arena_alloc(x->arena, sizeof(*b));
	json_t *body = NULL;
	bool ok = false;

	if (b == NULL) {
		rv_answer_json(x, 200, NULL);
	} else if (x->body.n > RV_BATCH_BYTES) {
		rv_answer_error(x, 413, "body_too_large",
		    "A batch has at most 1 MiB; send several.");
	} else {
		b->x = x;
		body = rv_body_object(x);
		ok = body != NULL && read_preferences(b) &&
		     rv_batch_read(b, body);
		json_decref(body);
	}
	if (ok)
		advance(b);
	else
		rv_exchange_finish(x);
}
