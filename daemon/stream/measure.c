#include "daemon/stream/measure.h"

#include "daemon/stream/clock.h"
#include "daemon/stream/signs.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BOOT_US = 2500000,	/* until a board that was reset has said something */
	BOOT_QUIET_US = 500000, /* then it has said everything */
	ASK_US = 1500000,
	ANSWER_US = 2000000,
	SETTLE_US = 300000,
	DRAIN_US = 1500000,
	LINE_BYTES = 256,
	LONG_BYTES = 60, /* that the long line is longer than the short one */
	PAIRS = 30,
	BURST_LINE_BYTES = 24,
	BURST_MAX = 2048,
};

/* ---- bytes ----------------------------------------------------------------------- */

/* Waits for bytes at most until then; 0: none, negative: the port is gone. */
static ssize_t read_until(struct port *port, char *bytes, size_t size, int64_t until_us)
{
	struct pollfd ready = { .fd = port->fd, .events = POLLIN };

	for (;;) {
		ssize_t count = port->operations->read(port, bytes, size);
		int64_t left_us = until_us - clock_now_us();

		if (count != -EAGAIN)
			return count == 0 ? -EIO : count;
		if (left_us <= 0)
			return 0;
		poll(&ready, 1, (int)(left_us / 1000) + 1);
	}
}

static bool write_all(struct port *port, const char *bytes, size_t length)
{
	int64_t until_us = clock_now_us() + ANSWER_US;

	while (length > 0 && clock_now_us() < until_us) {
		ssize_t count = port->operations->write(port, bytes, length);
		struct pollfd ready = { .fd = port->fd, .events = POLLOUT };

		if (count == -EAGAIN)
			poll(&ready, 1, 10);
		else if (count <= 0)
			return false;
		else
			bytes += count, length -= (size_t)count;
	}
	return length == 0;
}

/* Throws away what comes until it is quiet; a firmware that reports by itself never is. */
static bool drain(struct port *port, int64_t quiet_us)
{
	int64_t limit_us = clock_now_us() + DRAIN_US;
	char bytes[512];
	ssize_t count = 1;

	while (count > 0 && clock_now_us() < limit_us)
		count = read_until(port, bytes, sizeof(bytes), clock_now_us() + quiet_us);
	return count >= 0;
}

/* ---- who is there ------------------------------------------------------------------ */

/* Adds what comes until it is quiet for quiet_us, at most until then. */
static bool hear(struct port *port, struct measure_found *found, int64_t until_us, int64_t quiet_us)
{
	size_t before = found->length;

	while (found->length < MEASURE_TEXT_BYTES) {
		int64_t limit_us = clock_now_us() + quiet_us;

		if (clock_now_us() >= until_us)
			break;
		ssize_t count = read_until(port, found->text + found->length,
			MEASURE_TEXT_BYTES - found->length,
			found->length > before && limit_us < until_us ? limit_us : until_us);

		if (count < 0)
			return false;
		if (count == 0)
			break;
		found->length += (size_t)count;
		found->text[found->length] = '\0';
	}
	return true;
}

static bool holds(const struct measure_found *found, const char *words)
{
	return memmem(found->text, found->length, words, strlen(words)) != NULL;
}

static bool is_known(struct measure_found *found)
{
	found->dialect = signs_dialect(found->text, found->length);
	return found->dialect != NULL;
}

/* A banner tells; else it is asked, in both languages. */
static void ask(struct port *port, struct measure_found *found)
{
	found->length = 0;
	if (!hear(port, found, clock_now_us() + BOOT_US, BOOT_QUIET_US))
		return;
	found->resets = holds(found, "start") || holds(found, "Grbl ");
	/* The name in M115 is the exact one. */
	if (!is_known(found) || strcmp(found->dialect, "marlin") == 0) {
		if (write_all(port, "\nM115\n", 6))
			hear(port, found, clock_now_us() + ASK_US, SETTLE_US);
	}
	if (!is_known(found) && write_all(port, "$I\n", 3))
		hear(port, found, clock_now_us() + ASK_US, SETTLE_US);
	is_known(found);
}

int measure_identify(
	struct port *port, const char *path, struct measure_found *found, struct error *error)
{
	/* In the order of likelihood (serial-protocols.md 2.2). */
	static const int32_t bauds[] = { 115200, 250000, 1000000, 57600, 500000, 38400, 9600 };
	bool any = false;

