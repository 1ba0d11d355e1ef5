/* What a slicer says in comments: its name, the machine, material, times, marks of layers.
 * Comments are hints, never facts: what is out of range is ignored. */
#ifndef GCODE_SLICER_HINTS_H
#define GCODE_SLICER_HINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcode/analysis.h" /* sizes */

/* What stands in the way between start code, print and end code. */
enum slicer_section {
	SLICER_SECTION_UNSAID, /* no marks seen: everything counts as print */
	SLICER_SECTION_CUSTOM, /* start, end and other custom code: purge */
	SLICER_SECTION_PRINT,
};

struct slicer_hints {
	char slicer[ANALYSIS_NAME_MAX];
	char printer_model[ANALYSIS_NAME_MAX];
	char printer_settings[ANALYSIS_NAME_MAX];
	char material[ANALYSIS_NAME_MAX];
	double nozzle_mm;
	double filament_diameter_mm[ANALYSIS_TOOLS_MAX]; /* 0: not stated */
	double filament_density_g_cm3[ANALYSIS_TOOLS_MAX];
	double time_s;
	int32_t layer_marks;
	int32_t thumbnails;
	enum slicer_section section;
	bool volumetric;     /* UltiGCode: E in mm3 */
	bool self_heated;    /* UltiGCode, Griffin: the machine heats and homes by itself */
	bool one_nozzle;     /* several filaments, one hotend */
	int32_t open_blocks; /* configuration blocks begun and not ended */
};

void slicer_hints_init(struct slicer_hints *hints);

/* One comment, without its semicolon. */
void slicer_hints_comment(struct slicer_hints *hints, const char *text, size_t length);

/* The best name of the machine, empty when none was stated. */
const char *slicer_hints_machine(const struct slicer_hints *hints);

#endif
