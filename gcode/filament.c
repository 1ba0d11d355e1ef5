/* How much filament one tool uses; see filament.h. */
#include "gcode/filament.h"

/* mm of filament a mm of path: a fat line of 0.7 mm2 is 0.3 of 1.75 mm filament. */
#define LINE_RATIO_MAX 0.3

void filament_select(struct filament *filament)
{
	filament->loading = true;
}

void filament_begin_print(struct filament *filament, double drawn_mm)
{
	filament->print_furthest_mm = filament->position_mm + drawn_mm;
}

void filament_load(struct filament *filament, double extruded_mm)
{
	filament->used = true;
	filament->position_mm += extruded_mm;
	filament->furthest_mm = filament->print_furthest_mm = filament->position_mm;
}

static double advance(double *furthest_mm, double position_mm)
{
	double fresh_mm = position_mm - *furthest_mm;

	if (!(fresh_mm > 0))
		return 0;
	*furthest_mm = position_mm;
	return fresh_mm;
}

void filament_move(struct filament *filament, double extruded_mm, double path_mm, bool is_print)
{
	double fresh_mm;

	filament->used = true;
	/* A changer's unloading and loading do not add up (it moves the filament itself in
	 * between): the print begins where loading ends. */
	if (filament->loading && extruded_mm > 0 && extruded_mm < path_mm * LINE_RATIO_MAX) {
		filament->loading = false;
		if (filament->position_mm < filament->furthest_mm)
			filament->furthest_mm = filament->position_mm;
		if (filament->position_mm < filament->print_furthest_mm)
			filament->print_furthest_mm = filament->position_mm;
	}
	filament->position_mm += extruded_mm;
	filament->used_mm += advance(&filament->furthest_mm, filament->position_mm);
	fresh_mm = advance(&filament->print_furthest_mm, filament->position_mm);
	if (is_print)
		filament->print_mm += fresh_mm;
}
