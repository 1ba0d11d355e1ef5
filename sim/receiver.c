/* Wire and receive ring; see receiver.h. */
#include "sim/receiver.h"

#include <assert.h> /* assert */
#include <string.h> /* memset */

void receiver_init(struct receiver *receiver, int64_t byte_ns, bool waits, int32_t ring_bytes)
{
	assert(byte_ns > 0 && ring_bytes > 1 && ring_bytes <= SIM_RX_MAX);
	memset(receiver, 0, sizeof *receiver);
	receiver->byte_ns = byte_ns;
	receiver->waits = waits;
	receiver->ring_usable = (uint32_t)ring_bytes - 1;
}

size_t receiver_room(const struct receiver *receiver)
{
	return SIM_WIRE_BYTES - (size_t)(receiver->wire_tail - receiver->wire_head);
}

bool receiver_is_blocked(const struct receiver *receiver)
{
	return receiver->waits && receiver->ring_count >= receiver->ring_usable;
}

bool receiver_wire_is_empty(const struct receiver *receiver)
{
	return receiver->wire_head == receiver->wire_tail;
}

void receiver_send(struct receiver *receiver, struct received byte, int64_t now_us)
{
	assert(receiver_room(receiver) > 0);
	if (receiver->wire_free_ns < now_us * 1000)
		receiver->wire_free_ns = now_us * 1000;
	receiver->wire_free_ns += receiver->byte_ns;
	size_t slot = receiver->wire_tail++ % SIM_WIRE_BYTES;
	receiver->wire[slot].at_us = (receiver->wire_free_ns + 999) / 1000;
	receiver->wire[slot].received = byte;
}

int64_t receiver_line_end_us(struct receiver *receiver)
{
	if (receiver_is_blocked(receiver))
		return SIM_NEVER;
	while (receiver->line_end < receiver->wire_tail) {
		size_t slot = receiver->line_end % SIM_WIRE_BYTES;
		uint8_t byte = receiver->wire[slot].received.byte;
		if (byte == '\n' || byte == '\r')
			return receiver->wire[slot].at_us;
		receiver->line_end++;
	}
	if (receiver->wire_tail - receiver->wire_head < RECEIVER_IDLE_BYTES)
		return SIM_NEVER;
	return receiver->wire[(receiver->wire_tail - 1) % SIM_WIRE_BYTES].at_us;
}

int64_t receiver_wanted_us(struct receiver *receiver, bool (*wanted)(uint8_t byte))
{
	if (receiver_is_blocked(receiver))
		return SIM_NEVER;
	if (receiver->wanted < receiver->wire_head)
		receiver->wanted = receiver->wire_head;
	for (; receiver->wanted < receiver->wire_tail; receiver->wanted++) {
		size_t slot = receiver->wanted % SIM_WIRE_BYTES;
		if (wanted(receiver->wire[slot].received.byte))
			return receiver->wire[slot].at_us;
	}
	if (receiver->wire_tail - receiver->wire_head < RECEIVER_IDLE_BYTES)
		return SIM_NEVER;
	return receiver->wire[(receiver->wire_tail - 1) % SIM_WIRE_BYTES].at_us;
}

uint8_t receiver_first(const struct receiver *receiver)
{
	assert(!receiver_wire_is_empty(receiver));
	return receiver->wire[receiver->wire_head % SIM_WIRE_BYTES].received.byte;
}

int64_t receiver_next_us(const struct receiver *receiver)
{
	return receiver_wire_is_empty(receiver) || receiver_is_blocked(receiver)
		       ? SIM_NEVER
		       : receiver->wire[receiver->wire_head % SIM_WIRE_BYTES].at_us;
}

static struct received take_from_wire(struct receiver *receiver)
{
	assert(!receiver_wire_is_empty(receiver));
	struct received received = receiver->wire[receiver->wire_head++ % SIM_WIRE_BYTES].received;
	if (receiver->line_end < receiver->wire_head)
		receiver->line_end = receiver->wire_head;
	return received;
}

bool receiver_interrupt(struct receiver *receiver, uint8_t *byte)
{
	struct received received = take_from_wire(receiver);

	*byte = received.byte;
	if (receiver->ring_count >= receiver->ring_usable) {
		receiver->lost = true;
		return false;
	}
	if (receiver->lost)
		received.flags |= RECEIVED_AFTER_LOSS;
	receiver->lost = false;
	receiver->ring[(receiver->ring_head + receiver->ring_count++) % SIM_RX_MAX] = received;
	return true;
}

void receiver_skip(struct receiver *receiver)
{
	take_from_wire(receiver);
}

void receiver_drop(struct receiver *receiver)
{
	take_from_wire(receiver);
	receiver->lost = true;
}

bool receiver_read(struct receiver *receiver, struct received *received)
{
	if (receiver->ring_count == 0)
		return false;
	*received = receiver->ring[receiver->ring_head];
	receiver->ring_head = (receiver->ring_head + 1) % SIM_RX_MAX;
	receiver->ring_count--;
	return true;
}

uint32_t receiver_flush(struct receiver *receiver, bool *cut)
{
	uint32_t count = receiver->ring_count;

	*cut = false;
	if (count > 0) {
		uint8_t last = receiver->ring[(receiver->ring_head + count - 1) % SIM_RX_MAX].byte;
		*cut = last != '\n' && last != '\r';
	}
	receiver->ring_head = 0;
	receiver->ring_count = 0;
	return count;
}
