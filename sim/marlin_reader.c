/* From received bytes to queued lines, as get_serial_commands() of Marlin 2.0.9.5 does it; the
 * order of checks is serial-protocols.md 3.2. */
#include "sim/marlin.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strchr, strrchr, strstr, strncmp */

/* ---- the interrupt ---- */

/* A byte that the interrupt acts on never comes to its line.  If it is one by noise, the line has
 * lost a byte: the next one tells. */
static void eat(struct board *board)
{
	struct receiver *receiver = &board->receiver;
	bool noise = receiver->wire[receiver->wire_head % SIM_WIRE_BYTES].received.flags &
		     RECEIVED_NOISE;

	receiver_skip(receiver);
	if (!noise)
		return;
	if (receiver_wire_is_empty(receiver))
		board->shifted = true;
	else
		receiver->wire[receiver->wire_head % SIM_WIRE_BYTES].received.flags |=
			RECEIVED_SHIFTED;
}

static void interrupt(struct marlin *marlin)
{
	struct board *board = marlin->board;
	uint8_t byte;

	if (marlin->family->realtime &&
		marlin->family->realtime(marlin, receiver_first(&board->receiver))) {
		eat(board);
		return;
	}
	if (!receiver_interrupt(&board->receiver, &byte))
		board->counters.rx_overruns++;
	if (board->settings.emergency_parser)
		sim_marlin_emergency_byte(marlin, byte);
}

void sim_marlin_reader_interrupts(struct marlin *marlin)
{
	while (receiver_next_us(&marlin->board->receiver) <= marlin->now_us)
		interrupt(marlin);
}

/* ---- lines ---- */

void sim_marlin_reader_reset(struct marlin *marlin)
{
	marlin->line_length = 0;
	marlin->skip_rest = false;
	marlin->escaped = false;
	marlin->line_torn = false;
	marlin->last_number = 0;
	marlin->emergency_state = 0; /* the start of a line */
	marlin->emergency_kill = false;
	marlin->emergency_stop = false;
}

/* Flushing is reading until nothing is left: the unpacker keeps its place in the stream. */
static void flush_unpacked(struct marlin *marlin)
{
	struct received received;
	uint8_t characters[MEATPACK_UNPACKED_MAX];
	bool answer;

	if (!marlin->board->settings.meatpack)
		return;
	marlin->unpacked_count = 0;
	while (receiver_read(&marlin->board->receiver, &received)) {
		meatpack_take(&marlin->meatpack, received.byte, characters, &answer);
		marlin->board->counters.flushed_bytes++;
		marlin->line_cut = received.byte != '\n';
	}
}

static void resend_ok(struct marlin *marlin)
{
	switch (marlin->variant->resend_ok) {
	case MARLIN_RESEND_OK:
		marlin->now_us = board_print_ok(marlin->board, "ok\n", 3, marlin->now_us);
		break;
	case MARLIN_RESEND_OK_OF_HEAD:
		if (marlin->queue[marlin->queue_head].text[0] &&
			!marlin->queue[marlin->queue_head].silent)
			sim_marlin_ok(marlin);
		break;
	case MARLIN_RESEND_OK_NEVER:
		break;
	}
}

void sim_marlin_request_resend(struct marlin *marlin)
{
	bool cut;

	sim_marlin_reader_interrupts(marlin);
	flush_unpacked(marlin);
	marlin->board->counters.flushed_bytes += receiver_flush(&marlin->board->receiver, &cut);
	marlin->line_cut |= cut;
	sim_marlin_say(marlin, "Resend: %ld\n", (long)marlin->last_number + 1);
	marlin->board->counters.resends++;
	resend_ok(marlin);
}

void sim_marlin_line_error(struct marlin *marlin, const char *what, int64_t *counter)
{
	++*counter;
	/* No transmit buffer: bytes go on arriving while this is printed, and are then thrown away.
	 */
	sim_marlin_say(marlin, "Error:%s, Last Line: %ld\n", what, (long)marlin->last_number);
	sim_marlin_request_resend(marlin);
}

