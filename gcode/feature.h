/* What a stretch of a print is: outer wall, infill, support.  Slicers have their own words for the
 * same things; here they are one list. */
#ifndef GCODE_FEATURE_H
#define GCODE_FEATURE_H

#include <stddef.h>

enum feature {
	FEATURE_UNSAID, /* the slicer does not say */
	FEATURE_CUSTOM, /* start, end and other custom code: purge */
	FEATURE_OUTER_WALL,
	FEATURE_INNER_WALL,
	FEATURE_OVERHANG,
	FEATURE_INFILL,
	FEATURE_SOLID,
	FEATURE_TOP,
	FEATURE_BRIDGE,
	FEATURE_GAP_FILL,
	FEATURE_IRONING,
	FEATURE_SKIRT,
	FEATURE_SUPPORT,
	FEATURE_SUPPORT_INTERFACE,
	FEATURE_TOWER,
	FEATURE_TRAVEL,	    /* moves without filament */
	FEATURE_RETRACTION, /* filament without moves */
	FEATURE_WAIT,	    /* dwell, homing, tool change */
	FEATURE_COUNT
};

/* The slicer's word as it stands behind "TYPE:", "FEATURE:" or "feature "; what is not known is
 * FEATURE_UNSAID. */
enum feature feature_from_words(const char *text, size_t length);

/* "outer wall"; stable, for JSON and people. */
const char *feature_name(enum feature feature);

#endif
