#include "daemon/stream/probe.h"

#include "daemon/stream/clock.h"
#include "daemon/stream/measure.h"
#include "daemon/stream/port.h"
#include "drivers/driver.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* isatty */

enum { PROBE_US = 40000000 }; /* boot, three questions of three seconds, line numbers */

struct probe {
	const struct driver_dialect *dialect;
	struct driver *driver;
	struct driver_effects effects;
	struct port port;
	int64_t wake_us;
	bool done;
	char reason[DRIVER_REASON_MAX];
	struct measure_found found;
	struct measure_link link;
};

/* Any byte of a printer is hostile: printable ASCII is all that gets out. */
static void print_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			printf("\\%c", byte);
		else if (byte < 0x20 || byte > 0x7E)
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

static void print_text(const char *name, const char *text)
{
	printf(",\"%s\":", name);
	if (text[0])
		print_string(text);
	else
		printf("null");
}

static void print_flag(const char *name, bool flag)
{
	printf(",\"%s\":%s", name, flag ? "true" : "false");
}

/* Tenths, without the locale's idea of a decimal point. */
static void print_celsius(double celsius)
{
	long tenths = (long)(celsius * 10 + (celsius < 0 ? -0.5 : 0.5));

	printf("%s%ld.%ld", tenths < 0 ? "-" : "", labs(tenths) / 10, labs(tenths) % 10);
}

static void print_heaters(const struct driver_heaters *heaters)
{
	printf(",\"heaters\":[");
	for (size_t i = 0; i < heaters->count; i++) {
		printf("%s{\"name\":", i > 0 ? "," : "");
		print_string(heaters->heater[i].name);
		printf(",\"celsius\":");
		print_celsius(heaters->heater[i].celsius);
		printf(",\"target_celsius\":");
		print_celsius(heaters->heater[i].target_celsius);
		putchar('}');
	}
	putchar(']');
}

static void perform(struct probe *probe)
{
	const struct driver_effects *effects = &probe->effects;

	for (size_t i = 0; i < effects->count; i++) {
		const struct driver_effect *effect = &effects->effect[i];

		if (effect->kind == DRIVER_WRITE) {
			/* A question is shorter than any terminal's buffer. */
			if (probe->port.operations->write(&probe->port,
				    effects->bytes + effect->write_offset,
				    effect->write_length) < 0)
				probe->done = true;
		} else if (effect->kind == DRIVER_WAKE_AT) {
			probe->wake_us = effect->time_us;
		} else if (effect->kind == DRIVER_LINK_FAULT) {
			snprintf(probe->reason, sizeof(probe->reason), "%s", effect->text);
			probe->done = true;
		} else if (effect->kind == DRIVER_STATE && effect->state == DRIVER_READY) {
			probe->done = true;
		}
	}
}

static void receive(struct probe *probe)
{
	char bytes[DRIVER_RECEIVE_MAX];
	ssize_t count = probe->port.operations->read(&probe->port, bytes, sizeof(bytes));

	if (count == -EAGAIN)
		return;
	if (count <= 0) {
		snprintf(probe->reason, sizeof(probe->reason), "the device is gone");
		probe->done = true;
		return;
	}
	driver_effects_clear(&probe->effects);
	probe->dialect->receive(
		probe->driver, clock_now_us(), bytes, (size_t)count, &probe->effects);
	perform(probe);
}

static void converse(struct probe *probe)
{
	int64_t end_us = clock_now_us() + PROBE_US, now_us;

	driver_effects_clear(&probe->effects);
	probe->dialect->opened(probe->driver, clock_now_us(), &probe->effects);
	perform(probe);
	while (!probe->done && (now_us = clock_now_us()) < end_us) {
		struct pollfd ready = { .fd = probe->port.fd, .events = POLLIN };
		int64_t until_us = probe->wake_us < end_us ? probe->wake_us : end_us;
		int64_t pause_us = until_us > now_us ? until_us - now_us : 0;

		if (poll(&ready, 1, (int)(pause_us / 1000) + 1) > 0)
			receive(probe);
		now_us = clock_now_us();
		if (!probe->done && probe->wake_us <= now_us) {
			probe->wake_us = DRIVER_NEVER;
			driver_effects_clear(&probe->effects);
			probe->dialect->wake(probe->driver, now_us, &probe->effects);
			perform(probe);
		}
	}
}

