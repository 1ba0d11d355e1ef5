/* The electronics around a firmware model; see board.h. */
#include "sim/board.h"

#include <assert.h> /* assert */
#include <string.h> /* memcpy, memset, strlen */

void board_init(
	struct board *board, const struct sim_settings *settings, uint64_t seed, int64_t now_us)
{
	struct random random;
	uint64_t mixed = seed;

	for (const char *name = settings->name; *name; name++)
		mixed = mixed * 1099511628211u + (uint8_t)*name;
	random_init(&random, mixed);
	memset(board, 0, sizeof *board);
	board->settings = *settings;
	bool cdc = settings->link == SIM_LINK_CDC;
	receiver_init(&board->receiver, cdc ? SIM_CDC_BYTE_NS : 10000000000 / settings->baud, cdc,
		settings->rx_bytes);
	heat_init(&board->heat, settings->ambient_celsius, settings->heat_factor, now_us);
	motion_init(&board->planner, settings->blocks, now_us);
	noise_init(&board->noise_up, random_bits(&random), settings->noise_up);
	noise_init(&board->noise_down, random_bits(&random), settings->noise_down);
	board->noise_up.shifts = board->noise_down.shifts = settings->noise_shifts;
	random_init(&board->ok_random, random_bits(&random));
	board->listening = true;
}

/* When the last of `bytes` that arrive at the adapter from start_us to end_us leaves it.  Packets
 * that fill up leave at once, and earlier lines with them; the rest waits for the timer, which
 * ticks anew from each packet on. */
static int64_t packet_leaves_us(
	struct board *board, uint32_t bytes, int64_t start_us, int64_t end_us)
{
	int64_t timer_us = board->settings.latency_timer_us;

	if (timer_us == 0)
		return end_us;
	if (board->packet_us + timer_us <= start_us) {
		board->packet_us += (start_us - board->packet_us) / timer_us * timer_us;
		board->packet_bytes = 0;
	}
	board->packet_bytes += bytes;
	if (board->packet_bytes >= SIM_PACKET_BYTES) {
		for (uint32_t i = 0; i < board->line_count; i++) {
			uint32_t slot = (board->line_head + i) % BOARD_OUTPUT_LINES;
			if (board->line[slot].leaves_us > end_us)
				board->line[slot].leaves_us = end_us;
		}
		board->packet_bytes %= SIM_PACKET_BYTES;
		board->packet_us = end_us;
		if (board->packet_bytes == 0)
			return end_us;
	}
	return board->packet_us + ((end_us - board->packet_us) / timer_us + 1) * timer_us;
}

static void put_byte(struct board *board, uint8_t byte)
{
	board->output[board->output_tail++ % BOARD_OUTPUT_BYTES] = (char)byte;
}

static void put_noisy(struct board *board, uint8_t byte)
{
	uint8_t added;
	enum noise_outcome outcome = board->settings.link == SIM_LINK_CDC
					     ? NOISE_CLEAN
					     : noise_pass(&board->noise_down, &byte, &added);

	board->counters.noise_down_bytes += outcome != NOISE_CLEAN;
	if (outcome == NOISE_ADDED)
		put_byte(board, added);
	if (outcome != NOISE_LOST)
		put_byte(board, byte);
}

static void put_line(
	struct board *board, const char *text, size_t length, int64_t start_us, int64_t end_us)
{
	size_t free_bytes = BOARD_OUTPUT_BYTES - (size_t)(board->output_tail - board->output_head);
	uint64_t from = board->output_tail;

	/* Noise may double the bytes. */
	if (!board->listening || 2 * length > free_bytes ||
		board->line_count == BOARD_OUTPUT_LINES) {
		board->counters.lost_output_bytes += (int64_t)length;
		return;
	}
	for (size_t i = 0; i < length; i++)
		put_noisy(board, (uint8_t)text[i]);
	uint32_t bytes = (uint32_t)(board->output_tail - from);
	if (bytes == 0)
		return;
	int64_t leaves_us = packet_leaves_us(board, bytes, start_us, end_us);
	uint32_t slot = (board->line_head + board->line_count++) % BOARD_OUTPUT_LINES;
	board->line[slot].start_us = start_us;
	board->line[slot].end_us = end_us;
	board->line[slot].leaves_us = leaves_us;
	board->line[slot].bytes = bytes;
}

static int64_t sending_us(const struct board *board, size_t length)
{
	return ((int64_t)length * board->receiver.byte_ns + 999) / 1000;
}

int64_t board_print(struct board *board, const char *text, size_t length, int64_t now_us)
{
	int64_t end_us = now_us + sending_us(board, length);

	put_line(board, text, length, now_us, end_us);
	return end_us;
}

