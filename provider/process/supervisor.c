#include "process/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "log.h"
#include "loop/loop.h"
#include "notify.h"
#include "privilege.h"
#include "process/sandbox.h"
#include "process/spawn.h"

/* A process that has not said for so long that it is alive hangs. */
#define SILENT_MS 10000
/* What the others get to end in once net has ended. */
#define END_MS 5000

struct process {
	const struct rv_child_kind *kind;
	pid_t pid;   /* 0: it was not started, or it has ended */
	int control; /* -1: closed */
	bool ready;
	bool beats; /* it tells that it is alive */
	int64_t alive_boot_ms;
};

struct supervisor {
	const struct rv_config *config;
	struct rv_notify *notify;
	int signals;
	int64_t drain_ms;
	struct process v[RV_CHILDREN_MAX]; /* net is the last */
	size_t n;
	struct rv_spawn_links links;
	bool net_started, stopping, ending, failed;
	int64_t kill_boot_ms; /* 0: nobody is killed yet */
	struct rv_error *error;
};

static struct process *
net_of(struct supervisor *s)
{
	return &s->v[s->n - 1];
}

/* ---- Making -------------------------------------------------------------------- */

static int
open_signals(struct supervisor *s, struct rv_error *e)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0 &&
	    signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
	    /* Whoever started us may have ignored it, which is inherited. */
	    signal(SIGCHLD, SIG_DFL) != SIG_ERR)
		s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals >= 0)
		return RV_OK;
	rv_error_set(e, "cannot set up signals: %s", strerror(errno));
	return RV_ERR_IO;
}

/* The rows of the table that this configuration wants, and their links. */
static int
plan(struct supervisor *s, struct rv_error *e)
{
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < rv_n_child_kinds; i++) {
		const struct rv_child_kind *kind = &rv_child_kinds[i];
		size_t links = kind->letter != 0 ? kind->links(s->config) : 0;

		if (kind->letter != 0 && links == 0)
			continue;
		RV_ASSERT(s->n < RV_CHILDREN_MAX);
		s->v[s->n++] = (struct process){ .kind = kind, .control = -1 };
		r = rv_spawn_links_make(&s->links, kind->letter, links, e);
	}
	return r;
}

static int
start(struct supervisor *s, struct process *p, struct rv_error *e)
{
	p->alive_boot_ms = rv_boot_ms();
	return rv_spawn(p->kind, s->config->file,
	    rv_notify_watchdog_ms(s->notify), &s->links, &p->pid, &p->control,
	    e);
}

/* ---- Stopping -------------------------------------------------------------------- */

static void
tell_net(struct supervisor *s, const char *word)
{
	/* An end that fails is seen when net ends, or by who waits for it. */
	if (net_of(s)->control >= 0)
		(void)send(net_of(s)->control, word, strlen(word),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Net first: it may still need the others for what it has in work. */
static void
stop(struct supervisor *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	tell_net(s, RV_CHILD_SAYS_STOP);
}

static void
stop_failed(struct supervisor *s)
{
	s->failed = true;
	if (s->stopping)
		return;
	rv_notify_stopping(s->notify);
	stop(s);
	s->kill_boot_ms = rv_boot_ms() + s->drain_ms + END_MS;
}

/* Once net has ended: a closed line tells each of the others to end. */
static void
end_others(struct supervisor *s)
{
	if (s->ending || !s->stopping || net_of(s)->pid != 0)
		return;
	s->ending = true;
	s->kill_boot_ms = rv_boot_ms() + END_MS;
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].control >= 0)
			(void)close(s->v[i].control);
		s->v[i].control = -1;
	}
}

static void
kill_late_ones(struct supervisor *s)
{
	if (s->kill_boot_ms == 0 || rv_boot_ms() < s->kill_boot_ms)
		return;
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].pid == 0)
			continue;
		rv_log(RV_LOG_ERROR, "the process %s did not end, it is killed",
		    s->v[i].kind->name);
		(void)kill(s->v[i].pid, SIGKILL);
	}
	s->failed = true;
	s->kill_boot_ms += END_MS;
}

/* ---- What happens ------------------------------------------------------------ */

static void
has_ended(struct supervisor *s, struct process *p, int status)
{
	p->pid = 0;
	if (WIFSIGNALED(status))
		rv_log(RV_LOG_ERROR,
		    "the process %s was ended by signal %d: the provider ends",
		    p->kind->name, WTERMSIG(status));
	else if (!s->stopping && p->ready)
		rv_log(RV_LOG_ERROR,
		    "the process %s ended with %d: the provider ends",
		    p->kind->name, WEXITSTATUS(status));
	else if (WEXITSTATUS(status) == RV_EXIT_NO_EXEC)
		rv_log(RV_LOG_ERROR, "the process %s could not be executed",
		    p->kind->name);
	/* Else it has told the reason itself. */
	if (!s->stopping || status != 0)
		stop_failed(s);
}

static void
reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < s->n; i++)
			if (s->v[i].pid == pid)
				has_ended(s, &s->v[i], status);
}

