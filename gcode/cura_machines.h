/* What Cura's estimate assumes of a machine that its G-code says nothing of.
 *
 * Facts from Cura 4.13's definitions (resources/definitions): machine_max_feedrate, _acceleration
 * and _jerk, and machine_acceleration for all moves. */
#ifndef GCODE_CURA_MACHINES_H
#define GCODE_CURA_MACHINES_H

#include "gcode/modal.h"

struct cura_machine {
	const char *prefix;	       /* of the definition's name; the longest that fits counts */
	double speed_mm_s[MODAL_AXES]; /* 0: no limit */
	double acceleration_mm_s2[MODAL_AXES];
	double jerk_mm_s[MODAL_AXES];
	double all_mm_s2;
};

/* By the definition's name ("creality_ender3") or, with other letters and blanks, the machine's own
 * ("Creality Ender-3"); what nobody knows is a machine that states nothing. */
const struct cura_machine *cura_machine_find(const char *name);

#endif
