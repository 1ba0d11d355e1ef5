/* The machine behind a firmware; see machine.h. */
#include "sim/machine.h"

#include <math.h>   /* fabs, hypot, atan2 */
#include <string.h> /* memset, memcpy */

static const char axis_letter[MOTION_AXES] = { 'X', 'Y', 'Z', 'E' };
static const double max_feed_mm_s[MOTION_AXES] = { 300, 300, 10, 60 };
static const double cold_celsius = 170;

static const struct {
	double min_celsius, max_celsius;
	double rise_celsius; /* within rise_us while heating up */
	int64_t rise_us;
	double below_celsius; /* a target that had been reached is missed by so much ... */
	int64_t below_us;     /* ... for so long */
	double window_celsius;
} limits[SIM_HEATERS] = {
	[SIM_HOTEND] = { 0, 285, 2, 20000000, 10, 20000000, 2 },
	[SIM_BED] = { 0, 130, 2, 60000000, 10, 60000000, 1 },
};

/* ---- words ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Decimal, by no locale; returns behind the last byte that belongs to it. */
static const char *read_number(const char *text, double *value)
{
	bool negative = *text == '-';
	double scale = 1, sum = 0;

	if (*text == '-' || *text == '+')
		text++;
	while (is_digit(*text))
		sum = sum * 10 + (*text++ - '0');
	if (*text == '.')
		for (text++; is_digit(*text); text++) {
			sum = sum * 10 + (*text - '0');
			scale *= 10;
		}
	sum = sum / scale > 1e6 ? 1e6 : sum / scale;
	*value = negative ? -sum : sum;
	return text;
}

static bool starts_number(const char *text)
{
	if (*text == '-' || *text == '+')
		text++;
	return is_digit(*text) || (*text == '.' && is_digit(text[1]));
}

static void read_words(struct machine_words *words, const char *at)
{
	while (*at) {
		char letter = upper(*at++);
		uint32_t bit;

		if (letter < 'A' || letter > 'Z')
			continue;
		bit = 1u << (letter - 'A');
		words->seen |= bit;
		words->valued &= ~bit;
		if (!starts_number(at))
			continue;
		words->valued |= bit;
		at = read_number(at, &words->value[letter - 'A']);
	}
}

void machine_words_parse(struct machine_words *words, const char *text)
{
	double code = 0;

	while (*text == ' ')
		text++;
	words->seen = words->valued = 0;
	words->letter = '?';
	words->code = 0;
	words->arguments = text;
	if ((upper(*text) != 'G' && upper(*text) != 'M' && upper(*text) != 'T') ||
		!is_digit(text[1]))
		return;
	words->letter = upper(*text);
	words->arguments = read_number(text + 1, &code);
	words->code = (int32_t)code;
	if (words->letter != 'M' || (words->code != 117 && words->code != 118))
		read_words(words, words->arguments);
}

bool machine_value(const struct machine_words *words, char letter, double *value)
{
	if (!(words->valued >> (letter - 'A') & 1))
		return false;
	*value = words->value[letter - 'A'];
	return true;
}

static bool is_seen(const struct machine_words *words, char letter)
{
	return words->seen >> (letter - 'A') & 1;
}

/* ---- life ---- */

void machine_reset(struct machine *machine, struct board *board, int64_t now_us)
{
	memset(machine, 0, sizeof *machine);
	machine->board = board;
	machine->now_us = now_us;
	machine->feed_mm_s = 25;
	machine->speed_percent = 100;
	machine->acceleration_mm_s2 = 3000;
	motion_stop(&board->planner, now_us);
	memset(board->planner.position_mm, 0, sizeof board->planner.position_mm);
	machine_heaters_off(machine);
}

void machine_heaters_off(struct machine *machine)
{
	for (int i = 0; i < SIM_HEATERS; i++) {
		machine_set_target(machine, (enum sim_heater)i, 0);
		machine->board->heat.element[i].power = 0;
	}
}

