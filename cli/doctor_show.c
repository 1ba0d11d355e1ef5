#include "cli/doctor_show.h"

#include "cli/text.h"
#include "cli/words.h"
#include "gcode/decimal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h> /* qsort */
#include <string.h>

enum { BAR_COLUMNS = 44, SAMPLES_MAX = 4096, TITLE_COLUMNS = 12, VALUE_COLUMNS = 64 };

void doctor_advise(struct doctor_advice *advice, const char *format, ...)
{
	va_list arguments;

	if (advice->count == DOCTOR_ADVICE_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(advice->text[advice->count++], DOCTOR_ADVICE_BYTES, format, arguments);
	va_end(arguments);
}

static void row(const char *title, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void row(const char *title, const char *format, ...)
{
	char text[PATH_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	/* Sentences are broken between words; a path is not. */
	for (const char *at = text; *at || at == text;) {
		size_t next = strlen(at), bytes = next;

		if (strchr(at, ' '))
			bytes = text_fit_words(at, VALUE_COLUMNS, &next);
		say(stdout, "  %-*s %.*s\n", TITLE_COLUMNS, at == text ? title : "", (int)bytes,
			at);
		if (next == 0)
			break;
		at += next;
	}
}

/* ---- what there is ------------------------------------------------------------------ */

void doctor_show_port(const struct host_port *port)
{
	row("port", "%s", port->path);
	if (port->error) {
		row("", "%s", port->error == ENOTTY ? "no serial port" : strerror(port->error));
		return;
	}
	if (strcmp(port->device, port->path) != 0)
		row("device", "%s", port->device);
	if (port->is_stable && strcmp(port->stable, port->path) != 0)
		row("lasting name", "%s", port->stable);
	if (port->vendor[0])
		row("USB", "%s:%s, driver %s", port->vendor, port->product, port->driver);
	row("rights", "group %s, mode %03o; you %s open it", port->group, (unsigned)port->mode,
		port->may_open ? "may" : "may not");
	if (port->latency_ms >= 0)
		row("latency", "timer of the chip: %d ms", port->latency_ms);
	for (int i = 0; i < port->holder_count; i++)
		row(i ? "" : "held by", "%s (process %d)%s%s", port->holder[i].name,
			port->holder[i].pid, *port->holder[i].printer ? ", of the printer " : "",
			port->holder[i].printer);
}

static void add_word(char *text, size_t size, const char *word)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, "%s%s", length > 0 ? ", " : "", word);
}

void doctor_show_printer(const json_t *found)
{
	static const struct {
		const char *key, *words;
	} abilities[] = {
		{ "emergency_parser", "emergency parser" },
		{ "autoreport_temperature", "temperatures by itself" },
		{ "host_actions", "host actions" },
		{ "advanced_ok", "advanced ok" },
	};
	const char *kind = words_text(found, "machine_kind");
	char text[160] = "";

	if (!words_is_true(found, "answers")) {
		row("answer", "none: %s", words_text(found, "reason"));
		return;
	}
	row("firmware", "%s", words_text(found, "firmware"));
	if (*words_text(found, "machine"))
		row("machine", "%s", words_text(found, "machine"));
	row("dialect", "%s, %lld baud, %s%s", words_text(found, "dialect"),
		(long long)words_integer(found, "baud"), words_text(found, "link"),
		words_is_true(found, "resets") ? "; opening the port resets the board" : "");
	for (size_t i = 0; i < sizeof abilities / sizeof abilities[0]; i++)
		if (words_is_true(found, abilities[i].key))
			add_word(text, sizeof text, abilities[i].words);
	if (words_is_true(found, "programs"))
		row("kind", "%s: its row in printers wants kind = \"%s\"",
			*kind ? kind : "laser or mill", *kind ? kind : "laser\" or \"mill");
	row("can", "%s", *text ? text : "nothing beyond the usual");
	if (*words_text(found, "window"))
		row("window", "%s", words_text(found, "window"));
}

static int by_size(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

static const char *milliseconds(char text[DECIMAL_TEXT_MAX], int64_t us)
{
	return decimal_write(text, (double)us / 1000, us < 100000 ? 1 : 0);
}

static void show_bar(const struct cli *cli, const char *range, size_t count, size_t most)
{
	char bar[BAR_COLUMNS * 3 + 1] = "";
	size_t columns = most > 0 ? (count * BAR_COLUMNS + most - 1) / most : 0;

	for (size_t i = 0; i < columns; i++)
		strcat(bar, cli->has_utf8 ? "\xe2\x96\x88" : "#");
	say(stdout, "  %*s %s%s%zu\n", TITLE_COLUMNS, range, bar, columns ? " " : "", count);
}

/* Bounds that double: a link is told by its order of magnitude. */
static void show_histogram(const struct cli *cli, const int64_t *us, size_t count)
{
	enum { BINS = 12 };
	size_t bin[BINS] = { 0 }, most = 0;
	int first = BINS, last = 0;

	for (size_t i = 0; i < count; i++) {
		int at = 0;

		for (int64_t bound = 250; us[i] >= bound && at < BINS - 1; bound *= 2)
			at++;
		bin[at]++;
		if (bin[at] > most)
			most = bin[at];
		first = at < first ? at : first;
		last = at > last ? at : last;
	}
	for (int at = first; at <= last; at++) {
		char low[DECIMAL_TEXT_MAX], range[48];

		snprintf(range, sizeof range, "%s ms",
			at == 0 ? "0" : decimal_write(low, 0.25 * (double)(1 << (at - 1)), 2));
		show_bar(cli, range, bin[at], most);
	}
}

void doctor_show_round_trips(const struct cli *cli, const json_t *microseconds)
{
	static int64_t us[SAMPLES_MAX];
	char low[DECIMAL_TEXT_MAX], middle[DECIMAL_TEXT_MAX], high[DECIMAL_TEXT_MAX];
	const json_t *value;
	size_t count = 0, index;

	json_array_foreach (microseconds, index, value)
		if (count < SAMPLES_MAX && json_is_integer(value))
			us[count++] = json_integer_value(value);
	if (count == 0) {
		row("round trip", "nothing was measured");
		return;
	}
	qsort(us, count, sizeof us[0], by_size);
	row("round trip", "%s ms at best, %s ms mostly, %s ms at worst (of %zu)",
		milliseconds(low, us[0]), milliseconds(middle, us[count / 2]),
		milliseconds(high, us[count - 1]), count);
	show_histogram(cli, us, count);
}

void doctor_show_link(const struct cli *cli, const json_t *found)
{
	int64_t speed = words_integer(found, "bytes_per_s"), baud = words_integer(found, "baud");
	int64_t burst = words_integer(found, "burst_bytes"),
		lost = words_integer(found, "burst_lost_at");
	char seconds[DECIMAL_TEXT_MAX];

	doctor_show_round_trips(cli, json_object_get(found, "round_trips_us"));
	if (speed > 0)
		row("speed", "%lld bytes/s to the printer; %lld baud carry %lld", (long long)speed,
			(long long)baud, (long long)baud / 10);
	else
		row("speed", "too fast to tell: no wire of %lld baud", (long long)baud);
	if (lost > 0)
		row("buffers", "takes %lld bytes at once; of %lld some are lost", (long long)burst,
			(long long)lost);
	else if (burst > 0)
		row("buffers", "takes %lld bytes at once, and more", (long long)burst);
	if (words_integer(found, "noise_lines") > 0)
		row("noise",
			"in %s s and %lld lines: %lld damaged, %lld answers unreadable, %lld lost",
			decimal_write(seconds, words_number(found, "noise_ms") / 1000, 0),
			(long long)words_integer(found, "noise_lines"),
			(long long)words_integer(found, "noise_damaged"),
			(long long)words_integer(found, "noise_unreadable"),
			(long long)words_integer(found, "noise_lost"));
}

/* ---- what to change ------------------------------------------------------------------ */

static void advise_holder(
	struct doctor_advice *advice, const struct host_holder *holder, bool is_ours)
{
	if (!holder->is_streamer)
		doctor_advise(advice, "%s (process %d) holds the port: end it", holder->name,
			holder->pid);
	else if (!is_ours)
		doctor_advise(advice,
			"the farm's own streamer (process %d) holds the port: leave it, and ask "
			"'printfarm doctor %s', which needs no port",
			holder->pid, holder->printer[0] ? holder->printer : "NAME");
}

void doctor_advise_port(struct doctor_advice *advice, const struct host_port *port, bool is_ours)
{
	const char *name = strrchr(port->device, '/') ? strrchr(port->device, '/') + 1 : "";

	if (port->error == ENOTTY)
		doctor_advise(advice, "%s is no serial port", port->path);
	else if (port->error)
		doctor_advise(advice,
			"%s: plug the printer in, switch it on, or look for another "
			"name under /dev/serial/by-id",
			strerror(port->error));
	for (int i = 0; i < port->holder_count; i++)
		advise_holder(advice, &port->holder[i], is_ours);
	if (!port->error && !port->may_open && !is_ours)
		doctor_advise(advice, "the port belongs to the group %s: run this with sudo",
			port->group);
	if (port->latency_ms > 1)
		doctor_advise(advice,
			"the USB chip keeps answers back for %d ms: install 60-printfarm.rules, or "
			"echo 1 | sudo tee /sys/class/tty/%s/device/latency_timer",
			port->latency_ms, name);
	if (port->modem_manager && port->vendor[0])
		doctor_advise(advice,
			"ModemManager (process %d) may send modem commands to the printer when it "
			"is plugged in: install 60-printfarm.rules, or remove it: "
			"sudo apt remove modemmanager",
			port->modem_manager);
	if (port->brltty || (port->error && strcmp(port->vendor, "1a86") == 0))
		doctor_advise(advice,
			"brltty takes CH340 chips for braille displays and pulls their ports away: "
			"sudo apt remove brltty");
	if (!port->error && port->vendor[0] && !port->is_stable)
		doctor_advise(advice,
			"there is no lasting name for it under /dev/serial: another printer may "
			"get "
			"the name %s tomorrow",
			port->device);
}

static void advise_noise(struct doctor_advice *advice, const json_t *found)
{
	double megabytes = words_number(found, "noise_bytes") / 1e6;
	double trouble = words_number(found, "noise_damaged") +
			 words_number(found, "noise_unreadable") +
			 words_number(found, "noise_lost");
	char rate[DECIMAL_TEXT_MAX];

	if (trouble > 0 && megabytes > 0)
		doctor_advise(advice,
			"bytes are damaged on the way (%s times per MB): a shorter, shielded "
			"cable, "
			"another port or hub, the mains supply away from it, or less baud",
			decimal_write(rate, trouble / megabytes, 1));
}

static void advise_speed(struct doctor_advice *advice, const json_t *found)
{
	const json_t *trips = json_object_get(found, "round_trips_us");
	int64_t speed = words_integer(found, "bytes_per_s"), baud = words_integer(found, "baud");
	size_t count = json_array_size(trips);
	int64_t middle_us = count > 0 ? json_integer_value(json_array_get(trips, count / 2)) : 0;

	if (speed > 0 && speed < baud / 10 * 8 / 10)
		doctor_advise(advice,
			"the wire is slower than its speed says: another hub, or a USB port of its "
			"own");
	if (middle_us > 15000)
		doctor_advise(advice,
			"answers take long: detail-rich prints will stutter unless more than one "
			"line is under way");
	if (strcmp(words_text(found, "link"), "UART") == 0 && baud > 0 && baud < 250000 &&
		speed > 0)
		doctor_advise(advice,
			"could be better: %lld baud carry %lld lines of a detailed print a second; "
			"firmware built for 250000 carries twice as many",
			(long long)baud, (long long)baud / 390);
}

void doctor_advise_link(
	struct doctor_advice *advice, const struct host_port *port, const json_t *found)
{
	if (!words_is_true(found, "answers")) {
		if (!port->error && port->may_open)
			doctor_advise(advice, "is it switched on? Is it a printer? A board that "
					      "was halted answers after a reset");
		return;
	}
	advise_noise(advice, found);
	advise_speed(advice, found);
	if (strcmp(words_text(found, "dialect"), "marlin") == 0 &&
		!words_is_true(found, "emergency_parser"))
		doctor_advise(advice,
			"without EMERGENCY_PARSER an emergency stop waits behind a heat-up: build "
			"the firmware with it%s",
			words_is_true(found, "resets")
				? ", or set reset_line = true: this board resets by DTR"
				: "");
}

void doctor_show_advice(const struct cli *cli, const struct doctor_advice *advice)
{
	size_t columns = (size_t)cli->columns - 4;

	if (advice->count == 0) {
		say(stdout, "\nnothing has to be changed\n");
		return;
	}
	say(stdout, "\nwhat to change:\n");
	for (int i = 0; i < advice->count; i++) {
		const char *text = advice->text[i];
		bool first = true;

		while (*text) {
			size_t next, bytes = text_fit_words(text, columns, &next);

			say(stdout, "  %s %.*s\n", first ? "-" : " ", (int)bytes, text);
			text += next;
			first = false;
		}
	}
}