	memset(found, 0, sizeof(*found));
	for (size_t i = 0; i < sizeof(bauds) / sizeof(bauds[0]); i++) {
		int code = port_open(port, path, bauds[i], error);

		/* A speed that the device does not know. */
		if (code < 0 && i > 0)
			continue;
		if (code < 0)
			return code;
		found->baud = bauds[i];
		ask(port, found);
		any |= found->length > 0;
		found->is_deaf = !any;
		/* Speeds mean nothing to a device, or a pseudo-terminal, that has none. */
		if (found->dialect || port->link != DRIVER_LINK_UART ||
			port->operations == &port_fd)
			return 0;
		port_close(port);
	}
	return port_open(port, path, bauds[0], error);
}

/* ---- lines ------------------------------------------------------------------------- */

struct measure {
	struct port *port;
	bool is_grbl;
	int64_t number;
	char line[LINE_BYTES]; /* of the printer, not complete */
	size_t length;
	char expected[LINE_BYTES]; /* grbl's answer to $G */
	int64_t bytes;
	/* of the present question */
	int oks, refusals, unreadable;
};

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static bool is_readable(const struct measure *measure, const char *line)
{
	static const char *const beginnings[] = { "ok",
		"T:", " T:", "echo:", "Error:", "Resend:", "rs", "start", "//", "wait", "skip",
		"Info:", "Echo:", "Got:", "B:", "X:", "[", "<", "error:", "ALARM:", "Grbl" };

	if (measure->expected[0] && line[0] == '[')
		return strcmp(line, measure->expected) == 0;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (begins(line, beginnings[i]))
			return true;
	return line[0] == '\0';
}

static void take_line(struct measure *measure)
{
	char *line = measure->line;

	while (measure->length > 0 && (line[measure->length - 1] == '\r'))
		measure->length--;
	line[measure->length] = '\0';
	measure->length = 0;
	if (begins(line, "ok"))
		measure->oks++;
	else if (begins(line, "Resend") || begins(line, "rs ") || begins(line, "error:"))
		measure->refusals++;
	else if (measure->is_grbl && line[0] == '[' && !measure->expected[0])
		snprintf(measure->expected, sizeof(measure->expected), "%s", line);
	if (!is_readable(measure, line))
		measure->unreadable++;
}

static void take_bytes(struct measure *measure, const char *bytes, size_t length)
{
	measure->bytes += (int64_t)length;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n')
			take_line(measure);
		else if (measure->length < LINE_BYTES - 1)
			measure->line[measure->length++] = bytes[i];
	}
}

/* Until so many have been answered, one way or the other; false: not by then. */
static bool await(struct measure *measure, int answers, int64_t until_us)
{
	char bytes[512];

	while (measure->oks + measure->refusals < answers) {
		ssize_t count = read_until(measure->port, bytes, sizeof(bytes), until_us);

		if (count <= 0)
			return false;
		take_bytes(measure, bytes, (size_t)count);
	}
	return true;
}

/* A numbered M105, or $G with blanks; of about `extra` bytes more than the shortest. */
static size_t make_line(struct measure *measure, int extra, char line[LINE_BYTES])
{
	static const char zeros[] =
		"00000000000000000000000000000000000000000000000000000000000000";
	unsigned char sum = 0;
	int length;

	if (measure->is_grbl)
		return (size_t)snprintf(line, LINE_BYTES, "$G%s%.*s%s\n", extra > 2 ? "(" : "",
			extra > 2 ? extra - 2 : 0, zeros, extra > 2 ? ")" : "");
	length = snprintf(line, LINE_BYTES, "N%lld M105%s%.*s", (long long)++measure->number,
		extra > 2 ? " Z" : "", extra > 2 ? extra - 2 : 0, zeros);
	for (int i = 0; i < length; i++)
		sum ^= (unsigned char)line[i];
	return (size_t)length +
	       (size_t)snprintf(line + length, (size_t)(LINE_BYTES - length), "*%u\n", sum);
}

static void forget_answers(struct measure *measure)
{
	measure->oks = measure->refusals = measure->unreadable = 0;
}

/* From the first byte of a question to its answer; negative: none came, or not the right one. */
static int64_t ask_line(struct measure *measure, int extra, size_t *length)
{
	char line[LINE_BYTES];
	int64_t began_us;

	*length = make_line(measure, extra, line);
	forget_answers(measure);
	began_us = clock_now_us();
	measure->bytes += (int64_t)*length;
	if (!write_all(measure->port, line, *length) || !await(measure, 1, began_us + ANSWER_US) ||
		measure->refusals > 0)
		return -1;
	return clock_now_us() - began_us;
}

/* Numbers begin anew; whatever was under way is over. */
static bool begin_again(struct measure *measure)
{
	static const char start[] = "N0 M110 N0*125\n";

	if (!write_all(measure->port, "\n", 1) || !drain(measure->port, SETTLE_US))
		return false;
	measure->length = 0;
	measure->number = 0;
	forget_answers(measure);
	if (measure->is_grbl)
		return true;
	return write_all(measure->port, start, sizeof(start) - 1) &&
	       await(measure, 1, clock_now_us() + ANSWER_US);
}