void machine_stop(struct machine *machine, int64_t now_us)
{
	motion_stop(&machine->board->planner, now_us);
	memcpy(machine->position_mm, machine->board->planner.position_mm,
		sizeof machine->position_mm);
	memset(machine->homed, 0, sizeof machine->homed);
	machine->wait = MACHINE_WAIT_NONE;
	machine->print_going = false;
}

double machine_celsius(const struct machine *machine, enum sim_heater heater)
{
	return heat_reading(&machine->board->heat, heater);
}

double machine_logical_mm(const struct machine *machine, int axis)
{
	return machine->position_mm[axis] + machine->offset_mm[axis];
}

/* ---- waits ---- */

static enum machine_result wait_for(
	struct machine *machine, enum machine_wait wait, enum machine_wait next)
{
	machine->wait = wait;
	machine->next = next;
	return machine_continue(machine, machine->now_us);
}

enum machine_result machine_rest(struct machine *machine, int64_t now_us, int64_t dwell_us)
{
	machine->now_us = now_us;
	machine->print_going = false;
	machine->until_us = dwell_us;
	return wait_for(machine, MACHINE_WAIT_STILL, MACHINE_WAIT_TIME);
}

/* The planner ran out of moves before the line of this one had come. */
static void count_starvation(struct machine *machine)
{
	struct board *board = machine->board;
	int64_t empty_us = board->planner.empty_us;

	if (!machine->print_going || !motion_is_empty(&board->planner) ||
		machine->sync_end_us >= empty_us || machine->asked_us <= empty_us)
		return;
	board->counters.starvations++;
	board->counters.starved_us += machine->asked_us - empty_us;
}

static void add_move(struct machine *machine)
{
	count_starvation(machine);
	machine->print_going = true;
	if (motion_add(&machine->board->planner, &machine->move, machine->now_us))
		machine->board->counters.moves++;
	memcpy(machine->position_mm, machine->move.to_mm, sizeof machine->position_mm);
}

static void set_home(struct machine *machine)
{
	const struct sim_settings *settings = &machine->board->settings;

	for (int i = 0; i < 3; i++) {
		if (!machine->homing[i])
			continue;
		machine->position_mm[i] =
			i < 2 && settings->volume_min_mm[i] < 0 ? 0 : settings->volume_min_mm[i];
		machine->offset_mm[i] = 0;
		machine->homed[i] = true;
	}
	memcpy(machine->board->planner.position_mm, machine->position_mm,
		sizeof machine->position_mm);
}

static bool is_hot_enough(const struct machine *machine)
{
	double off = machine->target_celsius[machine->heater] -
		     machine_celsius(machine, machine->heater);

	return machine->target_celsius[machine->heater] <= 0 ||
	       off <= limits[machine->heater].window_celsius;
}

/* Has what is waited for come?  Then the next wait, if there is one, has been begun. */
static bool has_come(struct machine *machine)
{
	switch (machine->wait) {
	case MACHINE_WAIT_NONE:
		return true;
	case MACHINE_WAIT_ROOM:
		if (motion_is_full(&machine->board->planner))
			return false;
		add_move(machine);
		break;
	case MACHINE_WAIT_STILL:
		if (!motion_is_empty(&machine->board->planner))
			return false;
		machine->until_us += machine->now_us;
		machine->sync_end_us = machine->now_us;
		break;
	case MACHINE_WAIT_HOME:
		if (machine->now_us < machine->until_us)
			return false;
		set_home(machine);
		break;
	case MACHINE_WAIT_TIME:
		if (machine->now_us < machine->until_us)
			return false;
		machine->sync_end_us = machine->now_us;
		break;
	case MACHINE_WAIT_HEAT:
		if (!is_hot_enough(machine))
			return false;
		machine->sync_end_us = machine->now_us;
		break;
	}
	machine->wait = machine->next;
	machine->next = MACHINE_WAIT_NONE;
	return true;
}

