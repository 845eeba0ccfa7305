#include "process/port_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
refuse(const char *path, struct rv_error *e)
{
	rv_error_set(e, "cannot write port_file %s: %s", path, strerror(errno));
	return RV_ERR_IO;
}

int
rv_port_file_open(
    const char *path, struct rv_port_file *ret_file, struct rv_error *e)
{
	*ret_file = (struct rv_port_file){ .path = path, .fd = -1 };
	if (path == NULL)
		return RV_OK;
	ret_file->fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return ret_file->fd >= 0 ? RV_OK : refuse(path, e);
}

int
rv_port_file_write(struct rv_port_file *file, uint16_t port, struct rv_error *e)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u\n", (unsigned)port);
	int r = RV_OK;

	if (file->path == NULL)
		return RV_OK;
	errno = ENOSPC; /* of a write that was cut short */
	if (write(file->fd, text, (size_t)n) != n)
		r = refuse(file->path, e);
	rv_port_file_close(file);
	return r;
}

void
rv_port_file_close(struct rv_port_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
}