/* strtol of a firmware whose long has 32 bits. */
int32_t sim_marlin_long(const char *text)
{
	while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
		text++;
	bool negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	int64_t value = 0;
	while (*text >= '0' && *text <= '9' && value <= INT32_MAX)
		value = value * 10 + (*text++ - '0');
	value = negative ? -value : value;
	return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

uint8_t sim_marlin_checksum(const char *line, const char *end)
{
	uint8_t sum = 0;

	while (line < end)
		sum ^= (uint8_t)*line++;
	return sum;
}

/* Checks a numbered line; true: accepted. */
static bool check_number(struct marlin *marlin, const char *command, struct board_origin *origin)
{
	struct sim_counters *counters = &marlin->board->counters;
	bool m110 = strstr(command, "M110") != NULL;
	const char *number_at = command;

	if (m110 && strlen(command) > 4) {
		const char *second = strchr(command + 4, 'N');
		if (second)
			number_at = second;
	}
	int32_t number = sim_marlin_long(number_at + 1);
	int64_t last = marlin->last_number;
	if (number != last + 1 && !m110) {
		if (marlin->variant->drop_repeats && (number == last || number == last - 1)) {
			counters->dropped_repeats++;
			return false;
		}
		sim_marlin_line_error(
			marlin, "Line Number is not Last Line Number+1", &counters->number_errors);
		return false;
	}
	const char *star = strrchr(command, '*');
	if (!star) {
		sim_marlin_line_error(
			marlin, "No Checksum with line number", &counters->no_checksum_errors);
		return false;
	}
	if (sim_marlin_long(star + 1) != sim_marlin_checksum(command, star)) {
		sim_marlin_line_error(marlin, "checksum mismatch", &counters->checksum_errors);
		return false;
	}
	marlin->last_number = number;
	origin->number = sim_marlin_long(command + 1);
	return true;
}

/* Without an emergency parser these are looked for when the line is read; false: the printer is
 * dead. */
static bool early_command(struct marlin *marlin, const char *command)
{
	size_t bytes = marlin->variant->exact_early ? 5 : 4;

	if (marlin->board->settings.emergency_parser)
		return true;
	if (strncmp(command, "M108", bytes) == 0) {
		marlin->wait_for_heatup = false;
		marlin->wait_for_user = false;
	} else if (strncmp(command, "M112", bytes) == 0) {
		sim_marlin_kill(marlin, "M112 Shutdown");
		return false;
	} else if (strncmp(command, "M410", bytes) == 0) {
		sim_marlin_quickstop(marlin);
	}
	return true;
}

/* A checksum without a number: executed since 1.1.7, before that an error and nothing else. */
static bool is_mute_error(struct marlin *marlin, const char *command)
{
	if (!marlin->variant->mute_without_number || !strchr(command, '*'))
		return false;
	marlin->board->counters.number_errors++;
	sim_marlin_say(marlin, "Error:No Line Number with checksum, Last Line: %ld\n",
		(long)marlin->last_number);
	return true;
}

static void note_damage(const struct marlin *marlin, int32_t length, struct board_origin *origin)
{
	const char *star =
		marlin->family->first_star ? strchr(marlin->line, '*') : strrchr(marlin->line, '*');
	/* An asterisk that noise has made is damage itself. */
	int32_t content = star ? (int32_t)(star - marlin->line) + 1 : length;

	for (int32_t i = 0; i < content; i++)
		origin->noise |= (marlin->line_flags[i] & (RECEIVED_NOISE | RECEIVED_SHIFTED)) != 0;
	for (int32_t i = 0; i < length; i++)
		origin->cut |= (marlin->line_flags[i] & RECEIVED_AFTER_LOSS) != 0;
}

struct board_origin sim_marlin_end_line(struct marlin *marlin, uint8_t end_flags)
{
	int32_t length = marlin->line_length;
	struct board_origin origin = { SIM_UNNUMBERED, false, marlin->line_torn, marlin->line_cut };

	marlin->line[length] = '\0';
	marlin->line_length = 0;
	marlin->skip_rest = false;
	marlin->escaped = false;
	marlin->line_torn = (end_flags & RECEIVED_NOISE) != 0;
	marlin->line_cut = false;
	origin.torn |= (end_flags & RECEIVED_NOISE) != 0;
	origin.noise = (end_flags & RECEIVED_SHIFTED) != 0;
	note_damage(marlin, length, &origin);
	return origin;
}

void sim_marlin_enqueue(
	struct marlin *marlin, const char *text, const struct board_origin *origin, bool silent)
{
	int32_t slot = (marlin->queue_head + marlin->queue_length++) % SIM_BUFSIZE_MAX;
	struct sim_marlin_command *command = &marlin->queue[slot];

	snprintf(command->text, sizeof command->text, "%s", text);
	command->origin = *origin;
	command->queued_us = marlin->now_us;
	command->silent = silent;
	command->panel = false;
}

bool sim_marlin_inject(struct marlin *marlin, const char *text)
{
	const struct board_origin nobody = { SIM_UNNUMBERED, false, false, false };

	if (marlin->queue_length >= marlin->board->settings.bufsize ||
		marlin->queue_length >= SIM_BUFSIZE_MAX)
		return false;
	int32_t slot = (marlin->queue_head + marlin->queue_length) % SIM_BUFSIZE_MAX;
	sim_marlin_enqueue(marlin, text, &nobody, true);
	marlin->queue[slot].panel = true;
	return true;
}

static void line_done(struct marlin *marlin, uint8_t end_flags)
{
	int32_t length = marlin->line_length;
	struct board_origin origin = sim_marlin_end_line(marlin, end_flags);
	const char *command = marlin->line;

	if (length == 0)
		return;
	while (*command == ' ')
		command++;
	if (*command == 'N' ? !check_number(marlin, command, &origin)
			    : is_mute_error(marlin, command))
		return;
	if (early_command(marlin, command))
		sim_marlin_enqueue(marlin, marlin->line, &origin, false);
}

static void line_byte(struct marlin *marlin, struct received received)
{
	uint8_t byte = received.byte;

	if (marlin->line_length == 0 && received.flags & RECEIVED_AFTER_LOSS)
		marlin->line_cut = true;
	if (marlin->skip_rest)
		return;
	if (marlin->escaped) {
		marlin->escaped = false;
	} else if (byte == '\\') {
		marlin->escaped = true;
		return;
	} else if (byte == ';') {
		/* Ends the line as surely as a line end that noise makes. */
		marlin->line_torn |= (received.flags & RECEIVED_NOISE) != 0;
		marlin->skip_rest = true;
		return;
	}
	if (byte == 0x08 && marlin->board->settings.erases) {
		if (marlin->line_length > 0)
			marlin->line_length--;
		return;
	}
	marlin->line[marlin->line_length] = (char)byte;
	marlin->line_flags[marlin->line_length++] = received.flags;
	if (marlin->line_length >= MARLIN_LINE_MAX - 1)
		marlin->skip_rest = true;
}

static void received_byte(struct marlin *marlin, uint8_t byte, uint8_t flags)
{
	if (byte == '\n' || byte == '\r')
		line_done(marlin, flags);
	else
		line_byte(marlin, (struct received){ byte, flags });
}

/* Unpacks a byte off the ring. */
static void unpack(struct marlin *marlin, const struct received *received)
{
	uint8_t characters[MEATPACK_UNPACKED_MAX];
	bool answer;
	int count = meatpack_take(&marlin->meatpack, received->byte, characters, &answer);

	for (int i = 0; i < count; i++)
		marlin->unpacked[i] = (struct received){ characters[i], received->flags };
	marlin->unpacked_first = 0;
	marlin->unpacked_count = count;
	if (answer)
		sim_marlin_say(marlin, "[MP] PV01 %s %s\n", marlin->meatpack.on ? "ON" : "OFF",
			marlin->meatpack.no_spaces ? "NSP" : "ESP");
}

/* The next byte for the line reader; false: the ring is empty. */
static bool next_byte(struct marlin *marlin, struct received *received)
{
	for (;;) {
		if (marlin->unpacked_count > 0) {
			marlin->unpacked_count--;
			*received = marlin->unpacked[marlin->unpacked_first++];
			return true;
		}
		if (!receiver_read(&marlin->board->receiver, received))
			return false;
		if (!marlin->board->settings.meatpack)
			return true;
		unpack(marlin, received);
	}
}

void sim_marlin_reader_run(
	struct marlin *marlin, void (*take)(struct marlin *marlin, uint8_t byte, uint8_t flags))
{
	struct receiver *receiver = &marlin->board->receiver;
	struct received received;

	/* M108 ends a wait in the interrupt, before the line that brought it is read. */
	while (marlin->life == MARLIN_RUNNING && !sim_marlin_released(marlin) &&
		marlin->family->has_room(marlin)) {
		if (!next_byte(marlin, &received)) {
			/* An idle firmware takes each byte as it comes. */
			if (receiver_next_us(receiver) > marlin->now_us)
				return;
			interrupt(marlin);
			continue;
		}
		int64_t before_us = marlin->now_us;
		take(marlin, received.byte, received.flags);
		if (marlin->now_us > before_us)
			sim_marlin_reader_interrupts(marlin);
	}
}

void sim_marlin_read(struct marlin *marlin)
{
	sim_marlin_reader_run(marlin, received_byte);
}
