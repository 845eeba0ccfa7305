/*
 * Kerberos sign-ins through the acceptor process, against a bare loop of
 * gss_accept_sec_context() with the same keytab and a replay cache, in the
 * same runs and on the same processor.  Both get tickets that were never
 * used.
 *
 * bench_acceptor KEYTAB FOLDER RUNS, with KRB5_CONFIG and KRB5CCNAME set;
 * the replay caches are made in FOLDER.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include "bench/kit.h"
#include "loop/loop.h"
#include "process/acceptor_link.h"
#include "process/acceptor_process.h"

#define TICKETS 2000
#define WINDOW	64 /* questions that wait at once */
#define THREADS 4
#define GOAL	0.6

static char spnego_bytes[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02 };
static gss_OID_desc spnego = { sizeof(spnego_bytes), spnego_bytes };

static void
need_gss(OM_uint32 major, const char *what)
{
	if (!GSS_ERROR(major))
		return;
	(void)fprintf(stderr, "%s: major %#x\n", what, (unsigned)major);
	exit(1);
}

static gss_name_t
import(const char *text)
{
	gss_buffer_desc b = { strlen(text), (void *)(uintptr_t)text };
	OM_uint32 minor;
	gss_name_t name;

	need_gss(gss_import_name(&minor, &b, GSS_C_NT_HOSTBASED_SERVICE, &name),
	    text);
	return name;
}

/* ---- Tickets -------------------------------------------------------------------- */

static void
make_tickets(gss_buffer_desc *tokens)
{
	gss_name_t target = import("HTTP@localhost");
	OM_uint32 minor;

	for (size_t i = 0; i < TICKETS; i++) {
		gss_ctx_id_t context = GSS_C_NO_CONTEXT;

		tokens[i] = (gss_buffer_desc)GSS_C_EMPTY_BUFFER;
		need_gss(gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL,
			     &context, target, &spnego, GSS_C_MUTUAL_FLAG, 0,
			     NULL, NULL, NULL, &tokens[i], NULL, NULL),
		    "a ticket");
		(void)gss_delete_sec_context(&minor, &context, NULL);
	}
	(void)gss_release_name(&minor, &target);
}

static void
free_tickets(gss_buffer_desc *tokens)
{
	OM_uint32 minor;

	for (size_t i = 0; i < TICKETS; i++)
		(void)gss_release_buffer(&minor, &tokens[i]);
}

/* ---- The bare loop -------------------------------------------------------------- */

static gss_cred_id_t
acquire(const char *keytab, const char *cache)
{
	gss_key_value_element_desc v[] = { { "keytab", keytab },
		{ "rcache", cache } };
	gss_key_value_set_desc store = { 2, v };
	gss_OID_set_desc mechs = { 1, &spnego };
	gss_OID_set_desc krb5 = { 1, gss_mech_krb5 };
	gss_name_t name = import("HTTP@");
	gss_cred_id_t cred;
	OM_uint32 minor;

	need_gss(gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechs,
		     GSS_C_ACCEPT, &store, &cred, NULL, NULL),
	    "the keytab");
	need_gss(gss_set_neg_mechs(&minor, cred, &krb5), "SPNEGO");
	(void)gss_release_name(&minor, &name);
	return cred;
}

static double
accept_bare(gss_cred_id_t cred, gss_buffer_desc *tokens)
{
	double spent = bench_now_s();
	OM_uint32 minor;

	for (size_t i = 0; i < TICKETS; i++) {
		gss_ctx_id_t context = GSS_C_NO_CONTEXT;
		gss_buffer_desc reply = GSS_C_EMPTY_BUFFER;
		gss_name_t source = GSS_C_NO_NAME;

		need_gss(gss_accept_sec_context(&minor, &context, cred,
			     &tokens[i], GSS_C_NO_CHANNEL_BINDINGS, &source,
			     NULL, &reply, NULL, NULL, NULL),
		    "accepting");
		(void)gss_release_name(&minor, &source);
		(void)gss_release_buffer(&minor, &reply);
		(void)gss_delete_sec_context(&minor, &context, NULL);
	}
	return TICKETS / (bench_now_s() - spent);
}

/* ---- Through the process -------------------------------------------------------- */

static void
serve(const char *keytab, const char *cache, int fd, int control)
{
	static const char *const realms[] = { "LAB.TEST" };
	const struct rv_acceptor_config config = { .keytab = keytab,
		.service = "HTTP",
		.replay_cache = cache,
		.realms = realms,
		.n_realms = 1,
		.binding = RV_BINDING_WHEN_OFFERED };
	struct rv_acceptor_server *server;
	struct rv_acceptor *acceptor;
	struct rv_error e = { "" };
	char c;

	bench_need(rv_acceptor_new(&config, &acceptor, &e), &e, "the acceptor");
	bench_need(
	    rv_acceptor_server_new(acceptor, &fd, 1, THREADS, &server, &e), &e,
	    "the acceptor's threads");
	while (read(control, &c, 1) > 0)
		;
	rv_acceptor_server_free(&server);
	rv_acceptor_free(&acceptor);
	_exit(0);
}

