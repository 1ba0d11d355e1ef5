/* The receive side of a serial port: bytes under way on the wire, each with the time at which it
 * arrives, and the ring of the firmware's interrupt.  Without flow control (a UART) the ring
 * silently loses what does not fit; with it (USB CDC) bytes wait on the wire until there is room.
 */
#ifndef SIM_RECEIVER_H
#define SIM_RECEIVER_H

#include "sim/printer.h"

enum {
	RECEIVED_NOISE = 1,	 /* noise replaced this byte */
	RECEIVED_AFTER_LOSS = 2, /* bytes before it were lost in the board */
	RECEIVED_SHIFTED = 4,	 /* noise took a byte before it away */
};

enum { RECEIVER_IDLE_BYTES = 512 }; /* may lie on the wire without anybody looking */

struct received {
	uint8_t byte;
	uint8_t flags;
};

struct receiver {
	/* The wire: indices only grow, positions are modulo SIM_WIRE_BYTES. */
	struct {
		int64_t at_us;
		struct received received;
	} wire[SIM_WIRE_BYTES];
	uint64_t wire_head, wire_tail;
	uint64_t line_end;    /* first line end on the wire at or behind wire_head, or wire_tail */
	uint64_t wanted;      /* the same for receiver_wanted_us */
	int64_t wire_free_ns; /* when the last byte has arrived */
	int64_t byte_ns;
	bool waits; /* flow control */

	struct received ring[SIM_RX_MAX];
	uint32_t ring_head, ring_count;
	uint32_t ring_usable;
	bool lost; /* bytes were lost since the last one that was kept */
};

void receiver_init(struct receiver *receiver, int64_t byte_ns, bool waits, int32_t ring_bytes);

/* The ring takes nothing more and the wire waits for it. */
bool receiver_is_blocked(const struct receiver *receiver);

/* Bytes that receiver_send takes. */
size_t receiver_room(const struct receiver *receiver);

/* A byte starts on the wire; there is room. */
void receiver_send(struct receiver *receiver, struct received byte, int64_t now_us);

/* When the first line end on the wire arrives; without one, when all of many bytes have; SIM_NEVER:
 * nothing that a firmware would have to look at. */
int64_t receiver_line_end_us(struct receiver *receiver);

/* When the first byte on the wire arrives; SIM_NEVER: the wire is empty, or waits. */
int64_t receiver_next_us(const struct receiver *receiver);

/* When the first byte on the wire that `wanted` names arrives; without one, when all of many bytes
 * have; SIM_NEVER.  A receiver is asked with one and the same function all its life. */
int64_t receiver_wanted_us(struct receiver *receiver, bool (*wanted)(uint8_t byte));

/* The first byte on the wire, which is not empty. */
uint8_t receiver_first(const struct receiver *receiver);

/* Takes the first byte of the wire without the ring: the interrupt acts on it itself. */
void receiver_skip(struct receiver *receiver);

/* Moves the first byte of the wire into the ring.  False: the ring was full, the byte is gone.
 * *byte is the byte as the interrupt sees it, kept or not. */
bool receiver_interrupt(struct receiver *receiver, uint8_t *byte);

/* Throws the first byte of the wire away: nobody listens. */
void receiver_drop(struct receiver *receiver);

/* Takes the oldest byte of the ring; false: empty. */
bool receiver_read(struct receiver *receiver, struct received *received);

/* Empties the ring; returns how many bytes that were.  *cut: they did not end with a line end. */
uint32_t receiver_flush(struct receiver *receiver, bool *cut);

bool receiver_wire_is_empty(const struct receiver *receiver);

#endif