int64_t board_print_ok(struct board *board, const char *text, size_t length, int64_t now_us)
{
	board->counters.oks++;
	if (board->settings.lost_ok > 0 &&
		random_unit(&board->ok_random) < board->settings.lost_ok) {
		board->counters.lost_oks++;
		return now_us + sending_us(board, length);
	}
	int64_t end_us = board_print(board, text, length, now_us);
	if (board->settings.doubled_ok > 0 &&
		random_unit(&board->ok_random) < board->settings.doubled_ok) {
		board->counters.doubled_oks++;
		end_us = board_print(board, text, length, end_us);
	}
	return end_us;
}

void board_cut_output(struct board *board, int64_t now_us)
{
	while (board->line_count > 0) {
		uint32_t last = (board->line_head + board->line_count - 1) % BOARD_OUTPUT_LINES;
		int64_t sent_us = now_us - board->line[last].start_us;
		if (board->line[last].end_us <= now_us)
			return;
		int64_t whole_us = board->line[last].end_us - board->line[last].start_us;
		uint32_t kept =
			sent_us <= 0
				? 0
				: (uint32_t)((int64_t)board->line[last].bytes * sent_us / whole_us);
		board->output_tail -= board->line[last].bytes - kept;
		board->line[last].bytes = kept;
		board->line[last].end_us = now_us;
		if (board->settings.latency_timer_us == 0)
			board->line[last].leaves_us = now_us;
		if (kept > 0)
			return;
		board->line_count--;
	}
}

void board_drop_output(struct board *board)
{
	board->counters.lost_output_bytes += (int64_t)(board->output_tail - board->output_head);
	board->output_head = board->output_tail;
	board->line_count = 0;
}

int64_t board_output_us(const struct board *board)
{
	return board->line_count == 0
		       ? SIM_NEVER
		       : board->line[board->line_head].leaves_us + board->settings.latency_us;
}

size_t board_take_output(struct board *board, char *buffer, size_t capacity, int64_t now_us)
{
	size_t taken = 0;

	while (taken < capacity && board_output_us(board) <= now_us) {
		uint32_t want = board->line[board->line_head].bytes;
		uint32_t part = want < capacity - taken ? want : (uint32_t)(capacity - taken);
		size_t at = board->output_head % BOARD_OUTPUT_BYTES;
		size_t first = BOARD_OUTPUT_BYTES - at < part ? BOARD_OUTPUT_BYTES - at : part;
		memcpy(buffer + taken, board->output + at, first);
		memcpy(buffer + taken + first, board->output, part - first);
		board->output_head += part;
		taken += part;
		board->line[board->line_head].bytes -= part;
		if (part == want) {
			board->line_head = (board->line_head + 1) % BOARD_OUTPUT_LINES;
			board->line_count--;
		}
	}
	board->counters.sent_bytes += (int64_t)taken;
	return taken;
}

static void put_record(struct board *board, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < length; i++)
		board->executed[board->executed_tail++ % BOARD_EXECUTED_BYTES] = from[i];
}

static void get_record(struct board *board, void *bytes, size_t length)
{
	uint8_t *to = bytes;

	for (size_t i = 0; i < length; i++)
		to[i] = board->executed[board->executed_head++ % BOARD_EXECUTED_BYTES];
}

void board_executed(struct board *board, const struct board_origin *origin, const char *command)
{
	size_t size = strlen(command);
	uint8_t length = (uint8_t)size;
	size_t used = (size_t)(board->executed_tail - board->executed_head);

	assert(size < SIM_COMMAND_MAX && size <= UINT8_MAX);
	assert(used + sizeof origin->number + 1 + length <= BOARD_EXECUTED_BYTES);
	(void)used, (void)size;
	put_record(board, &origin->number, sizeof origin->number);
	put_record(board, &length, 1);
	put_record(board, command, length);
	board->counters.executed++;
	if (origin->number != SIM_UNNUMBERED)
		board->counters.damaged_accepted += origin->noise;
	else if (origin->torn)
		board->counters.torn_executed++;
	else if (origin->cut)
		board->counters.tail_executed++;
	else if (origin->noise)
		board->counters.damaged_unnumbered_executed++;
}

bool board_next_executed(struct board *board, struct sim_executed *executed)
{
	uint8_t length;

	if (board->executed_head == board->executed_tail)
		return false;
	get_record(board, &executed->number, sizeof executed->number);
	get_record(board, &length, 1);
	get_record(board, executed->command, length);
	executed->command[length] = '\0';
	return true;
}

size_t board_executed_room(const struct board *board)
{
	/* What is under way or queued may still take its part. */
	size_t used = (size_t)(board->executed_tail - board->executed_head);
	size_t reserve = (size_t)(board->receiver.wire_tail - board->receiver.wire_head +
				  board->receiver.ring_count) *
				 BOARD_EXECUTED_EXPANSION +
			 (SIM_BUFSIZE_MAX + 2) * 2 * SIM_COMMAND_MAX;

	if (used + reserve >= BOARD_EXECUTED_BYTES)
		return 0;
	return (BOARD_EXECUTED_BYTES - used - reserve) / BOARD_EXECUTED_EXPANSION;
}
