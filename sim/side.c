/* The socket of a firmware's side channel; see side.h. */
#include "sim/side.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>  /* snprintf */
#include <string.h> /* memset, strerror */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BUFFER_BYTES = 4096 };

void side_init(struct side *side)
{
	memset(side, 0, sizeof *side);
	side->listener = side->client = -1;
}

static int fail(struct side *side, int reason, struct error *error)
{
	error_set(error, "%s: %s", side->path, strerror(reason));
	side_close(side);
	return -reason;
}

int side_open(
	struct side *side, const struct sim_printer *printer, const char *dir, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length;

	if (!sim_printer_has_side(printer))
		return 0;
	length = snprintf(side->path, sizeof side->path, "%s/%s.sock", dir,
		sim_printer_settings(printer)->name);
	if (length >= (int)sizeof address.sun_path)
		return fail(side, ENAMETOOLONG, error);
	memcpy(address.sun_path, side->path, sizeof address.sun_path);
	unlink(side->path);
	side->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (side->listener < 0 ||
		bind(side->listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
		listen(side->listener, 1) < 0)
		return fail(side, errno, error);
	return 0;
}

static void close_client(struct side *side)
{
	if (side->client >= 0)
		close(side->client);
	side->client = -1;
}

void side_close(struct side *side)
{
	close_client(side);
	if (side->listener < 0)
		return;
	close(side->listener);
	unlink(side->path);
	side->listener = -1;
}

static void drop_client(struct side *side, struct sim_printer *printer, int64_t now_us)
{
	close_client(side);
	sim_printer_side_connected(printer, false, now_us);
}

bool side_accept(struct side *side, struct sim_printer *printer, int64_t now_us)
{
	int fd = accept4(side->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return false;
	if (side->client >= 0 || !sim_printer_side_serves(printer)) {
		close(fd);
		return false;
	}
	side->client = fd;
	sim_printer_side_connected(printer, true, now_us);
	return true;
}

/* False: the client has left. */
static bool read_client(struct side *side, struct sim_printer *printer, int64_t now_us)
{
	char buffer[BUFFER_BYTES];
	ssize_t got;

	while ((got = recv(side->client, buffer, sizeof buffer, 0)) > 0)
		sim_printer_side_receive(printer, buffer, (size_t)got, now_us);
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static bool write_client(struct side *side, struct sim_printer *printer)
{
	char buffer[BUFFER_BYTES];
	size_t length;

	while ((length = sim_printer_side_take(printer, buffer, sizeof buffer)) > 0)
		if (send(side->client, buffer, length, MSG_NOSIGNAL) != (ssize_t)length)
			return false;
	return true;
}

void side_serve(struct side *side, struct sim_printer *printer, int64_t now_us)
{
	if (side->client < 0)
		return;
	if (!read_client(side, printer, now_us) || !write_client(side, printer) ||
		!sim_printer_side_serves(printer))
		drop_client(side, printer, now_us);
}
