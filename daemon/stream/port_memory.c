#include "daemon/stream/port_memory.h"

#include <errno.h>
#include <string.h>

static struct port_memory *selected;

void port_memory_init(struct port_memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	memory->write_room = SIZE_MAX;
}

void port_memory_select(struct port_memory *memory)
{
	selected = memory;
}

void port_memory_say(struct port_memory *memory, const char *text)
{
	size_t length = strlen(text), room = sizeof(memory->to_host) - memory->to_host_length;

	if (length > room)
		length = room;
	memcpy(memory->to_host + memory->to_host_length, text, length);
	memory->to_host_length += length;
}

static int memory_open(struct port *port, const char *path, int32_t baud, struct error *error)
{
	if (!selected || selected->open_error < 0) {
		int code = selected ? selected->open_error : -ENODEV;

		error_set(error, "port %s: %s", path, strerror(-code));
		return code;
	}
	selected->opened++;
	selected->baud = baud;
	selected->hung_up = false;
	selected->lines_asserted = true;
	port->handle = selected;
	return 0;
}

static ssize_t memory_read(struct port *port, void *bytes, size_t size)
{
	struct port_memory *memory = port->handle;
	size_t count = memory->to_host_length < size ? memory->to_host_length : size;

	if (count == 0)
		return memory->hung_up ? 0 : -EAGAIN;
	memcpy(bytes, memory->to_host, count);
	memory->to_host_length -= count;
	memmove(memory->to_host, memory->to_host + count, memory->to_host_length);
	return (ssize_t)count;
}

static ssize_t memory_write(struct port *port, const void *bytes, size_t length)
{
	struct port_memory *memory = port->handle;
	size_t room = sizeof(memory->from_host) - memory->from_host_length;

	if (memory->write_error < 0)
		return memory->write_error;
	if (room > memory->write_room)
		room = memory->write_room;
	if (length > room)
		length = room;
	if (length == 0)
		return -EAGAIN;
	memcpy(memory->from_host + memory->from_host_length, bytes, length);
	memory->from_host_length += length;
	if (memory->write_room != SIZE_MAX)
		memory->write_room -= length;
	return (ssize_t)length;
}

static int memory_modem_lines(struct port *port, bool asserted)
{
	struct port_memory *memory = port->handle;

	if (asserted && !memory->lines_asserted)
		memory->reset_edges++;
	memory->lines_asserted = asserted;
	return 0;
}

static void memory_close(struct port *port)
{
	struct port_memory *memory = port->handle;

	memory->closed++;
	port->handle = NULL;
}

const struct port_operations port_memory = {
	.name = "memory",
	.open = memory_open,
	.read = memory_read,
	.write = memory_write,
	.modem_lines = memory_modem_lines,
	.close = memory_close,
};
