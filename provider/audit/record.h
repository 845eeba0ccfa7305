/*
 * The one form of an audit record: what happened, who asked, what was
 * decided and why, so that the decision can be evaluated again.  Encodes
 * JSON with fixed key order (docs/audit.md) and the line for people in the
 * form of SMSProv.log.  Pure.
 */
#ifndef PROVIDER_AUDIT_RECORD_H
#define PROVIDER_AUDIT_RECORD_H

#include "reeve/base.h"
#include "reeve/rbac.h"

/* One answer of a batch. */
struct rv_audit_item {
	const char *reason;    /* a word: "allowed", or why not */
	struct rv_slice about; /* absent: the caller itself */
	struct rv_slice action;
	struct rv_slice object_type;
	struct rv_slice object_id;
};

/* Slices may be absent: the member is then left out. */
struct rv_audit_fields {
	int64_t ts_ns;	 /* UTC */
	int64_t boot_ns; /* CLOCK_BOOTTIME */
	struct rv_slice node;
	struct rv_slice event;	 /* "authentication", "decision", ... */
	struct rv_slice outcome; /* "allow", "deny", "success", "failure" */
	struct rv_slice reason;	 /* a word: "ntlm", "no_assignment", ... */
	struct rv_slice detail;	 /* for the operator; peer text is escaped */
	uint64_t revision;	 /* 0: none was read */
	int64_t evaluated_at_ms; /* 0: nothing was evaluated */
	struct {
		struct rv_slice method;
		struct rv_slice id; /* principal */
		struct rv_slice level;
		bool groups_known;
		int64_t groups_age_ms;	     /* -1: no groups were read */
		struct rv_slice groups_hash; /* hex */
		/* the directory, or the evidence of the sign-in */
		struct rv_slice groups_from;
		struct rv_slice source; /* file of the authority or issuer */
		struct rv_slice delegated_by;
	} subject;
	/* the entry of the exclusion list that let the subject through */
	struct rv_slice excluded_by;
	struct rv_slice about; /* the other subject that is asked about */
	struct rv_slice about_groups_hash; /* hex */
	const struct rv_slice *abouts;	   /* several: principal, blank, hash */
	size_t n_abouts;
	struct {
		struct rv_slice ip;
		uint16_t port;
		struct rv_slice tls;
	} src;
	struct rv_slice method; /* of the request */
	struct rv_slice path;
	int status;
	struct rv_slice action;
	struct rv_slice object_type;
	struct rv_slice object_id;
	const struct rv_slice *groups; /* of a group_set */
	size_t n_groups;
	const struct rv_slice *scopes;
	size_t n_scopes;
	const uint64_t *matched;
	size_t n_matched;
	const struct rv_audit_item *items; /* of a batch */
	size_t n_items;
	/* lists: how many rows, and the SHA-256 of their keys, hex */
	int64_t count; /* -1: no list */
	struct rv_slice ids_hash;
	uint64_t repeated; /* further ones like it that are only counted */
	struct rv_slice request_id;
	struct rv_slice session;
	int64_t latency_us;
};

/* Both out-buffers carry the sticky error when memory is short. */
void rv_audit_record_encode(
    const struct rv_audit_fields *f, struct rv_buf *out);
void rv_audit_line_encode(const struct rv_audit_fields *f, struct rv_buf *out);

#endif
