#include "daemon/stream/telemetry.h"

enum {
	RATE_US = 2000000, /* lines a second are counted over so long */
	ANSWER_SHARE = 8,  /* the latest answer is so much of the running mean */
};
/* An answer that takes so many times as long as the quickest one was held back. */
static const double late_times = 1.5;
/* ---- the flow -------------------------------------------------------------------- */

void telemetry_begin(struct telemetry *telemetry, int64_t now_us)
{
	*telemetry = (struct telemetry){ .rate_since_us = now_us };
	telemetry->numbers.answer_us = telemetry->numbers.answer_min_us = -1;
	telemetry->numbers.planner_free = telemetry->numbers.planner_size = -1;
	telemetry->numbers.queue_free = telemetry->numbers.queue_size = -1;
}

static const struct telemetry_command *leave_flight(struct telemetry *telemetry)
{
	const struct telemetry_command *command =
		&telemetry->flight[telemetry->first++ % TELEMETRY_FLIGHT_MAX];

	telemetry->flight_bytes -= command->bytes;
	return command;
}

void telemetry_plans_by_time(struct telemetry *telemetry, int64_t planned_us)
{
	telemetry->planned_us = planned_us;
}

void telemetry_offered(
	struct telemetry *telemetry, const struct move_time *time, size_t length, int64_t now_us)
{
	struct telemetry_command *command;

	/* More than any window: the oldest is not looked at any more. */
	if (telemetry->next - telemetry->first == TELEMETRY_FLIGHT_MAX)
		leave_flight(telemetry);
	command = &telemetry->flight[telemetry->next++ % TELEMETRY_FLIGHT_MAX];
	*command = (struct telemetry_command){ .offered_us = now_us,
		.duration_us = time->duration_us,
		.bytes = (uint8_t)(length + TELEMETRY_OVERHEAD_BYTES),
		.is_long = time->is_long };
	telemetry->flight_bytes += command->bytes;
	if (telemetry->flight_bytes > telemetry->numbers.in_flight_bytes_max)
		telemetry->numbers.in_flight_bytes_max = telemetry->flight_bytes;
}

/* A gap belongs to what held the lines up in it, and what is left to the link. */
static void blame(struct telemetry *telemetry, int64_t gap_us)
{
	struct wire_telemetry *numbers = &telemetry->numbers;
	int64_t left_us = gap_us;

	for (int stall = WIRE_STALLS - 1; stall > WIRE_STALL_LINK; stall--) {
		int64_t part_us = telemetry->reason_us[stall];

		if (part_us > left_us)
			part_us = left_us;
		numbers->stall_us[stall] += part_us;
		left_us -= part_us;
	}
	numbers->stall_us[WIRE_STALL_LINK] += left_us;
	numbers->starved_us += gap_us;
	numbers->starved_count++;
}

static void remember_block(struct telemetry *telemetry, int32_t us)
{
	int64_t size = telemetry->numbers.planner_size > 0 ? telemetry->numbers.planner_size
							   : TELEMETRY_BLOCKS;

	if (size > TELEMETRY_BLOCKS_MAX)
		size = TELEMETRY_BLOCKS_MAX;
	while (telemetry->block_count >= size) {
		int oldest =
			(telemetry->block_next - telemetry->block_count + TELEMETRY_BLOCKS_MAX) %
			TELEMETRY_BLOCKS_MAX;

		telemetry->blocks_us -= telemetry->block_us[oldest];
		telemetry->block_count--;
	}
	telemetry->block_us[telemetry->block_next] = us;
	telemetry->block_next = (telemetry->block_next + 1) % TELEMETRY_BLOCKS_MAX;
	telemetry->blocks_us += us;
	telemetry->block_count++;
}

static void close_reasons(struct telemetry *telemetry, int64_t now_us)
{
	for (int stall = 0; stall < WIRE_STALLS; stall++) {
		telemetry->reason_us[stall] = 0;
		if (telemetry->since_us[stall] != 0)
			telemetry->since_us[stall] = now_us;
	}
}

static void add_open_reasons(struct telemetry *telemetry, int64_t now_us)
{
	for (int stall = 0; stall < WIRE_STALLS; stall++)
		if (telemetry->since_us[stall] != 0)
			telemetry->reason_us[stall] += now_us - telemetry->since_us[stall];
}

static int64_t full_us(const struct telemetry *telemetry)
{
	return telemetry->planned_us > 0 ? telemetry->planned_us : telemetry->blocks_us;
}

/* It was believed to be filling, nothing else explains the wait, and in so short a time a planner
 * that was full does not run empty. */
static bool shows_a_full_planner(const struct telemetry *telemetry, int64_t waited_us)
{
	int64_t full = full_us(telemetry);

	for (int stall = 0; stall < WIRE_STALLS; stall++)
		if (telemetry->reason_us[stall] > 0)
			return false;
	return telemetry->primed && waited_us <= full && telemetry->quickest_us > 0 &&
	       (double)waited_us > late_times * (double)telemetry->quickest_us &&
	       telemetry->planner_end_us - telemetry->answered_us >= full / 2;
}

