/* What a slicer says in comments: its name, the machine, material, times, marks of layers.
 * Comments are hints, never facts: what is out of range is ignored. */
#ifndef GCODE_SLICER_HINTS_H
#define GCODE_SLICER_HINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcode/analysis.h" /* sizes */
#include "gcode/feature.h"
#include "gcode/time_limits.h"

/* What stands in the way between start code, print and end code. */
enum slicer_section {
	SLICER_SECTION_UNSAID, /* no marks seen: everything counts as print */
	SLICER_SECTION_CUSTOM, /* start, end and other custom code: purge */
	SLICER_SECTION_PRINT,
};

/* For whom PrusaSlicer and its kind wrote: whether their own estimate takes the block's limits. */
enum slicer_flavor {
	SLICER_FLAVOR_UNSAID,
	SLICER_FLAVOR_MARLIN_LEGACY, /* travels with the acceleration of printing */
	SLICER_FLAVOR_LIMITED,	     /* marlin2, reprapfirmware, klipper */
	SLICER_FLAVOR_OTHER,
};

enum { SLICER_TAIL_MAX = 64 };

struct slicer_hints {
	char slicer[ANALYSIS_NAME_MAX];
	char printer_model[ANALYSIS_NAME_MAX];
	char printer_settings[ANALYSIS_NAME_MAX];
	char material[ANALYSIS_NAME_MAX];
	char colour[ANALYSIS_NAME_MAX];
	char definition[ANALYSIS_NAME_MAX]; /* Cura's name of the machine */
	double nozzle_mm, layer_height_mm, first_layer_height_mm;
	double filament_diameter_mm[ANALYSIS_TOOLS_MAX]; /* 0: not stated */
	double filament_density_g_cm3[ANALYSIS_TOOLS_MAX];
	double filament_cost_kg[ANALYSIS_TOOLS_MAX]; /* in the user's own currency */
	double load_s[ANALYSIS_TOOLS_MAX], unload_s[ANALYSIS_TOOLS_MAX];
	double time_s;
	int32_t layer_marks;
	int32_t thumbnails;
	int32_t picture_width, picture_height; /* of the largest thumbnail */
	enum slicer_section section;
	enum feature feature;
	/* The configuration block's limits of the machine. */
	struct time_limits limits;
	bool limits_found, limits_ignored;
	enum slicer_flavor flavor;
	bool relative_amounts; /* of filament */
	bool long_lines;       /* written for Klipper or RepRapFirmware */
	size_t object_count;   /* distinct names kept */
	char object[ANALYSIS_OBJECTS_MAX][ANALYSIS_NAME_MAX];
	bool loading;	  /* between PrusaSlicer's marks of a multi-material unit's loading */
	bool layer_ended; /* Cura: until the next layer begins; the end code has no mark */
	bool priming;	  /* between its marks of the priming of all tools */
	bool volumetric;  /* UltiGCode: E in mm3 */
	bool self_heated; /* UltiGCode, Griffin: the machine heats and homes by itself */
	bool one_nozzle;  /* several filaments, one hotend */
	/* "TYPE:Custom" stood before the first layer; and the slicer's own moves have begun. */
	bool start_code_marked, print_begun;
	bool begun_drawn;    /* Cura: since its last G92 E0 it has drawn back itself */
	int32_t open_blocks; /* configuration blocks begun and not ended */
	/* Cura's settings come in pieces that cut words: the end of one, joined to the next. */
	char setting_tail[SLICER_TAIL_MAX];
	size_t setting_tail_length;
};

void slicer_hints_init(struct slicer_hints *hints);

/* One comment, without its semicolon. */
void slicer_hints_comment(struct slicer_hints *hints, const char *text, size_t length);

/* The best name of the machine, empty when none was stated. */
const char *slicer_hints_machine(const struct slicer_hints *hints);

/* What the machine's planner is allowed, as far as comments say: the configuration block's limits
 * when they count, else what this slicer assumes. */
void slicer_hints_limits(const struct slicer_hints *hints, struct time_limits *limits);

#endif