static bool print_result(const struct probe *probe, const char *path, bool open)
{
	const struct driver_identity *identity = probe->dialect->identity(probe->driver);
	bool answers = open && probe->dialect->state(probe->driver) == DRIVER_READY;

	printf("{\"port\":");
	print_string(path);
	print_flag("answers", answers);
	print_text("reason", answers ? "" : probe->reason);
	print_text("kind", open ? probe->port.operations->name : "");
	print_text("dialect", answers ? probe->dialect->name : "");
	print_text("firmware", identity->firmware);
	print_text("machine", identity->machine);
	print_text("uuid", identity->uuid);
	print_flag("emergency_parser", identity->emergency_parser);
	print_flag("autoreport_temperature", identity->autoreport_temperature);
	print_flag("host_actions", identity->host_actions);
	print_flag("advanced_ok", identity->advanced_ok);
	print_heaters(probe->dialect->heaters(probe->driver));
	return answers;
}

int probe_run(const char *path)
{
	static struct probe probe; /* large, and there is only one */
	struct driver_settings settings = { .seed = (uint64_t)clock_now_us() };
	struct error error = { "" };
	bool open, answers;

	probe.dialect = driver_dialect_find("auto");
	probe.driver = probe.dialect ? probe.dialect->create(&settings) : NULL;
	if (!probe.driver) {
		fprintf(stderr, "printfarm-stream: no memory\n");
		return 1;
	}
	probe.wake_us = DRIVER_NEVER;
	snprintf(probe.reason, sizeof(probe.reason), "no printer answered");
	open = port_open(&probe.port, path, 0, &error) == 0;
	if (open)
		converse(&probe);
	else
		snprintf(probe.reason, sizeof(probe.reason), "%.*s", (int)sizeof(probe.reason) - 1,
			error.text);
	answers = print_result(&probe, path, open);
	printf("}\n");
	port_close(&probe.port);
	probe.dialect->destroy(probe.driver);
	return answers ? 0 : 1;
}

/* ---- the doctor ------------------------------------------------------------------- */

static void print_number(const char *name, long long value)
{
	printf(",\"%s\":%lld", name, value);
}

static void print_link(const struct measure_link *link)
{
	printf(",\"round_trips_us\":[");
	for (int i = 0; i < link->sample_count; i++)
		printf("%s%lld", i > 0 ? "," : "", (long long)link->round_trip_us[i]);
	putchar(']');
	print_number("bytes_per_s", link->bytes_per_s);
	print_number("burst_bytes", link->burst_bytes);
	print_number("burst_lost_at", link->burst_lost_at);
	print_number("noise_ms", (long long)(link->noise_s * 1000));
	print_number("noise_lines", link->noise_lines);
	print_number("noise_bytes", link->noise_bytes);
	print_number("noise_damaged", link->noise_damaged);
	print_number("noise_unreadable", link->noise_unreadable);
	print_number("noise_lost", link->noise_lost);
}

/* Marlin 2.1 answers M115 with "area:{full:{min:{x:0.0000,...},max:{x:235.0000,y:...,z:...}}": the
 * numbers are read by hand, since strtod follows the locale. */
static bool read_axis(const char *from, const char *end, char axis, long *mm)
{
	for (; from + 2 < end; from++)
		if (from[0] == axis && from[1] == ':') {
			char *stop;

			*mm = strtol(from + 2, &stop, 10);
			return stop > from + 2;
		}
	return false;
}