/* waited_us: for so long the printer had nothing to do but to answer this. */
static void take_move(struct telemetry *telemetry, int32_t us, int64_t waited_us, int64_t now_us)
{
	int64_t gap_us = now_us - telemetry->planner_end_us, limit_us;

	if (shows_a_full_planner(telemetry, waited_us))
		telemetry->planner_end_us = now_us + full_us(telemetry);
	else if (telemetry->primed && gap_us > TELEMETRY_GAP_US)
		blame(telemetry, gap_us);
	if (telemetry->planner_end_us < now_us || !telemetry->primed)
		telemetry->planner_end_us = now_us;
	telemetry->primed = true;
	remember_block(telemetry, us);
	telemetry->planner_end_us += us;
	limit_us = now_us + full_us(telemetry);
	if (telemetry->planner_end_us > limit_us)
		telemetry->planner_end_us = limit_us;
}

static void note_answer(struct telemetry *telemetry, int64_t answer_us)
{
	struct wire_telemetry *numbers = &telemetry->numbers;

	if (numbers->answer_min_us < 0 || answer_us < numbers->answer_min_us)
		numbers->answer_min_us = answer_us;
	numbers->answer_us += numbers->answer_us < 0
				      ? answer_us - numbers->answer_us
				      : (answer_us - numbers->answer_us) / ANSWER_SHARE;
}

/* Answers that come in one heap say nothing of how quick the printer is. */
static void note_wait(struct telemetry *telemetry, int64_t waited_us)
{
	if (waited_us > 0 && (telemetry->quickest_us == 0 || waited_us < telemetry->quickest_us))
		telemetry->quickest_us = waited_us;
}

static int64_t rate_milli(int64_t count, int64_t passed_us)
{
	return (int64_t)((double)count * 1e9 / (double)passed_us);
}

static void count_rate(struct telemetry *telemetry, int64_t now_us)
{
	int64_t passed_us = now_us - telemetry->rate_since_us;

	if (passed_us < RATE_US)
		return;
	telemetry->numbers.lines_per_s_milli = rate_milli(telemetry->rate_count, passed_us);
	telemetry->rate_since_us = now_us;
	telemetry->rate_count = 0;
}

void telemetry_counters(struct telemetry *telemetry, const struct driver_counters *counters,
	const struct driver_counters *before)
{
	struct wire_telemetry *numbers = &telemetry->numbers;

	numbers->line_errors = counters->line_errors - before->line_errors;
	numbers->unreadable_lines = counters->unreadable_lines - before->unreadable_lines;
	if (!counters->tells_queue)
		return;
	numbers->planner_free = counters->planner_free;
	numbers->queue_free = counters->queue_free;
	if (numbers->planner_free > numbers->planner_size)
		numbers->planner_size = numbers->planner_free;
	if (numbers->queue_free > numbers->queue_size)
		numbers->queue_size = numbers->queue_free;
}

void telemetry_acknowledged(struct telemetry *telemetry, int64_t index, int64_t now_us)
{
	if (index < telemetry->first)
		return;
	add_open_reasons(telemetry, now_us);
	while (telemetry->first <= index && telemetry->first < telemetry->next) {
		const struct telemetry_command *command = leave_flight(telemetry);
		int64_t since_us = command->offered_us > telemetry->answered_us
					   ? command->offered_us
					   : telemetry->answered_us;

		if (command->duration_us > 0) {
			take_move(telemetry, command->duration_us, now_us - since_us, now_us);
			note_wait(telemetry, now_us - since_us);
		} else if (command->is_long) {
			telemetry->primed = false;
		}
		note_answer(telemetry, now_us - command->offered_us);
		telemetry->answered_us = now_us;
		telemetry->rate_count++;
	}
	close_reasons(telemetry, now_us);
	count_rate(telemetry, now_us);
}

void telemetry_stall(
	struct telemetry *telemetry, enum wire_stall stall, bool stalled, int64_t now_us)
{
	if (stalled == (telemetry->since_us[stall] != 0))
		return;
	if (!stalled)
		telemetry->reason_us[stall] += now_us - telemetry->since_us[stall];
	telemetry->since_us[stall] = stalled ? now_us : 0;
}

void telemetry_goes_on(struct telemetry *telemetry, int64_t index)
{
	telemetry->first = telemetry->next = index;
	telemetry->flight_bytes = 0;
	telemetry->primed = false;
}

void telemetry_interrupt(struct telemetry *telemetry)
{
	telemetry->primed = false;
}

void telemetry_read(
	const struct telemetry *telemetry, int64_t now_us, struct wire_telemetry *numbers)
{
	*numbers = telemetry->numbers;
	numbers->in_flight_lines = telemetry->next - telemetry->first;
	numbers->in_flight_bytes = telemetry->flight_bytes;
	/* Nothing has come for so long that what came before says nothing. */
	if (now_us - telemetry->rate_since_us >= 2 * RATE_US)
		numbers->lines_per_s_milli =
			rate_milli(telemetry->rate_count, now_us - telemetry->rate_since_us);
}
