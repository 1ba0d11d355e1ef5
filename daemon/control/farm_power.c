/* What the printers draw, for the farm's power budget. */
#include "daemon/control/farm_state.h"

#include <stdio.h>

/* A print may heat up for so much longer than its file's estimate. */
static const double HEAT_MARGIN = 1.5;

int32_t farm_printer_peak_w(const struct farm_printer *printer)
{
	const struct config_printer *config = &printer->config;
	return config->heat_watts > config->watts ? config->heat_watts : config->watts;
}

int64_t farm_printer_heats_until_s(const struct farm *farm, const struct farm_printer *printer)
{
	const struct farm_attempt *attempt = printer->attempt;
	if (!attempt)
		return 0;
	double heat_s = HEAT_MARGIN * attempt->job->plate->file->heat_s;
	double elapsed_s = (double)attempt->progress.print_us / 1e6;
	if (attempt->seen && printer->reported && printer->state_us > 0)
		elapsed_s += (double)(farm->now_us - printer->state_us) / 1e6;
	return elapsed_s < heat_s ? farm->now_s + (int64_t)(heat_s - elapsed_s) + 1 : 0;
}

/* What is heated by hand, or cools down, has an unknown draw: that of a print. */
static int32_t drawn_w(const struct farm *farm, const struct farm_printer *printer)
{
	bool works = printer->attempt || farm_printer_activity(printer) != WIRE_IDLE ||
		     (printer->attached && printer->state.hot_by_us);
	if (!works || printer->removed)
		return 0;
	return farm_printer_heats_until_s(farm, printer) > farm->now_s
		       ? farm_printer_peak_w(printer)
		       : printer->config.watts;
}

int32_t farm_power_used_w(const struct farm *farm, char *text, size_t size)
{
	int64_t used_w = 0;
	size_t length = 0;
	text[0] = '\0';
	for (size_t i = 0; i < farm->printer_count; i++) {
		int32_t watts = drawn_w(farm, farm->printer[i]);
		used_w += watts;
		if (watts == 0 || length >= size)
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s %d W",
			length ? ", " : "", farm->printer[i]->name, (int)watts);
	}
	return used_w < INT32_MAX ? (int32_t)used_w : INT32_MAX;
}

int32_t farm_power_w(const struct farm *farm)
{
	char text[FARM_POWER_TEXT_MAX];
	return farm_power_used_w(farm, text, sizeof(text));
}
