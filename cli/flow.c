#include "cli/flow.h"

#include "cli/words.h"
#include "gcode/decimal.h"

#include <string.h>

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
enum { STALLS = sizeof stalls / sizeof stalls[0], ROOM_BYTES_MAX = 80, REASONS_BYTES_MAX = 400 };

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

static void show_wire(const struct cli *cli, const json_t *telemetry)
{
	char rate[DECIMAL_TEXT_MAX], answer[WORDS_MAX], best[WORDS_MAX];
	char planner[ROOM_BYTES_MAX] = "", queue[ROOM_BYTES_MAX] = "";
	int64_t lines = words_integer(telemetry, "in_flight_lines");

	words_row(cli, "flow", "%s lines/s, %lld line%s (%lld bytes) under way, at most %lld bytes",
		decimal_write(rate, words_number(telemetry, "lines_per_s"), 1), (long long)lines,
		lines == 1 ? "" : "s", (long long)words_integer(telemetry, "in_flight_bytes"),
		(long long)words_integer(telemetry, "in_flight_bytes_max"));
	if (words_is_null(telemetry, "answer_s"))
		return;
	if (!words_is_null(telemetry, "planner_size"))
		snprintf(planner, sizeof planner, "; planner %lld of %lld free",
			(long long)words_integer(telemetry, "planner_free"),
			(long long)words_integer(telemetry, "planner_size"));
	if (!words_is_null(telemetry, "queue_size"))
		snprintf(queue, sizeof queue, ", queue %lld of %lld",
			(long long)words_integer(telemetry, "queue_free"),
			(long long)words_integer(telemetry, "queue_size"));
	words_row(cli, "answers", "after %s, at best %s%s%s",
		short_time(answer, words_number(telemetry, "answer_s")),
		short_time(best, words_number(telemetry, "answer_min_s")), planner, queue);
}

static void show_noise(const struct cli *cli, const json_t *telemetry)
{
	int64_t errors = words_integer(telemetry, "line_errors");
	int64_t unreadable = words_integer(telemetry, "unreadable_lines");
	double megabytes = words_number(telemetry, "bytes_sent") / 1e6;
	bool has_rate = errors > 0 && megabytes > 0;
	char sent[DECIMAL_TEXT_MAX], rate[DECIMAL_TEXT_MAX] = "";

	if (has_rate)
		decimal_write(rate, (double)errors / megabytes, 1);
	words_row(cli, "noise",
		"%lld of the lines in %s MB damaged%s%s%s; %lld answer%s unreadable",
		(long long)errors, decimal_write(sent, megabytes, 2), has_rate ? " (" : "", rate,
		has_rate ? " per MB)" : "", (long long)unreadable, unreadable == 1 ? "" : "s");
}

/* The reasons that count, the largest first, and what to do about the largest. */
static void show_reasons(const struct cli *cli, const json_t *reasons, double starved_s)
{
	bool shown[STALLS] = { false };
	char time[WORDS_MAX], text[REASONS_BYTES_MAX] = "";
	int largest = -1;

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
		size_t used = strlen(text);

		snprintf(text + used, sizeof text - used, "%s%s %s", round > 0 ? ", " : "",
			stalls[best].words,
			short_time(time, words_number(reasons, stalls[best].key)));
		if (largest < 0)
			largest = best;
	}
	words_row(cli, "held up by", "%s", text);
	words_row(cli, "so", "%s", stalls[largest].advice);
}

static void show_starvation(const struct cli *cli, const json_t *telemetry, double print_s)
{
	double starved_s = words_number(telemetry, "starved_s");
	char time[WORDS_MAX], share[DECIMAL_TEXT_MAX];

	if (starved_s <= 0) {
		words_row(cli, "starved", "never: a stutter is in the file or in the firmware");
		return;
	}
	int64_t gaps = words_integer(telemetry, "starved_count");

	words_row(cli, "starved", "%s in %lld gap%s, %s %% of the print",
		short_time(time, starved_s), (long long)gaps, gaps == 1 ? "" : "s",
		decimal_write(share, print_s > 0 ? starved_s / print_s * 100 : 0, 2));
	show_reasons(cli, json_object_get(telemetry, "stalls"), starved_s);
}

void flow_show(const struct cli *cli, const json_t *printer)
{
	const json_t *telemetry = json_object_get(printer, "telemetry");

	if (!json_is_object(telemetry))
		return;
	show_wire(cli, telemetry);
	show_noise(cli, telemetry);
	show_starvation(cli, telemetry, words_number(telemetry, "print_s"));
}

void flow_show_totals(const struct cli *cli, const json_t *attempt, double print_s)
{
	words_row(cli, "lines", "%lld, %lld sent again",
		(long long)words_integer(attempt, "lines_sent"),
		(long long)words_integer(attempt, "resends"));
	show_noise(cli, attempt);
	show_starvation(cli, attempt, print_s);
}