/* ---- measuring --------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

static void measure_round_trips(struct measure *measure, struct measure_link *link)
{
	size_t length;

	for (int i = 0; i < MEASURE_SAMPLES; i++) {
		int64_t us = ask_line(measure, 0, &length);

		if (us >= 0)
			link->round_trip_us[link->sample_count++] = us;
		else if (!begin_again(measure))
			break;
	}
	qsort(link->round_trip_us, (size_t)link->sample_count, sizeof(link->round_trip_us[0]),
		by_size);
}

/* Two lengths of line: what the longer one takes more is the wire.  The quickest of each counts,
 * since everything else only adds. */
static void measure_speed(struct measure *measure, struct measure_link *link)
{
	int64_t best_us[2] = { INT64_MAX, INT64_MAX };
	size_t length[2] = { 0, 0 };

	for (int i = 0; i < 2 * PAIRS; i++) {
		int64_t us = ask_line(measure, i % 2 ? LONG_BYTES : 0, &length[i % 2]);

		if (us < 0 && !begin_again(measure))
			return;
		if (us >= 0 && us < best_us[i % 2])
			best_us[i % 2] = us;
	}
	if (best_us[0] == INT64_MAX || best_us[1] == INT64_MAX)
		return;
	if (best_us[1] <= best_us[0])
		return;
	link->bytes_per_s = (int64_t)(length[1] - length[0]) * 1000000 / (best_us[1] - best_us[0]);
}

/* So many bytes in one go: what ring and queue cannot hold is lost, and the numbers tell. */
static bool burst(struct measure *measure, size_t bytes)
{
	char text[BURST_MAX + LINE_BYTES];
	size_t length = 0;
	int lines = 0;

	while (length + BURST_LINE_BYTES <= bytes) {
		length += make_line(measure, 8, text + length);
		lines++;
	}
	forget_answers(measure);
	measure->bytes += (int64_t)length;
	return write_all(measure->port, text, length) &&
	       await(measure, lines, clock_now_us() + ANSWER_US) && measure->refusals == 0;
}

static void measure_bursts(struct measure *measure, struct measure_link *link)
{
	static const size_t sizes[] = { 48, 72, 96, 120, 144, 192, 256, 384, 512, 768, 1024, 2048 };

	/* Without numbers a lost byte would be a command. */
	if (measure->is_grbl)
		return;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool good = burst(measure, sizes[i]);

		if (good) {
			link->burst_bytes = (int64_t)sizes[i];
			continue;
		}
		link->burst_lost_at = (int64_t)sizes[i];
		drain(measure->port, ANSWER_US / 4);
		begin_again(measure);
		return;
	}
}

static void measure_noise(struct measure *measure, double noise_s,
	void (*progress)(const char *what, double share), struct measure_link *link)
{
	int64_t began_us = clock_now_us(), told_us = 0;
	int64_t end_us = began_us + (int64_t)(noise_s * 1e6);
	size_t length;

	measure->bytes = 0;
	while (clock_now_us() < end_us) {
		int64_t us = ask_line(measure, 16, &length);

		link->noise_lines++;
		link->noise_unreadable += measure->unreadable;
		if (us < 0) {
			if (measure->refusals > 0)
				link->noise_damaged++;
			else
				link->noise_lost++;
			if (!begin_again(measure))
				break;
		}
		if (clock_now_us() - told_us > CLOCK_SECOND_US) {
			told_us = clock_now_us();
			progress("noise", (double)(told_us - began_us) / (noise_s * 1e6));
		}
	}
	link->noise_bytes = measure->bytes;
	link->noise_s = (double)(clock_now_us() - began_us) / 1e6;
}

void measure_link(struct port *port, const char *dialect, double noise_s,
	void (*progress)(const char *what, double share), struct measure_link *link)
{
	struct measure measure = { .port = port,
		.is_grbl = strncmp(dialect, "grbl", 4) == 0 || strcmp(dialect, "fluidnc") == 0 };

	memset(link, 0, sizeof(*link));
	if (!begin_again(&measure) && !begin_again(&measure))
		return;
	progress("round trips", 0);
	measure_round_trips(&measure, link);
	if (link->sample_count == 0)
		return;
	progress("speed", 0);
	measure_speed(&measure, link);
	progress("buffers", 0);
	measure_bursts(&measure, link);
	measure_noise(&measure, noise_s, progress, link);
	progress("", 1);
}