struct window {
	struct rv_acceptor_link *link;
	gss_buffer_desc *tokens;
	size_t asked, answered;
	struct rv_accept_call calls[WINDOW];
};

static void
ask_next(struct window *w, struct rv_accept_call *call)
{
	struct rv_error e = { "asking" };

	if (w->asked == TICKETS)
		return;
	call->token = (struct rv_slice){ w->tokens[w->asked].value,
		w->tokens[w->asked].length };
	w->asked++;
	bench_need(rv_acceptor_ask(w->link, call), &e, "the acceptor");
}

static void
done(struct rv_accept_call *call, struct rv_accepted *accepted)
{
	struct window *w = call->arg;

	if (accepted->refusal != RV_REFUSED_NOT) {
		(void)fprintf(
		    stderr, "a ticket was refused: %s\n", accepted->detail);
		exit(1);
	}
	w->answered++;
	ask_next(w, call);
}

static double
accept_linked(struct rv_loop *loop, struct rv_acceptor_link *link,
    gss_buffer_desc *tokens)
{
	struct window w = { .link = link, .tokens = tokens };
	double spent = bench_now_s();

	for (size_t i = 0; i < WINDOW; i++) {
		w.calls[i] = (struct rv_accept_call){ .done = done, .arg = &w };
		ask_next(&w, &w.calls[i]);
	}
	while (w.answered < TICKETS)
		(void)event_base_loop(rv_loop_base(loop), EVLOOP_ONCE);
	return TICKETS / (bench_now_s() - spent);
}

/* ---- Together ---------------------------------------------------------------------- */

struct bench {
	gss_cred_id_t cred;
	struct rv_loop *loop;
	struct rv_acceptor_link *link;
	pid_t pid;
	int control;
};

static void
start(struct bench *b, const char *keytab, const char *folder)
{
	struct rv_buf text, cache;
	struct rv_error e = { "the link" };
	int pair[2], control[2];

	rv_buf_init(&text, 0);
	rv_buf_init(&cache, 0);
	rv_buf_printf(&text, "%s/process", folder);
	if (rv_buf_cstr(&text) == NULL ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
	    pipe(control) != 0 || (b->pid = fork()) < 0) {
		perror("bench_acceptor");
		exit(1);
	}
	if (b->pid == 0) {
		(void)close(control[1]);
		(void)close(pair[0]);
		serve(keytab, text.p, pair[1], control[0]);
	}
	(void)close(control[0]);
	(void)close(pair[1]);
	b->control = control[1];
	rv_buf_reset(&text);
	rv_buf_printf(&text, "FILE:%s", keytab);
	rv_buf_printf(&cache, "file2:%s/bare", folder);
	b->cred = acquire(rv_buf_cstr(&text), rv_buf_cstr(&cache));
	bench_need(rv_loop_new(NULL, 0, &b->loop, &e), &e, "the loop");
	bench_need(
	    rv_acceptor_link_new(b->loop, pair[0], &b->link), &e, "the link");
	rv_buf_fini(&text);
	rv_buf_fini(&cache);
}

static void
stop(struct bench *b)
{
	OM_uint32 minor;

	rv_acceptor_link_free(&b->link);
	rv_loop_free(&b->loop);
	(void)gss_release_cred(&minor, &b->cred);
	(void)close(b->control);
	(void)waitpid(b->pid, NULL, 0);
}

int
main(int argc, char **argv)
{
	static gss_buffer_desc tokens[TICKETS];
	struct bench b;
	unsigned runs;

	if (argc != 4) {
		(void)fprintf(
		    stderr, "usage: %s KEYTAB FOLDER RUNS\n", argv[0]);
		return 2;
	}
	runs = bench_runs(argc - 2, argv + 2); /* the last is its first */
	start(&b, argv[1], argv[2]);
	for (unsigned i = 0; i <= runs; i++) {
		double bare, linked;

		make_tickets(tokens);
		bare = accept_bare(b.cred, tokens);
		free_tickets(tokens);
		make_tickets(tokens);
		linked = accept_linked(b.loop, b.link, tokens);
		free_tickets(tokens);
		if (i == 0)
			continue; /* warm */
		bench_print(&(struct bench_result){
		    .name = "Kerberos tickets through the acceptor process",
		    .value = linked,
		    .unit = "1/s",
		    .against = "bare gss_accept_sec_context",
		    .against_value = bare,
		    .goal = GOAL,
		    .higher_is_better = true });
	}
	stop(&b);
	return 0;
}
