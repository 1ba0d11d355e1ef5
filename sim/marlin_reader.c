/* From received bytes to queued lines, as get_serial_commands() of Marlin 2.0.9.5 does it; the
 * order of checks is serial-protocols.md 3.2, the emergency parser 3.7. */
#include "sim/marlin.h"

#include <string.h> /* memset, strchr, strrchr, strstr, memcpy */

/* ---- emergency parser: a state machine in the receive interrupt ---- */

enum {
	EMERGENCY_RESET,
	EMERGENCY_N,
	EMERGENCY_M,
	EMERGENCY_M1,
	EMERGENCY_M10,
	EMERGENCY_M108,
	EMERGENCY_M11,
	EMERGENCY_M112,
	EMERGENCY_M4,
	EMERGENCY_M41,
	EMERGENCY_M410,
	EMERGENCY_M8,
	EMERGENCY_M87,
	EMERGENCY_M876,
	EMERGENCY_M876S,
	EMERGENCY_M876SN,
	EMERGENCY_IGNORE, /* until the line end */
};

static const struct {
	int8_t from;
	char byte;
	int8_t to;
} emergency_steps[] = {
	{ EMERGENCY_RESET, ' ', EMERGENCY_RESET },
	{ EMERGENCY_RESET, 'N', EMERGENCY_N },
	{ EMERGENCY_RESET, 'M', EMERGENCY_M },
	{ EMERGENCY_N, ' ', EMERGENCY_N },
	{ EMERGENCY_N, 'M', EMERGENCY_M },
	{ EMERGENCY_M, ' ', EMERGENCY_M },
	{ EMERGENCY_M, '1', EMERGENCY_M1 },
	{ EMERGENCY_M, '4', EMERGENCY_M4 },
	{ EMERGENCY_M, '8', EMERGENCY_M8 },
	{ EMERGENCY_M1, '0', EMERGENCY_M10 },
	{ EMERGENCY_M1, '1', EMERGENCY_M11 },
	{ EMERGENCY_M10, '8', EMERGENCY_M108 },
	{ EMERGENCY_M11, '2', EMERGENCY_M112 },
	{ EMERGENCY_M4, '1', EMERGENCY_M41 },
	{ EMERGENCY_M41, '0', EMERGENCY_M410 },
	{ EMERGENCY_M8, '7', EMERGENCY_M87 },
	{ EMERGENCY_M87, '6', EMERGENCY_M876 },
	{ EMERGENCY_M876, ' ', EMERGENCY_M876 },
	{ EMERGENCY_M876, 'S', EMERGENCY_M876S },
	{ EMERGENCY_M876S, ' ', EMERGENCY_M876S },
};

static int32_t emergency_next(struct marlin *marlin, uint8_t byte)
{
	int32_t state = marlin->emergency_state;

	switch (state) {
	case EMERGENCY_M108:
	case EMERGENCY_M112:
	case EMERGENCY_M410:
	case EMERGENCY_M876SN:
	case EMERGENCY_IGNORE:
		return state;
	}
	if (state == EMERGENCY_N && byte >= '0' && byte <= '9')
		return EMERGENCY_N;
	if (state == EMERGENCY_M876S && byte >= '0' && byte <= '9') {
		marlin->emergency_answer = byte - '0';
		return EMERGENCY_M876SN;
	}
	for (size_t i = 0; i < sizeof emergency_steps / sizeof emergency_steps[0]; i++)
		if (emergency_steps[i].from == state && emergency_steps[i].byte == (char)byte)
			return emergency_steps[i].to;
	return EMERGENCY_IGNORE;
}

static void emergency_act(struct marlin *marlin)
{
	switch (marlin->emergency_state) {
	case EMERGENCY_M108:
		marlin->wait_for_heatup = false;
		marlin->wait_for_user = false;
		break;
	case EMERGENCY_M112:
		marlin->emergency_kill = true;
		break;
	case EMERGENCY_M410:
		marlin->emergency_stop = true;
		break;
	case EMERGENCY_M876SN:
		marlin->wait_for_user = false;
		break;
	}
}

static void emergency_byte(struct marlin *marlin, uint8_t byte)
{
	if (byte == '\n' || byte == '\r') {
		emergency_act(marlin);
		marlin->emergency_state = EMERGENCY_RESET;
	} else {
		marlin->emergency_state = emergency_next(marlin, byte);
	}
}

/* ---- the interrupt ---- */

static void interrupt(struct marlin *marlin)
{
	struct board *board = marlin->board;
	uint8_t byte;

	if (!receiver_interrupt(&board->receiver, &byte))
		board->counters.rx_overruns++;
	if (board->settings.emergency_parser)
		emergency_byte(marlin, byte);
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
	marlin->emergency_state = EMERGENCY_RESET;
	marlin->emergency_kill = false;
	marlin->emergency_stop = false;
}

