#include "process/children.h"

#include <string.h>

#include "config/config.h"
#include "daemon.h"
#include "log.h"
#include "notify.h"
#include "process/acceptor_process.h"
#include "process/keeper.h"
#include "provider.h"
#include "rescue/rescue.h"

static size_t
one_for_each_loop(const struct rv_config *config)
{
	return rv_provider_loops(config);
}

static size_t
with_a_key(const struct rv_config *config)
{
	return config->keeper_key != NULL ? 1 : 0;
}

static size_t
with_a_socket(const struct rv_config *config)
{
	return rv_rescue_is_wanted(config) ? 1 : 0;
}

const struct rv_child_kind rv_child_kinds[] = {
	{ "acceptor", 'a', one_for_each_loop, rv_acceptor_process },
	{ "keeper", 'k', with_a_key, rv_keeper_process },
	{ "rescue", 's', with_a_socket, rv_rescue_process },
	{ "net", 0, NULL, rv_daemon_run },
};
const size_t rv_n_child_kinds =
    sizeof(rv_child_kinds) / sizeof(rv_child_kinds[0]);

int
rv_child_run(
    const struct rv_config *config, const char *operand, struct rv_error *e)
{
	struct rv_child child;
	int r = rv_child_take(operand, &child, e);

	if (r != RV_OK)
		return r;
	rv_log_set_level((enum rv_log_level)config->log_level);
	for (size_t i = 0; i < rv_n_child_kinds; i++)
		if (strcmp(rv_child_kinds[i].name, child.name) == 0) {
			r = rv_child_kinds[i].run(config, &child, e);
			rv_notify_close(&child.notify);
			return r;
		}
	rv_notify_close(&child.notify);
	rv_error_set(e, "there is no process \"%s\"", child.name);
	return RV_ERR_INVALID;
}
