#include "daemon/stream/telemetry.h"

#include "gcode/command.h"
#include "gcode/motion.h"

#include <math.h>
#include <string.h>

enum {
	AXES = 4,
	RATE_US = 2000000, /* lines a second are counted over so long */
	DURATION_MAX_US = 600000000,
	ANSWER_SHARE = 8, /* the latest answer is so much of the running mean */
};
static const double feed_default_mm_min = 1500; /* as Marlin starts */

/* ---- what a command is ----------------------------------------------------------- */

/* Decimal digits only, as gcode/command.h writes them; strtod would follow the locale. */
static const char *read_number(const char *at, const char *end, double *value)
{
	double sign = 1, number = 0, unit = 1;

	if (at < end && (*at == '-' || *at == '+'))
		sign = *at++ == '-' ? -1 : 1;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (*at - '0');
	if (at < end && *at == '.')
		for (at++; at < end && *at >= '0' && *at <= '9'; at++) {
			unit /= 10;
			number += unit * (*at - '0');
		}
	*value = sign * number;
	return at;
}

static const enum motion_word axis_words[AXES] = { MOTION_X, MOTION_Y, MOTION_Z, MOTION_E };

struct words {
	char letter;
	int code;
	bool has[26];
	double value[26];
};

static void read_words(const char *text, size_t length, struct words *words)
{
	const char *at = text, *end = text + length;
	double code = -1;

	memset(words->has, 0, sizeof(words->has));
	words->letter = at < end ? *at++ : ' ';
	at = read_number(at, end, &code);
	words->code = code >= 0 && code < 10000 ? (int)code : -1;
	while (at < end) {
		char letter = *at++;

		if (letter < 'A' || letter > 'Z')
			continue;
		words->has[letter - 'A'] = true;
		at = read_number(at, end, &words->value[letter - 'A']);
	}
}

static double move_us(struct telemetry *telemetry, const struct motion *motion)
{
	double space = 0, extrusion = 0, length;

	if (motion_has(motion, MOTION_F) && motion->value[MOTION_F] > 0)
		telemetry->feed_mm_min = motion->value[MOTION_F];
	for (int i = 0; i < AXES; i++) {
		bool relative = i == 3 ? telemetry->relative_e : telemetry->relative;
		double step;

		if (!motion_has(motion, axis_words[i]))
			continue;
		step = motion->value[axis_words[i]] - (relative ? 0 : telemetry->at_mm[i]);
		telemetry->at_mm[i] += step;
		if (i < 3)
			space += step * step;
		else
			extrusion = fabs(step);
	}
	length = space > 0 ? sqrt(space) : extrusion;
	return length * 60e6 / telemetry->feed_mm_min;
}

static void set_position(struct telemetry *telemetry, const struct words *words)
{
	static const char letters[AXES] = { 'X', 'Y', 'Z', 'E' };

	for (int i = 0; i < AXES; i++)
		if (words->has[letters[i] - 'A'])
			telemetry->at_mm[i] = words->value[letters[i] - 'A'];
}

/* A move that is written in another way than slicers write it. */
static double odd_move_us(struct telemetry *telemetry, const struct words *words)
{
	static const char letters[] = { 'X', 'Y', 'Z', 'E', 'F' };
	static const enum motion_word names[] = { MOTION_X, MOTION_Y, MOTION_Z, MOTION_E,
		MOTION_F };
	struct motion motion = { .code = words->code };

	for (size_t i = 0; i < sizeof(letters); i++) {
		if (!words->has[letters[i] - 'A'])
			continue;
		motion.has |= 1U << names[i];
		motion.value[names[i]] = words->value[letters[i] - 'A'];
	}
	return move_us(telemetry, &motion);
}

/* How long the planner has to do with it. */
static double duration_us(struct telemetry *telemetry, const char *text, size_t length)
{
	struct motion motion;
	struct words words;

	if (length < 2 || (text[0] != 'G' && text[0] != 'M'))
		return 0;
	if (motion_read_command(text, length, &motion))
		return move_us(telemetry, &motion);
	read_words(text, length, &words);
	if (words.letter == 'M') {
		if (words.code == 82 || words.code == 83)
			telemetry->relative_e = words.code == 83;
		return 0;
	}
	switch (words.code) {
	case 0:
	case 1:
	case 2:
	case 3:
		return odd_move_us(telemetry, &words);
	case 90:
	case 91:
		telemetry->relative = telemetry->relative_e = words.code == 91;
		return 0;
	case 92:
		set_position(telemetry, &words);
		return 0;
	default:
		return 0;
	}
}

/* ---- the flow -------------------------------------------------------------------- */

void telemetry_begin(struct telemetry *telemetry, int64_t now_us)
{
	*telemetry =
		(struct telemetry){ .feed_mm_min = feed_default_mm_min, .rate_since_us = now_us };
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

void telemetry_offered(struct telemetry *telemetry, const char *text, size_t length, int64_t now_us)
{
	struct telemetry_command *command;
	double us = duration_us(telemetry, text, length);

	/* More than any window: the oldest is not looked at any more. */
	if (telemetry->next - telemetry->first == TELEMETRY_FLIGHT_MAX)
		leave_flight(telemetry);
	command = &telemetry->flight[telemetry->next++ % TELEMETRY_FLIGHT_MAX];
	*command = (struct telemetry_command){ .offered_us = now_us,
		.duration_us = (int32_t)(us < DURATION_MAX_US ? us : DURATION_MAX_US),
		.bytes = (uint8_t)(length + TELEMETRY_OVERHEAD_BYTES),
		.is_long = us == 0 && command_classify(text, length) == COMMAND_LONG };
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

static void take_move(struct telemetry *telemetry, int32_t us, int64_t now_us)
{
	int64_t gap_us = now_us - telemetry->planner_end_us, limit_us;

	if (telemetry->primed && gap_us > TELEMETRY_GAP_US)
		blame(telemetry, gap_us);
	if (telemetry->planner_end_us < now_us || !telemetry->primed)
		telemetry->planner_end_us = now_us;
	telemetry->primed = true;
	remember_block(telemetry, us);
	telemetry->planner_end_us += us;
	limit_us = now_us + telemetry->blocks_us;
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

		if (command->duration_us > 0)
			take_move(telemetry, command->duration_us, now_us);
		else if (command->is_long)
			telemetry->primed = false;
		note_answer(telemetry, now_us - command->offered_us);
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
