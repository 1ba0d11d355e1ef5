/* The receive interrupt and the line reader of grbl 1.1: serial.c and protocol.c. */
#include "sim/grbl.h"

#include <string.h> /* memset */

/* The thread has to look: a line end, or a byte that acts at once. */
bool sim_grbl_is_wanted(uint8_t byte)
{
	switch (byte) {
	case '\n':
	case '\r':
	case '?':
	case '!':
	case '~':
	case 0x18:
	case 0x19:
		return true;
	default:
		return byte >= 0x80;
	}
}

/* Nothing but the next byte of a line is awaited: then the thread takes each byte at once. */
static bool reads(const struct grbl *grbl)
{
	return !grbl->running && !sim_grbl_is_suspended(grbl) && !grbl->critical &&
	       !(grbl->wanted & GRBL_WANT_RESET);
}

static bool is_line_end(uint8_t byte)
{
	return byte == '\n' || byte == '\r';
}

/* Up to the line end, which stays in the ring. */
static void take_part_of_a_line(struct grbl *grbl);

void sim_grbl_interrupts(struct grbl *grbl)
{
	struct board *board = grbl->board;
	struct receiver *receiver = &board->receiver;
	uint8_t byte;

	while (receiver_next_us(receiver) <= grbl->now_us) {
		if (sim_grbl_realtime(grbl, receiver_first(receiver))) {
			receiver_skip(receiver);
			continue;
		}
		if (!receiver_interrupt(receiver, &byte))
			board->counters.rx_overruns++;
		if (reads(grbl))
			take_part_of_a_line(grbl);
	}
}

/* ---- lines ---- */

void sim_grbl_reader_reset(struct grbl *grbl)
{
	grbl->length = grbl->heard_length = 0;
	grbl->comment = grbl->semicolon = grbl->overflow = grbl->after_cr = false;
	memset(&grbl->origin, 0, sizeof grbl->origin);
	grbl->origin.number = SIM_UNNUMBERED;
}

void sim_grbl_next_line(struct grbl *grbl, bool torn)
{
	bool after_cr = grbl->after_cr;

	sim_grbl_reader_reset(grbl);
	grbl->after_cr = after_cr;
	grbl->origin.torn = torn;
}

static void keep_heard(struct grbl *grbl, struct received received)
{
	if (received.flags & RECEIVED_NOISE)
		grbl->origin.noise = true;
	if (received.flags & RECEIVED_AFTER_LOSS)
		grbl->origin.cut = true;
	if (grbl->heard_length < SIM_COMMAND_MAX - 1 && received.byte != 0)
		grbl->heard[grbl->heard_length++] = (char)received.byte;
}

/* What stays of a line: no blanks, no comments, upper case. */
static void keep(struct grbl *grbl, char c)
{
	if (grbl->comment || grbl->semicolon) {
		if (c == ')' && grbl->comment)
			grbl->comment = false;
		return;
	}
	if (c <= ' ' || c == '/')
		return;
	if (c == '(') {
		grbl->comment = true;
		return;
	}
	if (c == ';') {
		grbl->semicolon = true;
		return;
	}
	if (grbl->length >= grbl->variant->line_max) {
		grbl->overflow = !grbl->variant->cuts_lines;
		return;
	}
	grbl->line[grbl->length++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static void take_part_of_a_line(struct grbl *grbl)
{
	struct receiver *receiver = &grbl->board->receiver;
	struct received received;

	while (receiver->ring_count > 0 && !is_line_end(receiver->ring[receiver->ring_head].byte)) {
		receiver_read(receiver, &received);
		keep_heard(grbl, received);
		keep(grbl, (char)received.byte);
		grbl->after_cr = false;
	}
}

bool sim_grbl_read_line(struct grbl *grbl)
{
	struct receiver *receiver = &grbl->board->receiver;
	struct received end;

	for (;;) {
		take_part_of_a_line(grbl);
		if (!receiver_read(receiver, &end))
			return false;
		bool second = grbl->variant->crlf_is_one && end.byte == '\n' && grbl->after_cr &&
			      grbl->heard_length == 0;
		grbl->after_cr = end.byte == '\r';
		if (second) {
			grbl->after_cr = false;
			continue;
		}
		grbl->line[grbl->length] = '\0';
		grbl->heard[grbl->heard_length] = '\0';
		grbl->end_is_noise = (end.flags & RECEIVED_NOISE) != 0;
		grbl->origin.torn |= grbl->end_is_noise;
		grbl->origin.cut |= (end.flags & RECEIVED_AFTER_LOSS) != 0;
		return true;
	}
}