void sim_marlin_request_resend(struct marlin *marlin)
{
	bool cut;

	sim_marlin_reader_interrupts(marlin);
	marlin->board->counters.flushed_bytes += receiver_flush(&marlin->board->receiver, &cut);
	marlin->line_cut |= cut;
	sim_marlin_say(marlin, "Resend: %ld\n", (long)marlin->last_number + 1);
	marlin->board->counters.resends++;
	if (marlin->variant->resend_ok)
		marlin->now_us = board_print_ok(marlin->board, "ok\n", 3, marlin->now_us);
}

static void line_error(struct marlin *marlin, const char *what, int64_t *counter)
{
	++*counter;
	/* No transmit buffer: bytes go on arriving while this is printed, and are then thrown away.
	 */
	sim_marlin_say(marlin, "Error:%s, Last Line: %ld\n", what, (long)marlin->last_number);
	sim_marlin_request_resend(marlin);
}

/* strtol of a firmware whose long has 32 bits. */
static int32_t to_long(const char *text)
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

static uint8_t checksum(const char *line, const char *end)
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
	int32_t number = to_long(number_at + 1);
	int64_t last = marlin->last_number;
	if (number != last + 1 && !m110) {
		if (marlin->variant->drop_repeats && (number == last || number == last - 1)) {
			counters->dropped_repeats++;
			return false;
		}
		line_error(
			marlin, "Line Number is not Last Line Number+1", &counters->number_errors);
		return false;
	}
	const char *star = strrchr(command, '*');
	if (!star) {
		line_error(marlin, "No Checksum with line number", &counters->no_checksum_errors);
		return false;
	}
	if (to_long(star + 1) != checksum(command, star)) {
		line_error(marlin, "checksum mismatch", &counters->checksum_errors);
		return false;
	}
	marlin->last_number = number;
	origin->number = to_long(command + 1);
	return true;
}

/* Without an emergency parser these are looked for when the line is read; false: the printer is
 * dead. */
static bool early_command(struct marlin *marlin, const char *command)
{
	if (marlin->board->settings.emergency_parser)
		return true;
	if (strncmp(command, "M108", 4) == 0) {
		marlin->wait_for_heatup = false;
		marlin->wait_for_user = false;
	} else if (strncmp(command, "M112", 4) == 0) {
		sim_marlin_kill(marlin, "M112 Shutdown");
		return false;
	} else if (strncmp(command, "M410", 4) == 0) {
		sim_marlin_quickstop(marlin);
	}
	return true;
}

static void note_damage(const struct marlin *marlin, int32_t length, struct board_origin *origin)
{
	const char *star = strrchr(marlin->line, '*');
	int32_t content = star ? (int32_t)(star - marlin->line) : length;

	for (int32_t i = 0; i < content; i++)
		origin->noise |= (marlin->line_flags[i] & (RECEIVED_NOISE | RECEIVED_SHIFTED)) != 0;
	for (int32_t i = 0; i < length; i++)
		origin->cut |= (marlin->line_flags[i] & RECEIVED_AFTER_LOSS) != 0;
}

static void line_done(struct marlin *marlin, uint8_t end_flags)
{
	int32_t length = marlin->line_length;
	struct board_origin origin = { SIM_UNNUMBERED, false, marlin->line_torn, marlin->line_cut };

	marlin->line[length] = '\0';
	marlin->line_length = 0;
	marlin->skip_rest = false;
	marlin->escaped = false;
	marlin->line_torn = (end_flags & RECEIVED_NOISE) != 0;
	marlin->line_cut = false;
	if (length == 0)
		return;
	origin.torn |= (end_flags & RECEIVED_NOISE) != 0;
	origin.noise = (end_flags & RECEIVED_SHIFTED) != 0;
	note_damage(marlin, length, &origin);
	const char *command = marlin->line;
	while (*command == ' ')
		command++;
	if (*command == 'N' && !check_number(marlin, command, &origin))
		return;
	if (!early_command(marlin, command))
		return;
	int32_t slot = (marlin->queue_head + marlin->queue_length++) % SIM_BUFSIZE_MAX;
	memcpy(marlin->queue[slot].text, marlin->line, (size_t)length + 1);
	marlin->queue[slot].origin = origin;
	marlin->queue[slot].queued_us = marlin->now_us;
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

void sim_marlin_reader_run(struct marlin *marlin)
{
	struct receiver *receiver = &marlin->board->receiver;
	struct received received;

	/* M108 ends a wait in the interrupt, before the line that brought it is read. */
	while (marlin->life == MARLIN_RUNNING && !sim_marlin_released(marlin) &&
		marlin->queue_length < marlin->board->settings.bufsize) {
		if (!receiver_read(receiver, &received)) {
			/* An idle firmware takes each byte as it comes. */
			if (receiver_next_us(receiver) > marlin->now_us)
				return;
			interrupt(marlin);
			continue;
		}
		if (received.byte != '\n' && received.byte != '\r') {
			line_byte(marlin, received);
			continue;
		}
		int64_t before_us = marlin->now_us;
		line_done(marlin, received.flags);
		if (marlin->now_us > before_us)
			sim_marlin_reader_interrupts(marlin);
	}
}
