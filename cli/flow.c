#include "cli/flow.h"

#include "cli/words.h"
#include "gcode/decimal.h"

static const struct {
	const char *key, *words, *advice;
} stalls[] = {
	{ "link_s", "the link",
		"lines reach it too slowly: more baud, a larger window, a latency timer of 1 ms" },
	{ "resend_s", "damaged lines",
		"lines arrive damaged: a shorter, shielded cable, another hub, or less baud" },
	{ "answer_s", "lost answers",
		"its answers get lost: a shorter, shielded cable, another hub, or less baud" },
	{ "port_s", "the port",
		"the port takes no bytes: the hub or the board stalls; try another" },
	{ "file_s", "the disk", "the disk gives lines too slowly: see what else works on it" },
};
enum { STALLS = sizeof stalls / sizeof stalls[0] };

/* Time in a unit that leaves at most four digits. */
static const char *short_time(char text[WORDS_MAX], double seconds)
{
	char number[DECIMAL_TEXT_MAX];

	if (seconds >= 100)
		return words_duration_of(text, seconds);
	snprintf(text, WORDS_MAX, "%.20s %s",
		decimal_write(number, seconds < 1 ? seconds * 1000 : seconds, 1),
		seconds < 1 ? "ms" : "s");
	return text;
}

static void show_wire(const json_t *telemetry)
{
	char rate[DECIMAL_TEXT_MAX], answer[WORDS_MAX], best[WORDS_MAX];

	say(stdout, "  %-10s %s lines/s, %lld lines (%lld bytes) under way, at most %lld bytes\n",
		"flow", decimal_write(rate, words_number(telemetry, "lines_per_s"), 1),
		(long long)words_integer(telemetry, "in_flight_lines"),
		(long long)words_integer(telemetry, "in_flight_bytes"),
		(long long)words_integer(telemetry, "in_flight_bytes_max"));
	if (words_is_null(telemetry, "answer_s"))
		return;
	say(stdout, "  %-10s after %s, at best %s", "answers",
		short_time(answer, words_number(telemetry, "answer_s")),
		short_time(best, words_number(telemetry, "answer_min_s")));
	if (!words_is_null(telemetry, "planner_size"))
		say(stdout, "; planner %lld of %lld free",
			(long long)words_integer(telemetry, "planner_free"),
			(long long)words_integer(telemetry, "planner_size"));
	if (!words_is_null(telemetry, "queue_size"))
		say(stdout, ", queue %lld of %lld",
			(long long)words_integer(telemetry, "queue_free"),
			(long long)words_integer(telemetry, "queue_size"));
	say(stdout, "\n");
}

static void show_noise(const json_t *telemetry)
{
	int64_t errors = words_integer(telemetry, "line_errors");
	double megabytes = words_number(telemetry, "bytes_sent") / 1e6;
	char sent[DECIMAL_TEXT_MAX], rate[DECIMAL_TEXT_MAX];

	say(stdout, "  %-10s %lld of the lines in %s MB damaged", "noise", (long long)errors,
		decimal_write(sent, megabytes, 2));
	if (errors > 0 && megabytes > 0)
		say(stdout, " (%s per MB)", decimal_write(rate, (double)errors / megabytes, 1));
	say(stdout, "; %lld answers unreadable\n",
		(long long)words_integer(telemetry, "unreadable_lines"));
}

/* The reasons that count, the largest first, and what to do about the largest. */
static void show_reasons(const json_t *reasons, double starved_s)
{
	bool shown[STALLS] = { false };
	char time[WORDS_MAX];
	int largest = -1;

	say(stdout, "  %-10s", "held up by");
	for (int round = 0; round < STALLS; round++) {
		int best = -1;

		for (int i = 0; i < STALLS; i++)
			if (!shown[i] &&
				(best < 0 || words_number(reasons, stalls[i].key) >
						     words_number(reasons, stalls[best].key)))
				best = i;
		shown[best] = true;
		if (round > 0 && words_number(reasons, stalls[best].key) < starved_s / 50)
			break;
		say(stdout, "%s %s %s", round > 0 ? "," : "", stalls[best].words,
			short_time(time, words_number(reasons, stalls[best].key)));
		if (largest < 0)
			largest = best;
	}
	say(stdout, "\n  %-10s %s\n", "so", stalls[largest].advice);
}

static void show_starvation(const json_t *telemetry, double print_s)
{
	double starved_s = words_number(telemetry, "starved_s");
	char time[WORDS_MAX], share[DECIMAL_TEXT_MAX];

	if (starved_s <= 0) {
		say(stdout, "  %-10s never: a stutter is in the file or in the firmware\n",
			"starved");
		return;
	}
	say(stdout, "  %-10s %s in %lld gaps, %s %% of the print\n", "starved",
		short_time(time, starved_s), (long long)words_integer(telemetry, "starved_count"),
		decimal_write(share, print_s > 0 ? starved_s / print_s * 100 : 0, 2));
	show_reasons(json_object_get(telemetry, "stalls"), starved_s);
}

void flow_show(const json_t *printer)
{
	const json_t *telemetry = json_object_get(printer, "telemetry");

	if (!json_is_object(telemetry))
		return;
	show_wire(telemetry);
	show_noise(telemetry);
	show_starvation(telemetry, words_number(telemetry, "print_s"));
}

void flow_show_totals(const json_t *attempt, double print_s)
{
	say(stdout, "  %-10s %lld, %lld sent again\n", "lines",
		(long long)words_integer(attempt, "lines_sent"),
		(long long)words_integer(attempt, "resends"));
	show_noise(attempt);
	show_starvation(attempt, print_s);
}
