#include "ldap_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <ldap.h>

#include "clock.h"
#include "ldap_bind.h"
#include "ldap_entry.h"

/* LDAP_SERVER_DOMAIN_SCOPE_OID, MS-ADTS 3.1.1.3.4.1.4 */
#define DOMAIN_SCOPE "1.2.840.113556.1.4.1339"
#define PAGE_SIZE    500
/* An answer in one piece longer than this is an attack or a mistake. */
#define MESSAGE_MAX (16u * 1024 * 1024)

struct rv_ldap {
	LDAP *ld;
	/* Called by libldap for each socket; lives as long as ld. */
	struct ldap_conncb on_connect;
	int timeout_ms;
	int64_t opened_ms;
};

/* ---- Errors -------------------------------------------------------------------- */

static int
code_of(int result)
{
	switch (result) {
	case LDAP_TIMEOUT:
		return RV_ERR_TIMEOUT;
	case LDAP_NO_MEMORY:
		return RV_ERR_NOMEM;
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
	case LDAP_DECODING_ERROR:
	case LDAP_ENCODING_ERROR:
	case LDAP_LOCAL_ERROR:
		return RV_ERR_UNAVAILABLE;
	default:
		return RV_ERR_INVALID;
	}
}

static int
fail(LDAP *ld, const char *what, int result, struct rv_error *e)
{
	char *diagnostic = NULL;

	rv_ignore(ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE,
	    &diagnostic)); /* only for the text */
	rv_error_set(e, "%s: %s%s%s", what, ldap_err2string(result),
	    diagnostic != NULL && *diagnostic != '\0' ? ": " : "",
	    diagnostic != NULL ? diagnostic : "");
	ldap_memfree(diagnostic);
	return code_of(result);
}

/* ---- Opening --------------------------------------------------------------------- */

static struct timeval
timeval_of(int64_t ms)
{
	return (struct timeval){
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};
}

/*
 * The timeouts of libldap are between reads, and it reads blocking in
 * places: half a message, and silence after it, would hold the thread for
 * ever.  The socket itself must give up.
 */
static int
on_connect(LDAP *ld, Sockbuf *sb, LDAPURLDesc *server, struct sockaddr *address,
    struct ldap_conncb *self)
{
	const struct rv_ldap *c = self->lc_arg;
	struct timeval timeout = timeval_of(c->timeout_ms);
	unsigned int user_timeout = (unsigned int)c->timeout_ms;
	ber_len_t max = MESSAGE_MAX;
	int fd = -1, on = 1;