enum machine_result machine_continue(struct machine *machine, int64_t now_us)
{
	machine->now_us = now_us;
	motion_advance(&machine->board->planner, now_us);
	while (machine->wait != MACHINE_WAIT_NONE) {
		if (has_come(machine))
			continue;
		/* Fixed now: the next step of the heat moves on before it is asked for again. */
		machine->look_us = heat_next_us(&machine->board->heat);
		return MACHINE_WAITS;
	}
	return MACHINE_DONE;
}

int64_t machine_wake_us(const struct machine *machine)
{
	switch (machine->wait) {
	case MACHINE_WAIT_NONE:
		return machine->now_us;
	case MACHINE_WAIT_ROOM:
	case MACHINE_WAIT_STILL:
		return motion_next_us(&machine->board->planner);
	case MACHINE_WAIT_TIME:
	case MACHINE_WAIT_HOME:
		return machine->until_us;
	case MACHINE_WAIT_HEAT:
		return machine->look_us;
	}
	return SIM_NEVER;
}

/* ---- moves ---- */

static void read_target(struct machine *machine, const struct machine_words *words)
{
	double value;

	for (int i = 0; i < MOTION_AXES; i++) {
		double *to_mm = &machine->move.to_mm[i];

		*to_mm = machine->position_mm[i];
		if (!machine_value(words, axis_letter[i], &value))
			continue;
		if (i == 3 ? machine->relative_e || machine->relative : machine->relative)
			*to_mm += value;
		else
			*to_mm = value - machine->offset_mm[i];
	}
	if (machine_value(words, 'F', &value) && value > 0)
		machine->feed_mm_s = value / 60;
}

static enum machine_result judge_move(const struct machine *machine)
{
	const struct sim_settings *settings = &machine->board->settings;

	for (int i = 0; i < 3; i++) {
		double to_mm = machine->move.to_mm[i];

		if (to_mm == machine->position_mm[i])
			continue;
		if (!machine->homed[i])
			return MACHINE_NOT_HOMED;
		if (to_mm < settings->volume_min_mm[i] - 1e-6 ||
			to_mm > settings->volume_max_mm[i] + 1e-6)
			return MACHINE_OUT_OF_RANGE;
	}
	if (machine->move.to_mm[3] != machine->position_mm[3] &&
		machine->smooth_celsius < cold_celsius)
		return MACHINE_COLD;
	return MACHINE_DONE;
}

static double limited_feed(const struct machine *machine)
{
	double feed = machine->feed_mm_s * machine->speed_percent / 100, length = 0;

	for (int i = 0; i < 3; i++)
		length = hypot(length, machine->move.to_mm[i] - machine->position_mm[i]);
	if (length <= 0)
		length = fabs(machine->move.to_mm[3] - machine->position_mm[3]);
	for (int i = 0; i < MOTION_AXES; i++) {
		double part = fabs(machine->move.to_mm[i] - machine->position_mm[i]);

		if (part > 0 && feed * part / length > max_feed_mm_s[i])
			feed = max_feed_mm_s[i] * length / part;
	}
	return feed > 0.05 ? feed : 0.05;
}

/* One block with the length of the arc takes as long as its chords. */
static double arc_length_mm(const struct machine *machine, const struct machine_words *words)
{
	const double turn = 6.283185307179586;
	double i = 0, j = 0, radius, from, angle;

	machine_value(words, 'I', &i);
	machine_value(words, 'J', &j);
	radius = hypot(i, j);
	if (radius <= 0)
		return 0;
	from = atan2(-j, -i);
	angle = atan2(machine->move.to_mm[1] - machine->position_mm[1] - j,
			machine->move.to_mm[0] - machine->position_mm[0] - i) -
		from;
	if (words->code == 2)
		angle = -angle;
	while (angle <= 1e-9)
		angle += turn;
	return radius * angle;
}

static enum machine_result begin_move(struct machine *machine, const struct machine_words *words)
{
	enum machine_result verdict;