static void print_size(const struct measure_found *found)
{
	static const char key[] = "full:{", max[] = "max:{";
	const char *end = found->text + found->length;
	const char *full = memmem(found->text, found->length, key, sizeof(key) - 1);
	const char *high = full ? memmem(full, (size_t)(end - full), max, sizeof(max) - 1) : NULL;
	long from[3], to[3];

	for (int i = 0; high && i < 3; i++)
		if (!read_axis(full, high, (char)('x' + i), &from[i]) ||
			!read_axis(high, end, (char)('x' + i), &to[i]))
			high = NULL;
	if (high)
		printf(",\"size_mm\":[%ld,%ld,%ld]", to[0] - from[0], to[1] - from[1],
			to[2] - from[2]);
	else
		printf(",\"size_mm\":null");
}

/* For whoever waits: a line that is drawn over. */
static void tell_progress(const char *what, double share)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (what[0])
		fprintf(stderr, "\r\033[Kmeasuring: %s %d %%", what, (int)(share * 100));
	else
		fprintf(stderr, "\r\033[K");
}

/* The driver's own conversation tells what the firmware can. */
static bool meet(struct probe *probe, const char *path)
{
	struct driver_settings settings = { .seed = (uint64_t)clock_now_us(),
		.baud = probe->found.baud };
	const char *name = probe->found.dialect ? probe->found.dialect : "auto";

	probe->dialect = driver_dialect_find(name);
	probe->driver = probe->dialect ? probe->dialect->create(&settings) : NULL;
	if (!probe->driver)
		return false;
	if (probe->found.dialect) {
		if (probe->dialect->link)
			probe->dialect->link(probe->driver, probe->port.link);
		converse(probe);
	} else {
		snprintf(probe->reason, sizeof(probe->reason), "%s",
			probe->found.is_deaf ? "not one byte came, at any speed"
					     : "what it says is no firmware that we know");
	}
	(void)path;
	return true;
}

/* Option `kind` as the firmware is set up; empty: it does not say, or prints. */
static const char *kind_word(const struct probe *probe)
{
	switch (probe->dialect->identity(probe->driver)->kind) {
	case DRIVER_KIND_PRINTER:
		return "";
	case DRIVER_KIND_LASER:
		return "laser";
	case DRIVER_KIND_MILL:
		return "mill";
	}
	return "";
}

int probe_doctor(const char *path, double noise_s)
{
	static struct probe probe;
	struct error error = { "" };
	bool open, answers;

	probe.wake_us = DRIVER_NEVER;
	tell_progress("who is there", 0);
	open = measure_identify(&probe.port, path, &probe.found, &error) == 0;
	if (!meet(&probe, path)) {
		fprintf(stderr, "printfarm-stream: no memory\n");
		return 1;
	}
	if (!open)
		snprintf(probe.reason, sizeof(probe.reason), "%.*s", (int)sizeof(probe.reason) - 1,
			error.text);
	answers = open && probe.dialect->state(probe.driver) == DRIVER_READY;
	if (answers)
		measure_link(&probe.port, probe.dialect->name, noise_s, tell_progress, &probe.link);
	/* Twice what the speed carries: there is no wire behind this port. */
	if (probe.link.bytes_per_s > probe.found.baud / 5)
		probe.link.bytes_per_s = 0;
	tell_progress("", 1);
	print_result(&probe, path, open);
	print_text("link", open ? driver_link_name(probe.port.link) : "");
	print_text("window", probe.dialect->identity(probe.driver)->window);
	/* "kind" is the port's. */
	print_text("machine_kind", kind_word(&probe));
	print_flag("programs", answers && probe.dialect->programs);
	print_number("baud", open ? probe.found.baud : 0);
	print_flag("resets", probe.found.resets);
	print_size(&probe.found);
	print_link(&probe.link);
	printf("}\n");
	port_close(&probe.port);
	probe.dialect->destroy(probe.driver);
	return answers ? 0 : 1;
}
