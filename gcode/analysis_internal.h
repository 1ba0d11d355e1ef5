/* What the parts of the analysis share: analysis.c (lines and commands), analysis_moves.c (moves),
 * analysis_layers.c (layers and time), analysis_heat.c (temperatures), analysis_file.c (the whole
 * file). */
#ifndef GCODE_ANALYSIS_INTERNAL_H
#define GCODE_ANALYSIS_INTERNAL_H

#include "gcode/analysis.h"
#include "gcode/cnc.h"
#include "gcode/extent.h"
#include "gcode/filament.h"
#include "gcode/heat.h"
#include "gcode/lexer.h"
#include "gcode/line_reader.h"
#include "gcode/modal.h"
#include "gcode/policy.h"
#include "gcode/profile.h"
#include "gcode/slicer_hints.h"
#include "gcode/time_model.h"

struct motion;

struct analyser {
	const struct profile *profile; /* borrowed */
	bool cnc;		       /* a program of a laser or a mill */
	bool m3_seen, m4_seen;
	struct cnc_modal cnc_modal;
	analyser_command *on_command;
	void *command_context;
	analyser_move *on_move;
	void *move_context;
	analyser_comment *on_comment;
	void *comment_context;
	struct line_reader reader;
	struct modal modal;
	struct slicer_hints hints;
	struct time_model time;
	struct time_limits planned; /* with which the times began */
	bool limits_settled, assumed;
	unsigned readers; /* of the dialect so far: bits 1 << enum profile_firmware */
	bool relative_amounts, long_lines; /* assumed too (struct analyser_lesson) */
	struct extent print, part, travel, cut;
	struct filament filament[ANALYSIS_TOOLS_MAX];
	bool stated[ANALYSIS_TOOLS_MAX]; /* a hotend target was set for this tool */
	struct heater hotend[ANALYSIS_TOOLS_MAX], bed, chamber;
	double heated_s; /* elapsed time that the heaters have seen */
	/* The box in which no move leaves the profile's volume: most moves need no more. */
	bool quick_box;
	double quick_min_mm[3], quick_max_mm[3];

	/* layers */
	struct analysis_layer *layer; /* owned; NULL: no memory, or none yet */
	size_t layer_room;
	int32_t layer_count; /* begun; more than are kept */
	bool by_marks;
	int32_t marks_seen;
	double layer_z_mm, highest_mm;
	uint32_t tag;	  /* of moves made now, without the feature */
	double before_s;  /* time before the first layer */
	double before_mm; /* and filament */

	bool hotend_stated, hotend_waited, macro_seen, macro_after_print;
	bool home_seen, moved, mode_checked, makerbot, axis_a_seen, extruder_unclear;
	bool g90_after_m83, g90_reported;
	bool tool_loaded;
	int64_t last_number;
	bool numbered, checksummed;
	bool last_line_is_open; /* without line end */
	bool endstops_off;
	int64_t junk_lines;
	int64_t power_off_line; /* 0: none, or told already */
	int rule_count[POLICY_COUNT];
	struct analysis result;
};

/* One line of the file and what was found about it. */
struct finding_place {
	int64_t line;
	const char *bytes;
	size_t length;
};

/* ---- analysis.c */
void analysis_report_all(struct analyser *analyser, const struct finding_place *place,
	const struct policy_findings *findings);
void analysis_report_file(struct analyser *analyser, enum policy_id id, int64_t line);

static inline size_t analysis_tool(const struct analyser *analyser)
{
	int tool = analyser->modal.tool;

	return tool >= 0 && tool < ANALYSIS_TOOLS_MAX ? (size_t)tool : ANALYSIS_TOOLS_MAX - 1;
}

/* ---- analysis_moves.c */
void analysis_moves_prepare(struct analyser *analyser);
void analysis_motion(struct analyser *analyser, const struct motion *motion, int64_t line,
	struct policy_findings *findings);
/* G10 and G11: the moves that the firmware makes of them. */
void analysis_retraction(struct analyser *analyser, bool before);
/* G28: towards the end stops from where the head is known to be. */
void analysis_home(struct analyser *analyser, const struct modal *before);

/* ---- analysis_layers.c */
void analysis_layers_prepare(struct analyser *analyser);
/* The slicer's marks, when the hints have counted one more; an extruding move at this height. */
void analysis_layer_mark(struct analyser *analyser, int64_t line, int64_t offset_bytes);
void analysis_layer_z(struct analyser *analyser, double z_mm, int64_t line);
void analysis_layer_filament(struct analyser *analyser, double fresh_mm);
/* The tag of a move or wait made now (time_model.h). */
uint32_t analysis_tag(const struct analyser *analyser, enum feature feature);
void analysis_layers_finish(struct analyser *analyser);

/* ---- analysis_heat.c */
void analysis_heat_prepare(struct analyser *analyser);
/* After a command changed the modal state. */
void analysis_targets(struct analyser *analyser, const struct lexer_line *line, int64_t at);
/* A pause before anything moves is for the heaters. */
void analysis_warm_up(struct analyser *analyser, double wait_s);
void analysis_wait_for_heat(struct analyser *analyser, const struct lexer_line *line);
double analysis_hotend_celsius(const struct analyser *analyser);
double analysis_hotend_target(const struct analyser *analyser);

void analysis_heat_pass(struct analyser *analyser, double time_s);

/* ---- analysis_wait.c */
/* Time that the slicer's figure has not. */
void analysis_leave_out(struct analyser *analyser, double wait_s);
void analysis_dwell(struct analyser *analyser, const struct lexer_line *line);
/* Beside the way there, which is analysis_home's. */
void analysis_homing(struct analyser *analyser, const struct lexer_line *line);
void analysis_levelling(struct analyser *analyser, const struct lexer_line *line);
void analysis_macro_wait(struct analyser *analyser, const struct lexer_line *line);
/* `before`: the tool in use until now. */
void analysis_tool_change(struct analyser *analyser, size_t before);

/* ---- analysis_dialect.c */
void analysis_dialect_prepare(struct analyser *analyser);
void analysis_dialect_findings(struct analyser *analyser, const struct policy_findings *findings);
/* Of a line that is sent as so many bytes. */
void analysis_dialect_line(
	struct analyser *analyser, const struct lexer_line *line, size_t command_bytes);
unsigned analysis_dialect_readers(const struct analyser *analyser);

/* ---- analysis_file.c */
void analysis_fill(struct analyser *analyser);
void analysis_check_end(struct analyser *analyser);

#endif
