/* How much filament one tool uses: new filament only, so that retractions cost nothing. */
#ifndef GCODE_FILAMENT_H
#define GCODE_FILAMENT_H

#include <stdbool.h>

/* All zero is a tool that has done nothing. */
struct filament {
	double position_mm;	  /* sum of all moves */
	double furthest_mm;	  /* where it was furthest: what lies beyond is new filament */
	double used_mm;		  /* with purge */
	double print_mm;	  /* without */
	double print_furthest_mm; /* the same as furthest_mm, since the print began */
	bool used;
	bool loading; /* selected, and not laid down as a line yet */
};

/* The tool was changed to this one. */
void filament_select(struct filament *filament);

/* The slicer's own moves begin, and it takes the nozzle for full whatever the start code drew back:
 * what it counts begins here.  `drawn_mm` it has drawn back itself already. */
void filament_begin_print(struct filament *filament, double drawn_mm);

/* Moves up to the nozzle what is there already: nothing is used. */
void filament_load(struct filament *filament, double extruded_mm);

/* `path_mm` is how far the head goes meanwhile; `is_print`: no start, end or purge code. */
void filament_move(struct filament *filament, double extruded_mm, double path_mm, bool is_print);

#endif