/* Net does the work; here only what this process itself uses. */
static void
reload(struct supervisor *s)
{
	struct rv_config *fresh = NULL;
	struct rv_error e;

	if (net_of(s)->pid == 0)
		return;
	tell_net(s, RV_CHILD_SAYS_RELOAD);
	if (rv_config_load(s->config->file, &fresh, &e) != RV_OK)
		return; /* net says so */
	rv_log_set_level((enum rv_log_level)fresh->log_level);
	s->drain_ms = fresh->drain_timeout;
	rv_config_free(&fresh);
}

static void
take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(s);
		else if (info.ssi_signo != SIGCHLD)
			stop(s);
		reap(s);
	}
}

static bool
are_others_alive(const struct supervisor *s)
{
	int64_t now = rv_boot_ms();

	for (size_t i = 0; i + 1 < s->n; i++)
		if (s->v[i].beats && now - s->v[i].alive_boot_ms > SILENT_MS)
			return false;
	return true;
}

/*
 * All run, as the user: this process needs no more either.  Not before: a
 * process that is still root's can be signalled by root alone.
 */
static void
net_is_ready(struct supervisor *s)
{
	if (rv_privilege_drop(s->config->user, s->error) != RV_OK ||
	    rv_sandbox_supervisor(s->config, s->error) != RV_OK)
		stop_failed(s);
}

static void
take_state(struct supervisor *s, struct process *p, struct rv_slice state)
{
	bool is_net = p->kind->letter == 0;
	bool beats = rv_slice_eq(state, RV_SLICE_LIT("WATCHDOG=1"));

	p->alive_boot_ms = rv_boot_ms();
	p->beats |= beats;
	if (rv_slice_eq(state, RV_SLICE_LIT("READY=1"))) {
		if (is_net && !p->ready)
			net_is_ready(s);
		p->ready = true;
	} else if (!is_net && !beats) {
		rv_log(RV_LOG_ERROR, "the process %s said nonsense",
		    p->kind->name);
	}
	if (!is_net || (beats && !are_others_alive(s)))
		return;
	if (rv_notify_pass(s->notify, state) != RV_OK)
		rv_log(RV_LOG_ERROR, "the process net said nonsense");
}

static void
take_control(struct supervisor *s, struct process *p)
{
	char state[128];
	ssize_t n =
	    recv(p->control, state, sizeof(state), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* It ends; SIGCHLD will tell how. */
		(void)close(p->control);
		p->control = -1;
	} else {
		take_state(s, p,
		    (struct rv_slice){
			state, (size_t)n <= sizeof(state) ? (size_t)n : 0 });
	}
}

static void
wait_and_take(struct supervisor *s)
{
	struct pollfd fds[1 + RV_CHILDREN_MAX];
	int64_t left = s->kill_boot_ms - rv_boot_ms();
	int timeout = -1;

	fds[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	for (size_t i = 0; i < s->n; i++)
		fds[1 + i] =
		    (struct pollfd){ .fd = s->v[i].control, .events = POLLIN };
	if (s->kill_boot_ms != 0)
		timeout = left < 0 ? 0 : left > END_MS ? END_MS : (int)left;
	if (poll(fds, (nfds_t)(1 + s->n), timeout) < 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (fds[1 + i].revents != 0 && s->v[i].control >= 0)
			take_control(s, &s->v[i]);
	take_signals(s);
}

/* ---- Running ------------------------------------------------------------------- */

/* Net starts when all that it depends on are ready. */
static void
start_net(struct supervisor *s)
{
	int r = RV_OK;

	if (s->net_started || s->stopping)
		return;
	for (size_t i = 0; i + 1 < s->n; i++)
		if (!s->v[i].ready)
			return;
	s->net_started = true;
	r = start(s, net_of(s), s->error);
	rv_spawn_links_close(&s->links);
	if (r != RV_OK)
		stop_failed(s);
}

static bool
is_any_left(const struct supervisor *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].pid != 0)
			return true;
	return false;
}

static void
run(struct supervisor *s)
{
	for (size_t i = 0; !s->stopping && i + 1 < s->n; i++)
		if (start(s, &s->v[i], s->error) != RV_OK)
			stop_failed(s);
	for (;;) {
		start_net(s);
		end_others(s);
		kill_late_ones(s);
		if (s->stopping && !is_any_left(s))
			return;
		wait_and_take(s);
	}
}

int
rv_supervise(const struct rv_config *config, struct rv_error *e)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	int r = RV_ERR_NOMEM;

	e->text[0] = '\0';
	if (s == NULL) {
		rv_error_set(e, "out of memory");
		return r;
	}
	s->config = config;
	s->drain_ms = config->drain_timeout;
	s->signals = -1;
	s->error = e;
	rv_log_set_level((enum rv_log_level)config->log_level);
	if ((r = open_signals(s, e)) != RV_OK ||
	    (r = rv_notify_open(&s->notify, e)) != RV_OK ||
	    (r = plan(s, e)) != RV_OK)
		goto out;
	run(s);
	r = s->failed ? RV_ERR_UNAVAILABLE : RV_OK;
out:
	rv_spawn_links_close(&s->links);
	if (s->signals >= 0)
		(void)close(s->signals);
	rv_notify_close(&s->notify);
	free(s);
	return r;
}
