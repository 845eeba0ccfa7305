#include "rescue/journal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/record.h"
#include "config/config.h"
#include "loop/loop.h"

#define RECORD_MAX 65536u
/* The log itself gives up after 2 s. */
#define WAIT_MS 5000

struct rv_journal {
	struct rv_audit *audit;
	char node[256];
};

/* ---- Life ----------------------------------------------------------------- */

static int
make_folder(const char *path, struct rv_error *e)
{
	if (mkdir(path, 0750) == 0 || errno == EEXIST)
		return RV_OK;
	rv_error_set(e, "cannot make the folder %s: %s", path, strerror(errno));
	return RV_ERR_IO;
}

static int
open_log(
    const struct rv_config *config, struct rv_journal *j, struct rv_error *e)
{
	struct rv_buf folder = { .max = 4096 };
	struct rv_audit_config audit = {
		.node = j->node,
		.segment_size = config->audit_segment_size,
		.reserve = config->audit_reserve,
		.producers = 1,
	};
	int r = RV_ERR_LIMIT;

	rv_buf_printf(&folder, "%s/operator", config->audit_directory);
	audit.directory = rv_buf_cstr(&folder);
	if (audit.directory == NULL)
		rv_error_set(e, "audit_directory: the path is too long");
	else
		r = make_folder(audit.directory, e);
	if (r == RV_OK)
		r = rv_audit_open(&audit, &j->audit, e);
	rv_buf_fini(&folder);
	return r;
}

int
rv_journal_open(const struct rv_config *config, struct rv_journal **ret_journal,
    struct rv_error *e)
{
	struct rv_journal *j = calloc(1, sizeof(*j));
	int r;

	if (j == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	if (config->node != NULL)
		(void)snprintf(j->node, sizeof(j->node), "%s", config->node);
	else if (gethostname(j->node, sizeof(j->node) - 1) != 0)
		(void)snprintf(j->node, sizeof(j->node), "unnamed");
	r = open_log(config, j, e);
	if (r == RV_OK)
		*ret_journal = j;
	else
		rv_journal_close(&j);
	return r;
}

void
rv_journal_close(struct rv_journal **journal)
{
	struct rv_journal *j = *journal;

	*journal = NULL;
	if (j == NULL)
		return;
	rv_audit_close(&j->audit);
	free(j);
}

bool
rv_journal_is_ready(struct rv_journal *journal)
{
	if (!rv_audit_reserve(journal->audit))
		return false;
	rv_audit_unreserve(journal->audit);
	return true;
}

/* ---- A record --------------------------------------------------------------- */

static void
fill(const struct rv_journal *j, const struct rv_journal_entry *entry,
    struct rv_audit_fields *f)
{
	*f = (struct rv_audit_fields){
		.ts_ns = rv_wall_ns(),
		.boot_ns = rv_boot_ns(),
		.node = rv_slice_of(j->node),
		.event = RV_SLICE_LIT("rescue"),
		.outcome = entry->done ? RV_SLICE_LIT("success")
				       : RV_SLICE_LIT("failure"),
		.reason = rv_slice_of(entry->reason),
		.detail = rv_slice_of(entry->detail),
		.action = rv_slice_of(entry->action),
		.about = rv_slice_of(entry->about),
		.request_id = rv_slice_of(entry->request_id),
		.count = -1,
	};
	f->subject.method = RV_SLICE_LIT("local");
	f->subject.id = rv_slice_of(entry->who->name);
	f->subject.groups_age_ms = -1;
	f->src.ip = RV_SLICE_LIT("local");
}

/* The one entry that is on its way, when it is back. */
static int
wait_for(struct rv_audit *audit)
{
	struct pollfd done = { .fd = rv_audit_fd(audit, 0), .events = POLLIN };
	const int64_t until = rv_boot_ms() + WAIT_MS;
	struct rv_audit_entry *back;
	int64_t left;

	while ((left = until - rv_boot_ms()) > 0) {
		if (poll(&done, 1, (int)left) < 0 && errno != EINTR)
			break;
		back = rv_audit_reap(audit, 0);
		if (back != NULL)
			return back->result;
	}
	return RV_ERR_TIMEOUT;
}

int
rv_journal_write(
    struct rv_journal *journal, const struct rv_journal_entry *entry)
{
	/* On a time-out the log still has it: then it is never freed. */
	struct rv_audit_entry *record = calloc(1, sizeof(*record));
	struct rv_audit_fields fields;
	int r;

	if (record == NULL)
		return RV_ERR_NOMEM;
	fill(journal, entry, &fields);
	rv_buf_init(&record->record, RECORD_MAX);
	rv_buf_init(&record->line, RECORD_MAX);
	rv_audit_record_encode(&fields, &record->record);
	rv_audit_line_encode(&fields, &record->line);
	if (record->record.failed || record->line.failed) {
		r = RV_ERR_NOMEM;
		goto out;
	}
	rv_audit_submit(journal->audit, 0, record);
	r = wait_for(journal->audit);
	if (r == RV_ERR_TIMEOUT)
		return RV_ERR_IO;
out:
	rv_buf_fini(&record->record);
	rv_buf_fini(&record->line);
	free(record);
	return r == RV_OK ? RV_OK : RV_ERR_IO;
}
