#include "daemon/stream/probe.h"

#include "daemon/stream/clock.h"
#include "daemon/stream/port.h"
#include "drivers/driver.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_US = 40000000 }; /* boot, three questions of three seconds, line numbers */

struct probe {
	const struct driver_dialect *dialect;
	struct driver *driver;
	struct driver_effects effects;
	struct port port;
	int64_t wake_us;
	bool done;
	char reason[DRIVER_REASON_MAX];
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
	printf("}\n");
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
	port_close(&probe.port);
	probe.dialect->destroy(probe.driver);
	return answers ? 0 : 1;
}