	read_target(machine, words);
	verdict = judge_move(machine);
	if (verdict != MACHINE_DONE)
		return verdict;
	machine->move.length_mm = words->code >= 2 ? arc_length_mm(machine, words) : 0;
	machine->move.feed_mm_s = limited_feed(machine);
	machine->move.acceleration_mm_s2 = machine->acceleration_mm_s2;
	return wait_for(machine, MACHINE_WAIT_ROOM, MACHINE_WAIT_NONE);
}

static enum machine_result begin_homing(struct machine *machine, const struct machine_words *words)
{
	bool any = is_seen(words, 'X') || is_seen(words, 'Y') || is_seen(words, 'Z');
	double seconds = 0;

	for (int i = 0; i < 3; i++) {
		machine->homing[i] = !any || is_seen(words, axis_letter[i]);
		if (machine->homing[i])
			seconds += i == 2 ? 5 : 2.5;
	}
	machine->print_going = false;
	machine->until_us = (int64_t)(seconds * 1e6);
	return wait_for(machine, MACHINE_WAIT_STILL, MACHINE_WAIT_HOME);
}

static void set_position(struct machine *machine, const struct machine_words *words)
{
	double value;

	for (int i = 0; i < MOTION_AXES; i++)
		if (machine_value(words, axis_letter[i], &value))
			machine->offset_mm[i] = value - machine->position_mm[i];
}

/* ---- heat ---- */

static void start_watch(struct machine *machine, enum sim_heater heater)
{
	struct machine_guard *guard = &machine->guard[heater];
	double celsius = machine_celsius(machine, heater);

	guard->watch_us = 0;
	if (machine->target_celsius[heater] > celsius + limits[heater].rise_celsius + 3) {
		guard->watch_celsius = celsius + limits[heater].rise_celsius;
		guard->watch_us = machine->now_us + limits[heater].rise_us;
	}
}

void machine_set_target(struct machine *machine, enum sim_heater heater, double celsius)
{
	machine->target_celsius[heater] = celsius > 0 ? celsius : 0;
	machine->guard[heater] = (struct machine_guard){ .reached = false };
	start_watch(machine, heater);
}

static enum machine_result begin_heating(struct machine *machine, enum sim_heater heater,
	const struct machine_words *words, bool wait)
{
	double celsius;

	if (!machine_value(words, 'S', &celsius) && !machine_value(words, 'R', &celsius))
		return MACHINE_DONE;
	machine_set_target(machine, heater, celsius);
	if (!wait || celsius <= 0)
		return MACHINE_DONE;
	machine->heater = heater;
	return wait_for(machine, MACHINE_WAIT_HEAT, MACHINE_WAIT_NONE);
}

static bool heats(struct machine *machine, enum sim_heater heater, double celsius)
{
	struct machine_guard *guard = &machine->guard[heater];
	double target = machine->target_celsius[heater];

	if (target <= 0)
		return true;
	guard->reached = guard->reached || celsius >= target - limits[heater].window_celsius;
	if (guard->watch_us > 0 && celsius >= guard->watch_celsius)
		start_watch(machine, heater);
	else if (guard->watch_us > 0 && machine->now_us >= guard->watch_us)
		return false;
	if (!guard->reached || celsius >= target - limits[heater].below_celsius)
		guard->below_us = machine->now_us;
	return machine->now_us - guard->below_us <= limits[heater].below_us;
}

/* Around the power that holds the target; full power far below it. */
static void drive(struct machine *machine, enum sim_heater heater, double celsius)
{
	struct heat_element *element = &machine->board->heat.element[heater];
	struct machine_guard *guard = &machine->guard[heater];
	double target = machine->target_celsius[heater], off = target - celsius;

	if (target <= 0 || off > 10 || off < -10) {
		guard->integral = 0;
		element->power = target > 0 && off > 0 ? 1 : 0;
		return;
	}
	guard->integral += off * HEAT_STEP_US * 1e-6;
	element->power = heat_holding_power(&machine->board->heat, heater, target) + 0.06 * off +
			 0.0015 * guard->integral;
	element->power = element->power < 0 ? 0 : element->power > 1 ? 1 : element->power;
}

