/* Real serial ports, the only home of libserialport (0.1.1).
 *
 * The library clears HUPCL and sets CLOCAL, so that reopening does not reset a board; it takes
 * TIOCEXCL, and we an flock besides.  It does not follow symbolic links: port_open has done that.
 * Its non-blocking read returns 0 both for "nothing there" and for a hang-up. */
#include "daemon/stream/port.h"

#include <errno.h>
#include <libserialport.h>
#include <string.h>
#include <sys/ioctl.h> /* TIOCMGET, TIOCMSET: both lines in one step, which the library cannot */

enum { USUAL_BAUD = 115200 };

/* The library's answer as a negative errno value. */
static int code_of(enum sp_return answer)
{
	if (answer == SP_ERR_FAIL)
		return errno > 0 ? -errno : -EIO;
	if (answer == SP_ERR_ARG)
		return -EINVAL;
	if (answer == SP_ERR_MEM)
		return -ENOMEM;
	return -ENOTSUP;
}

static int configure(struct sp_port *handle, int32_t baud)
{
	enum sp_return answer = sp_set_baudrate(handle, baud > 0 ? baud : USUAL_BAUD);

	if (answer == SP_OK)
		answer = sp_set_bits(handle, 8);
	if (answer == SP_OK)
		answer = sp_set_parity(handle, SP_PARITY_NONE);
	if (answer == SP_OK)
		answer = sp_set_stopbits(handle, 1);
	if (answer == SP_OK)
		answer = sp_set_flowcontrol(handle, SP_FLOWCONTROL_NONE);
	/* Firmwares on native USB take DTR for "a host is there" and say nothing while it is low.
	 */
	if (answer == SP_OK)
		answer = sp_set_dtr(handle, SP_DTR_ON);
	if (answer == SP_OK)
		answer = sp_set_rts(handle, SP_RTS_ON);
	return answer == SP_OK ? 0 : code_of(answer);
}

static int open_handle(struct port *port, struct sp_port *handle, const char *path, int32_t baud,
	struct error *error)
{
	enum sp_return answer = sp_open(handle, SP_MODE_READ_WRITE);
	int code;

	if (answer != SP_OK) {
		code = code_of(answer);
		if (code == -EBUSY)
			error_set(error, "port %s: in use by another program", path);
		else
			error_set(error, "port %s: opening: %s", path, strerror(-code));
		return code;
	}
	if (sp_get_port_handle(handle, &port->fd) != SP_OK) {
		error_set(error, "port %s: no descriptor", path);
		code = -EBADF;
		goto close_handle;
	}
	code = port_lock(port->fd, path, error);
	if (code < 0)
		goto close_handle;
	code = configure(handle, baud);
	if (code < 0) {
		error_set(error, "port %s: setting %d baud, 8N1: %s", path,
			baud > 0 ? (int)baud : (int)USUAL_BAUD, strerror(-code));
		goto close_handle;
	}
	return 0;
close_handle:
	sp_close(handle);
	return code;
}

static int serial_open(struct port *port, const char *path, int32_t baud, struct error *error)
{
	struct sp_port *handle = NULL;
	enum sp_return answer = sp_get_port_by_name(path, &handle);
	int code;

	if (answer != SP_OK) {
		code = code_of(answer);
		error_set(error, "port %s: not a serial port: %s", path, strerror(-code));
		return code;
	}
	code = open_handle(port, handle, path, baud, error);
	if (code < 0) {
		sp_free_port(handle);
		port->fd = -1;
		return code;
	}
	port->handle = handle;
	return 0;
}

static ssize_t serial_read(struct port *port, void *bytes, size_t size)
{
	enum sp_return count = sp_nonblocking_read(port->handle, bytes, size);

	if (count < 0)
		return code_of(count);
	if (count == 0 && !port_hung_up(port->fd))
		return -EAGAIN;
	return count;
}

static ssize_t serial_write(struct port *port, const void *bytes, size_t length)
{
	enum sp_return count = sp_nonblocking_write(port->handle, bytes, length);

	if (count < 0)
		return code_of(count);
	return count > 0 ? count : -EAGAIN;
}

static int serial_modem_lines(struct port *port, bool asserted)
{
	int lines;

	if (ioctl(port->fd, TIOCMGET, &lines) < 0)
		return -errno;
	lines = asserted ? lines | TIOCM_DTR | TIOCM_RTS : lines & ~(TIOCM_DTR | TIOCM_RTS);
	return ioctl(port->fd, TIOCMSET, &lines) < 0 ? -errno : 0;
}

static void serial_close(struct port *port)
{
	sp_flush(port->handle, SP_BUF_OUTPUT);
	sp_close(port->handle);
	sp_free_port(port->handle);
	port->handle = NULL;
}

const struct port_operations port_serial = {
	.name = "serial",
	.open = serial_open,
	.read = serial_read,
	.write = serial_write,
	.modem_lines = serial_modem_lines,
	.close = serial_close,
};