	(void)ld;
	(void)server;
	(void)address;
	if (ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_FD, &fd) != 1 || fd < 0 ||
	    ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &max) != 1)
		return -1;
	if (setsockopt(
		fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
	    setsockopt(
		fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0)
		return -1;
	/* Best effort: a peer that vanished is noticed sooner. */
	rv_ignore(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout,
	    sizeof(user_timeout)));
	rv_ignore(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	return 0;
}

static void
on_disconnect(LDAP *ld, Sockbuf *sb, struct ldap_conncb *self)
{
	(void)ld;
	(void)sb;
	(void)self;
}

static int
set_options(struct rv_ldap *c)
{
	struct timeval timeout = timeval_of(c->timeout_ms);
	int version = LDAP_VERSION3;
	const struct {
		int option;
		const void *value;
	} options[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, &version },
		{ LDAP_OPT_REFERRALS, LDAP_OPT_OFF },
		{ LDAP_OPT_RESTART, LDAP_OPT_ON },
		{ LDAP_OPT_NETWORK_TIMEOUT, &timeout },
		{ LDAP_OPT_TIMEOUT, &timeout },
		/*
		 * Without it, libldap 2.5 spins for ever when the server
		 * accepts and stays silent.
		 */
		{ LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON },
		{ LDAP_OPT_CONNECT_CB, &c->on_connect },
		/* The name of the server is what the URI says, not DNS. */
		{ LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (ldap_set_option(c->ld, options[i].option,
			options[i].value) != LDAP_OPT_SUCCESS)
			return RV_ERR_INTERNAL;
	}
	return RV_OK;
}

int
rv_ldap_open(const struct rv_ldap_settings *settings, const char *uri,
    const char *pin, struct rv_ldap **ret_connection, struct rv_error *e)
{
	struct rv_ldap *c = calloc(1, sizeof(*c));
	int r = RV_ERR_NOMEM;

	if (c == NULL) {
		rv_error_set(e, "out of memory");
		return r;
	}
	c->timeout_ms = settings->timeout_ms;
	c->on_connect.lc_add = on_connect;
	c->on_connect.lc_del = on_disconnect;
	c->on_connect.lc_arg = c;
	if (ldap_initialize(&c->ld, uri) != LDAP_SUCCESS) {
		rv_error_set(e, "%s is no LDAP address", uri);
		r = RV_ERR_INVALID;
		goto out;
	}
	r = set_options(c);
	if (r != RV_OK) {
		rv_error_set(e, "libldap does not take our settings");
		goto out;
	}
	r = rv_ldap_set_tls(c->ld, settings, pin, e);
	if (r == RV_OK)
		r = rv_ldap_bind(c->ld, settings, e);
	if (r != RV_OK)
		goto out;
	c->opened_ms = rv_monotonic_ms();
	*ret_connection = c;
	c = NULL;
out:
	rv_ldap_close(&c);
	return r;
}

int64_t
rv_ldap_opened_ms(const struct rv_ldap *connection)
{
	return connection->opened_ms;
}

void
rv_ldap_close(struct rv_ldap **connection)
{
	struct rv_ldap *c = *connection;

	*connection = NULL;
	if (c == NULL)
		return;
	/* Sends an unbind; the answer to that is a closed connection. */
	if (c->ld != NULL)
		rv_ignore(ldap_unbind_ext(c->ld, NULL, NULL));
	free(c);
}

/* ---- Searching ------------------------------------------------------------------ */

/* One search in work. */
struct search {
	struct rv_ldap *connection;
	const struct rv_ldap_query *query;
	int64_t deadline_ms;
	rv_ldap_entry_fn *fn;
	void *arg;
	struct rv_error *error;
	struct berval cookie; /* of the next page; empty at the end */
};

static int
time_left(const struct search *s, struct timeval *ret_left)
{
	int64_t left = s->deadline_ms - rv_monotonic_ms();

	if (left <= 0) {
		rv_error_set(s->error, "the directory did not answer in time");
		return RV_ERR_TIMEOUT;
	}
	*ret_left = timeval_of(left);
	return RV_OK;
}

static int
send_page(struct search *s, int *ret_id)
{
	LDAPControl *page = NULL, *controls[3] = { NULL, NULL, NULL };
	static char domain_scope[] = DOMAIN_SCOPE;
	LDAPControl here = { .ldctl_oid = domain_scope, .ldctl_iscritical = 1 };
	size_t n = 0;
	LDAP *ld = s->connection->ld;
	struct timeval left;
	int result, r;

	r = time_left(s, &left);
	if (r != RV_OK)
		return r;
	result =
	    ldap_create_page_control(ld, PAGE_SIZE, &s->cookie, 'T', &page);
	if (result != LDAP_SUCCESS)
		return fail(ld, "asking for a page", result, s->error);
	/* One entry has no pages, and the root has no such control. */
	if (!s->query->entry_only)
		controls[n++] = page;
	if (s->query->domain_scope)
		controls[n++] = &here;
	/* libldap does not write to the attributes. */
	result = ldap_search_ext(ld, s->query->base,
	    s->query->entry_only ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE,
	    s->query->filter, (char **)(uintptr_t)s->query->attributes, 0,
	    controls, NULL, &left, LDAP_NO_LIMIT, ret_id);
	ldap_control_free(page);
	if (result != LDAP_SUCCESS)
		return fail(ld, "asking the directory", result, s->error);
	return RV_OK;
}

static int
receive(struct search *s, int id, LDAPMessage **ret_answer)
{
	LDAP *ld = s->connection->ld;
	LDAPMessage *answer = NULL;
	struct timeval left;
	int type, result = LDAP_OTHER, r;

	r = time_left(s, &left);
	if (r != RV_OK)
		return r;
	type = ldap_result(ld, id, LDAP_MSG_ALL, &left, &answer);
	if (type == 0) {
		rv_error_set(s->error, "the directory did not answer in time");
		r = RV_ERR_TIMEOUT;
	} else if (type < 0) {
		rv_ignore(ldap_get_option(
		    ld, LDAP_OPT_RESULT_CODE, &result)); /* else LDAP_OTHER */
		r = fail(ld, "waiting for the directory", result, s->error);
	}
	if (type <= 0) {
		ldap_msgfree(answer);
		return r;
	}
	*ret_answer = answer;
	return RV_OK;
}

/* The place of the next page, from the control beside the result. */
static int
take_cookie(struct search *s, LDAPControl **controls)
{
	LDAPControl *page;
	ber_int_t estimate;

	ber_memfree(s->cookie.bv_val);
	s->cookie = (struct berval){ 0, NULL };
	page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	/* A server without paging answers everything at once. */
	if (page == NULL)
		return RV_OK;
	if (ldap_parse_pageresponse_control(s->connection->ld, page, &estimate,
		&s->cookie) != LDAP_SUCCESS) {
		rv_error_set(s->error, "the directory's page has no end");
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

/* Whether the answer is a plain success, and whole. */
static int
check_result(struct search *s, LDAPMessage *answer)
{
	LDAP *ld = s->connection->ld;
	LDAPControl **controls = NULL;
	char **referrals = NULL, *text = NULL;
	int result = LDAP_OTHER, parsed, r;

	parsed = ldap_parse_result(
	    ld, answer, &result, NULL, &text, &referrals, &controls, 0);
	if (parsed != LDAP_SUCCESS) {
		r = fail(ld, "the directory's answer", parsed, s->error);
	} else if (result != LDAP_SUCCESS) {
		rv_error_set(s->error,
		    "the directory refused a search in %s: "
		    "%s%s%s",
		    s->query->base, ldap_err2string(result),
		    text != NULL && *text != '\0' ? ": " : "",
		    text != NULL ? text : "");
		r = code_of(result);
	} else if (referrals != NULL || ldap_count_references(ld, answer) > 0) {
		rv_error_set(s->error,
		    "part of %s is on another server: "
		    "referrals are not followed",
		    s->query->base);
		r = RV_ERR_INVALID;
	} else {
		r = take_cookie(s, controls);
	}
	ldap_memfree(text);
	ldap_memvfree((void **)referrals);
	ldap_controls_free(controls);
	return r;
}

static int
hand_out(struct search *s, LDAPMessage *answer)
{
	LDAP *ld = s->connection->ld;
	LDAPMessage *m;

	for (m = ldap_first_entry(ld, answer); m != NULL;
	     m = ldap_next_entry(ld, m)) {
		const struct rv_ldap_entry entry = { ld, m };
		int r = s->fn(s->arg, &entry, s->error);

		if (r != RV_OK)
			return r;
	}
	return RV_OK;
}

static int
search_page(struct search *s)
{
	LDAPMessage *answer = NULL;
	int id, r;

	r = send_page(s, &id);
	if (r == RV_OK)
		r = receive(s, id, &answer);
	if (r == RV_OK)
		r = check_result(s, answer);
	if (r == RV_OK)
		r = hand_out(s, answer);
	ldap_msgfree(answer);
	return r;
}

int
rv_ldap_search(struct rv_ldap *connection, const struct rv_ldap_query *query,
    int64_t deadline_ms, rv_ldap_entry_fn *fn, void *arg, struct rv_error *e)
{
	struct search s = {
		.connection = connection,
		.query = query,
		.deadline_ms = deadline_ms,
		.fn = fn,
		.arg = arg,
		.error = e,
	};
	int r;

	do {
		r = search_page(&s);
	} while (r == RV_OK && s.cookie.bv_len > 0);
	ber_memfree(s.cookie.bv_val);
	return r;
}
