/*
 * The file that tells the port: opened before the sandbox, written once the
 * provider listens.
 */
#ifndef PROVIDER_PROCESS_PORT_FILE_H
#define PROVIDER_PROCESS_PORT_FILE_H

#include "reeve/base.h"

struct rv_port_file {
	const char *path; /* borrowed; NULL: there is none */
	int fd;
};

/* Makes it, empty; path may be NULL.  RV_ERR_IO. */
RV_MUSTUSE int rv_port_file_open(
    const char *path, struct rv_port_file *ret_file, struct rv_error *e);
/* Writes and closes it.  RV_ERR_IO. */
RV_MUSTUSE int rv_port_file_write(
    struct rv_port_file *file, uint16_t port, struct rv_error *e);
void rv_port_file_close(struct rv_port_file *file);

#endif