enum machine_alarm machine_control(struct machine *machine, int64_t now_us, enum sim_heater *heater)
{
	bool on = false;

	machine->now_us = now_us > machine->now_us ? now_us : machine->now_us;
	for (int i = 0; i < SIM_HEATERS; i++) {
		double celsius;

		*heater = (enum sim_heater)i;
		celsius = machine_celsius(machine, *heater);
		if (celsius < limits[i].min_celsius || celsius > limits[i].max_celsius)
			return MACHINE_BAD_READING;
		if (!heats(machine, *heater, celsius))
			return MACHINE_NOT_HEATING;
		drive(machine, *heater, celsius);
		on |= machine->target_celsius[i] > 0;
	}
	machine->smooth_celsius = machine_celsius(machine, SIM_HOTEND);
	if (on)
		machine->board->counters.heater_on_us += HEAT_STEP_US;
	return MACHINE_WELL;
}

/* ---- commands ---- */

static enum machine_result execute_g(struct machine *machine, const struct machine_words *words)
{
	double seconds = 0, value;

	switch (words->code) {
	case 0:
	case 1:
	case 2:
	case 3:
		return begin_move(machine, words);
	case 4:
		if (machine_value(words, 'P', &value))
			seconds = value / 1000;
		if (machine_value(words, 'S', &value))
			seconds = value;
		return machine_rest(
			machine, machine->now_us, seconds > 0 ? (int64_t)(seconds * 1e6) : 0);
	case 28:
		return begin_homing(machine, words);
	case 90:
	case 91:
		machine->relative = words->code == 91;
		return MACHINE_DONE;
	case 92:
		set_position(machine, words);
		return MACHINE_DONE;
	case 21:
		return MACHINE_DONE;
	default:
		return MACHINE_UNKNOWN;
	}
}

static enum machine_result execute_m(struct machine *machine, const struct machine_words *words)
{
	switch (words->code) {
	case 18:
	case 84:
	case 400:
		return machine_rest(machine, machine->now_us, 0);
	case 82:
	case 83:
		machine->relative_e = words->code == 83;
		return MACHINE_DONE;
	case 104:
	case 109:
		return begin_heating(machine, SIM_HOTEND, words, words->code == 109);
	case 140:
	case 190:
		return begin_heating(machine, SIM_BED, words, words->code == 190);
	case 204:
		machine_value(words, 'S', &machine->acceleration_mm_s2);
		machine_value(words, 'P', &machine->acceleration_mm_s2);
		if (machine->acceleration_mm_s2 < 1)
			machine->acceleration_mm_s2 = 1;
		return MACHINE_DONE;
	case 220:
		machine_value(words, 'S', &machine->speed_percent);
		if (machine->speed_percent < 1)
			machine->speed_percent = 1;
		return MACHINE_DONE;
	case 106:
	case 107:
	case 221:
		return MACHINE_DONE;
	default:
		return MACHINE_UNKNOWN;
	}
}

enum machine_result machine_execute(
	struct machine *machine, const struct machine_words *words, int64_t now_us, int64_t come_us)
{
	machine->now_us = now_us;
	machine->asked_us = come_us;
	motion_advance(&machine->board->planner, now_us);
	if (words->letter == 'G')
		return execute_g(machine, words);
	return words->letter == 'M' ? execute_m(machine, words) : MACHINE_UNKNOWN;
}

void machine_shift(struct machine *machine, int64_t shift_us)
{
	machine->now_us += shift_us;
	machine->sync_end_us += shift_us;
	machine->look_us += shift_us;
	if (machine->wait == MACHINE_WAIT_TIME || machine->wait == MACHINE_WAIT_HOME)
		machine->until_us += shift_us;
	for (int i = 0; i < SIM_HEATERS; i++) {
		if (machine->guard[i].watch_us > 0)
			machine->guard[i].watch_us += shift_us;
		machine->guard[i].below_us += shift_us;
	}
}
