/* A printer as JSON; see summary.h. */
#include "sim/summary.h"

#include "sim/firmware.h"

#include <stdarg.h> /* va_list */
#include <stdio.h>  /* vsnprintf */

#define COUNTER(name)                                                                              \
	{                                                                                          \
#name, offsetof(struct sim_counters, name), 0                                      \
	}
#define TIME(field, name)                                                                          \
	{                                                                                          \
		name, offsetof(struct sim_counters, field), 1                                      \
	}

static const struct {
	const char *name;
	size_t offset;
	int seconds; /* microseconds, shown as seconds */
} counters[] = {
	COUNTER(executed),
	COUNTER(moves),
	COUNTER(oks),
	COUNTER(resends),
	COUNTER(checksum_errors),
	COUNTER(number_errors),
	COUNTER(no_checksum_errors),
	COUNTER(dropped_repeats),
	COUNTER(unknown),
	COUNTER(rx_overruns),
	COUNTER(flushed_bytes),
	COUNTER(deaf_bytes),
	COUNTER(lost_output_bytes),
	COUNTER(received_bytes),
	COUNTER(sent_bytes),
	COUNTER(noise_up_bytes),
	COUNTER(noise_down_bytes),
	COUNTER(lost_oks),
	COUNTER(doubled_oks),
	COUNTER(damaged_accepted),
	COUNTER(torn_executed),
	COUNTER(tail_executed),
	COUNTER(damaged_unnumbered_executed),
	COUNTER(starvations),
	TIME(starved_us, "starved_s"),
	COUNTER(resets),
	COUNTER(kills),
	TIME(heater_on_us, "heater_on_s"),
	TIME(beam_on_us, "beam_on_s"),
	TIME(beam_still_us, "beam_still_s"),
};

struct text {
	char *at;
	size_t left;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int wrote = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	size_t bytes = wrote < 0 ? 0 : (size_t)wrote < text->left ? (size_t)wrote : text->left - 1;
	text->at += bytes;
	text->left -= bytes;
}

static void put_status(struct text *text, const struct sim_status *status)
{
	put(text,
		"\"state\":\"%s\",\"unplugged\":%s,\"hotend_celsius\":%.2f,"
		"\"hotend_target_celsius\":%.2f,\"hotend_power\":%.3f,\"bed_celsius\":%.2f,"
		"\"bed_target_celsius\":%.2f,\"bed_power\":%.3f,\"position_mm\":[%.3f,%.3f,%.3f,%."
		"3f],"
		"\"queued\":%d,\"planned\":%d,\"last_number\":%lld,\"waits_for_user\":%s,"
		"\"beam\":%.3f,\"machine_state\":\"%s\"",
		sim_state_name(status->state), status->unplugged ? "true" : "false",
		status->hotend_celsius, status->hotend_target_celsius, status->hotend_power,
		status->bed_celsius, status->bed_target_celsius, status->bed_power,
		status->position_mm[0], status->position_mm[1], status->position_mm[2],
		status->position_mm[3], (int)status->queued, (int)status->planned,
		(long long)status->last_number, status->waits_for_user ? "true" : "false",
		status->beam, status->machine_state);
}

size_t summary_text(const struct sim_printer *printer, char buffer[SUMMARY_TEXT_MAX])
{
	const struct sim_settings *settings = sim_printer_settings(printer);
	const char *values = (const char *)sim_printer_counters(printer);
	struct text text = { buffer, SUMMARY_TEXT_MAX };
	struct sim_status status;

	sim_printer_status(printer, &status);
	put(&text, "{\"printer\":\"%s\",\"firmware\":\"%s\",\"seconds\":%.3f,", settings->name,
		settings->firmware->name, (double)sim_printer_now_us(printer) * 1e-6);
	put_status(&text, &status);
	for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
		int64_t value = *(const int64_t *)(const void *)(values + counters[i].offset);
		if (counters[i].seconds)
			put(&text, ",\"%s\":%.3f", counters[i].name, (double)value * 1e-6);
		else
			put(&text, ",\"%s\":%lld", counters[i].name, (long long)value);
	}
	put(&text, "}");
	return SUMMARY_TEXT_MAX - text.left;
}
