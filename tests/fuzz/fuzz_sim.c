/* Any bytes at any pace to a simulated printer, with faults in between: it neither crashes nor
 * loses count.
 *
 * The first byte chooses the firmware; then come chunks: one byte says how many bytes follow and
 * how much time passes after them, or, above 0xef, a fault. */
#include "sim/faults.h"
#include "sim/firmware.h"
#include "sim/printer.h"

#include <assert.h> /* assert */
#include <stdio.h>  /* snprintf */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(struct sim_printer *printer)
{
	struct sim_executed executed;
	char output[512];
	int64_t count = 0;

	while (sim_printer_take_output(printer, output, sizeof output) > 0)
		;
	while (sim_printer_next_executed(printer, &executed))
		count++;
	assert(count <= sim_printer_counters(printer)->executed);
}

static void apply(struct sim_printer *printer, uint8_t byte, int64_t now_us)
{
	static const char *const presses[] = { "M104 S200", "crash", "stop", "continue", "pause",
		"hold 3", "door 3", "kill" };
	struct sim_fault fault = { .kind = (enum sim_fault_kind)((byte & 31) % SIM_FAULT_KINDS),
		.up = true,
		.down = true,
		.probability = 0.01,
		.down_probability = 0.01,
		.duration_us = 1000000 };

	snprintf(fault.text, sizeof fault.text, "%s", presses[now_us / 100 % 8]);
	sim_printer_apply(printer, &fault, now_us);
	/* What hung up may be opened again. */
	if (byte & 1)
		sim_printer_opened(printer, now_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_settings settings;
	int64_t now_us = 1000000;
	size_t rows = 0;

	if (size == 0)
		return 0;
	while (sim_firmware_row(rows))
		rows++;
	sim_settings_init(&settings, "fuzz", sim_firmware_row((data[0] >> 3) % rows)->name);
	settings.boot_us = 0;
	settings.warm_start = data[0] & 4;
	struct sim_printer *printer = sim_printer_create(&settings, data[0], 0);
	assert(printer);
	sim_printer_advance(printer, now_us);
	for (size_t at = 1; at < size;) {
		uint8_t chunk = data[at++];
		if (chunk > 0xef) {
			apply(printer, chunk, now_us);
			continue;
		}
		size_t length = chunk & 63;
		length = length < size - at ? length : size - at;
		at += sim_printer_receive(printer, data + at, length, now_us);
		now_us += chunk < 64 ? 100 : chunk < 128 ? 20000 : 3000000;
		assert(sim_printer_next_event_us(printer) >= sim_printer_now_us(printer));
		sim_printer_advance(printer, now_us);
		drain(printer);
	}
	sim_printer_destroy(printer);
	return 0;
}
