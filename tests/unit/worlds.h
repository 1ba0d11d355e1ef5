/* Small worlds for the tests of the scheduler: defaults that match, to be spoilt one by one. */
#ifndef TESTS_UNIT_WORLDS_H
#define TESTS_UNIT_WORLDS_H

#include "scheduler/world.h"

/* A 250 x 210 x 210 mm printer, 0.4 mm, PLA loaded, online, empty, idle, staffed starts only. */
struct world_printer worlds_printer(const char *name);

/* 4 units in 3 h, 20 g, a 100 mm cube for any machine. */
struct world_plate worlds_plate(void);

/* An order of this many units over these plates. */
struct world_order worlds_order(
	int64_t id, int64_t units, const struct world_plate *plate, size_t plate_count);

/* Monday to Friday from `begin_hour` to `end_hour`, the week beginning at 0. */
struct world_calendar worlds_weekdays(int begin_hour, int end_hour);

#endif
