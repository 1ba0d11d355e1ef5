/* Small worlds for the tests of the scheduler; see worlds.h. */
#include "tests/unit/worlds.h"

struct world_printer worlds_printer(const char *name)
{
	return (struct world_printer){
		.name = name,
		.volume_max_mm = { 250, 210, 210 },
		.nozzle_mm = 0.4,
		.hotend_max_celsius = 280,
		.bed_max_celsius = 110,
		.speed_factor = 1,
		.material = "PLA",
		.color = "white",
		.grams_left = -1,
		.online = true,
		.enabled = true,
		.bed_empty = true,
		.idle = true,
	};
}

struct world_plate worlds_plate(void)
{
	return (struct world_plate){
		.id = 1,
		.yield = 4,
		.time_s = 10800,
		.grams = 20,
		.box_min_mm = { 50, 50, 0.2 },
		.box_max_mm = { 150, 150, 100 },
		.has_box = true,
		.hotend_celsius = 210,
		.bed_celsius = 60,
		.nozzle_mm = 0.4,
		.machine = "",
		.material = "PLA",
	};
}

struct world_order worlds_order(
	int64_t id, int64_t units, const struct world_plate *plate, size_t plate_count)
{
	return (struct world_order){
		.id = id,
		.units_left = units,
		.priority = 50,
		.created_s = id,
		.material = "",
		.color = "",
		.printer = "",
		.tag = "",
		.plate_count = plate_count,
		.plate = plate,
	};
}

struct world_calendar worlds_weekdays(int begin_hour, int end_hour)
{
	struct world_calendar calendar = { .window_count = 5 };

	for (int i = 0; i < 5; i++)
		calendar.window[i] = (struct world_window){ i * 86400 + begin_hour * 3600,
			i * 86400 + end_hour * 3600 };
	return calendar;
}
