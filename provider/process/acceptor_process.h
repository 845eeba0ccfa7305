/*
 * The acceptor process: it alone reads the keytab and the replay cache.
 * Several threads take questions from the links of all loops.
 */
#ifndef PROVIDER_PROCESS_ACCEPTOR_PROCESS_H
#define PROVIDER_PROCESS_ACCEPTOR_PROCESS_H

#include "reeve/auth_kerberos.h"

struct rv_child;
struct rv_config;

/* Runs until the supervisor wants the end. */
RV_MUSTUSE int rv_acceptor_process(const struct rv_config *config,
    const struct rv_child *child, struct rv_error *e);

/*
 * The threads alone, for tests and measurements: serves the links, which
 * stay the caller's, until rv_acceptor_server_free().
 */
struct rv_acceptor_server;
RV_MUSTUSE int rv_acceptor_server_new(const struct rv_acceptor *acceptor,
    const int *links, size_t n_links, unsigned threads,
    struct rv_acceptor_server **ret_server, struct rv_error *e);
/* False when a thread has been at one question for 10 s.  Any thread. */
bool rv_acceptor_server_is_alive(struct rv_acceptor_server *server);
/* Waits for the threads.  *server may be NULL and becomes NULL. */
void rv_acceptor_server_free(struct rv_acceptor_server **server);

/* What the configuration says of Kerberos; borrows from it. */
struct rv_acceptor_config rv_acceptor_config_of(const struct rv_config *config);

#endif
