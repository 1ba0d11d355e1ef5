/* A port that is two buffers, for tests: what the other end says is put in, what was written is
 * taken out; hang-ups, full queues and failures on demand. */
#ifndef DAEMON_STREAM_PORT_MEMORY_H
#define DAEMON_STREAM_PORT_MEMORY_H

#include "daemon/stream/port.h"

enum { PORT_MEMORY_BYTES = 65536 };

/* The other end. */
struct port_memory {
	char to_host[PORT_MEMORY_BYTES];
	size_t to_host_length;
	char from_host[PORT_MEMORY_BYTES];
	size_t from_host_length;
	size_t write_room; /* bytes the port takes before it says EAGAIN */
	int open_error;	   /* negative errno value that the next open gives */
	int write_error;
	bool hung_up;
	bool lines_asserted;
	int32_t baud; /* of the latest opening */
	int opened, closed, reset_edges;
};

extern const struct port_operations port_memory;

void port_memory_init(struct port_memory *memory);
/* Until changed, opening any path with port_memory opens this one. */
void port_memory_select(struct port_memory *memory);
void port_memory_say(struct port_memory *memory, const char *text);

#endif
