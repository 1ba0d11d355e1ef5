/* What a G-code file says about itself: one pass over its lines, fixed memory.
 *
 * Feed the bytes of the (decompressed) text in any chunks, then finish; the result does not depend
 * on the chunking.  Problems are the policy's answers line by line (policy.h); the verdict is their
 * worst.  The analysis without a profile applies the rules that hold for every machine. */
#ifndef GCODE_ANALYSIS_H
#define GCODE_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcode/feature.h"
#include "gcode/time_limits.h"

struct modal_move;
struct profile;

enum {
	ANALYSIS_TOOLS_MAX = 8,
	ANALYSIS_PROBLEMS_MAX = 64, /* kept; the rest is only counted */
	ANALYSIS_NAME_MAX = 96,
	ANALYSIS_COMMAND_MAX = 96,
	ANALYSIS_TEXT_MAX = 200,
	ANALYSIS_OBJECTS_MAX = 32,
	ANALYSIS_TARGETS_MAX = 16,
	ANALYSIS_LAYERS_MAX = 20000, /* kept one by one; further ones are counted and timed */
};

enum analysis_verdict { VERDICT_OK, VERDICT_WARN, VERDICT_REFUSE };

struct analysis_problem {
	int64_t line;	  /* from 1; 0: the whole file */
	const char *rule; /* static name from the policy table */
	enum analysis_verdict severity;
	char command[ANALYSIS_COMMAND_MAX]; /* escaped, cut */
	char text[ANALYSIS_TEXT_MAX];	    /* a sentence: what, and what would be accepted */
};

enum analysis_heater { ANALYSIS_HOTEND, ANALYSIS_BED, ANALYSIS_CHAMBER };

/* One temperature that the file asks for; each once. */
struct analysis_target {
	enum analysis_heater heater;
	int tool; /* hotends */
	double celsius;
	int64_t line; /* where first */
	bool waited;  /* and waited for */
};

/* Who said what the machine's planner may do. */
enum analysis_limits { LIMITS_ASSUMED, LIMITS_CONFIGURED, LIMITS_COMMANDED };

struct analysis_box {
	bool any;
	double min_mm[3], max_mm[3];
};

/* Where a layer begins: an index for progress by time, and for resuming. */
struct analysis_layer {
	double z_mm;
	int64_t line, offset_bytes; /* of its first line in the text */
	int64_t command;	    /* commands before it */
	double start_s, time_s;	    /* printing time before it, and of it */
	double filament_mm;	    /* of it, purge included, all tools */
	int tool;		    /* in use at its start */
	bool resumable; /* positions are known and absolute, and nothing printed stands higher */
};

/* What a program needs of its machine, in the place of a slicer's name of one. */
#define CNC_MACHINE_ANY	    "grbl"
#define CNC_MACHINE_LASER   "grbl laser"   /* M4 */
#define CNC_MACHINE_SPINDLE "grbl spindle" /* M3: no laser */

struct analysis {
	enum analysis_verdict verdict;
	int64_t bytes;
	int64_t lines;
	int64_t commands; /* lines that are sent to a printer */
	int32_t layers;
	double time_s;	      /* printing, comparable with the slicer's figure */
	double heat_s;	      /* heating up, told apart */
	double wait_s;	      /* homing, levelling and what else the slicer's figure has not */
	double slicer_time_s; /* the slicer's own figure, 0: not stated */
	enum analysis_limits limits;
	double feature_s[FEATURE_COUNT]; /* what time_s is made of */
	/* Who reads it as it is meant: bits 1 << enum profile_firmware.  A machine whose firmware
	 * nobody has said may be any. */
	unsigned readers;
	int32_t tools_needed; /* to choose between, at least 1 */
	size_t tool_count;
	struct {
		double filament_mm;	  /* with purge */
		double filament_print_mm; /* without */
		double filament_mm3;	  /* with purge */
		double filament_g;	  /* negative: density unknown */
		double cost;		  /* negative: price unknown */
		double time_s;		  /* while it is selected */
		double hotend_celsius;	  /* highest target, 0: none */
		int32_t changes;	  /* to this tool */
	} tool[ANALYSIS_TOOLS_MAX];
	bool has_print_box;
	double box_min_mm[3]; /* of extruding moves */
	double box_max_mm[3];
	struct analysis_box part;   /* of extruding moves that are no purge, skirt or tower */
	struct analysis_box travel; /* of the others */
	double hotend_celsius;	    /* highest target set, 0: none */
	double bed_celsius;
	double chamber_celsius;
	double fan_max; /* 0 to 255 */
	size_t target_count;
	struct analysis_target target[ANALYSIS_TARGETS_MAX];
	/* Programs of lasers and mills: ways with laser or spindle on, and all others. */
	bool program;
	double cut_mm, idle_mm;
	double power_max;			   /* highest S of a cut, 0: none */
	struct analysis_box cut;		   /* of cuts */
	double nozzle_mm;			   /* from the slicer's words, 0: not stated */
	double layer_height_mm;			   /* the same */
	int64_t first_print_line;		   /* first extruding move of the print, 0: none */
	bool needs_person;			   /* M0, M1, M600 and their kind */
	int32_t thumbnails;			   /* pictures that the slicer put in */
	int32_t thumbnail_width, thumbnail_height; /* of the largest */
	size_t object_count;			   /* distinct labels kept */
	char object[ANALYSIS_OBJECTS_MAX][ANALYSIS_NAME_MAX];
	char slicer[ANALYSIS_NAME_MAX];	  /* "PrusaSlicer 2.5.0", empty: unknown; printable ASCII */
	char machine[ANALYSIS_NAME_MAX];  /* the slicer's name of the machine, empty: not stated */
	char material[ANALYSIS_NAME_MAX]; /* "PETG", empty: not stated */
	char colour[ANALYSIS_NAME_MAX];	  /* "#FF8000", empty: not stated */
	size_t problem_count;		  /* kept in problem[] */
	int64_t problem_total;		  /* found */
	struct analysis_problem
		problem[ANALYSIS_PROBLEMS_MAX]; /* refusals displace warnings when full */
};

/* Adds one problem and raises the verdict: for what stands outside the text, such as a damaged
 * archive.  `rule` is static; `command` may be NULL. */
void analysis_add_problem(struct analysis *analysis, int64_t line, const char *rule,
	enum analysis_verdict severity, const char *command, const char *text);

/* "ok", "warn", "refuse". */
const char *analysis_verdict_name(enum analysis_verdict verdict);

struct analyser;

/* `profile` may be NULL; it is borrowed until analyser_destroy.  Returns NULL without memory. */
struct analyser *analyser_create(const struct profile *profile);
void analyser_destroy(struct analyser *analyser);

/* The file is a program of a laser or a mill (cnc.h); before the first byte. */
void analyser_program(struct analyser *analyser);

void analyser_feed(struct analyser *analyser, const char *bytes, size_t length);

/* Called for each command of the file (gcode/command.h) that would be sent, in order; the text is
 * NUL-terminated and valid during the call.  NULL: none. */
typedef void analyser_command(void *context, const char *text, size_t length);
void analyser_on_command(struct analyser *analyser, analyser_command *on_command, void *context);

/* Called for each move in order: where it goes, what it is, how much filament, and in which layer
 * (0: before the first).  NULL: none. */
typedef void analyser_move(void *context, const struct modal_move *move, enum feature feature,
	double extruded_mm, int32_t layer);
void analyser_on_move(struct analyser *analyser, analyser_move *on_move, void *context);

/* Called for each line that is nothing but a comment, without its semicolon.  NULL: none. */
typedef void analyser_comment(void *context, const char *text, size_t length);
void analyser_on_comment(struct analyser *analyser, analyser_comment *on_comment, void *context);

/* Learnt from actual prints of this machine: all times are multiplied by it.  Before the first
 * byte; 1 otherwise. */
void analyser_correct(struct analyser *analyser, double factor);

/* What a text's end says of its beginning: the settings of PrusaSlicer and Cura stand there. */
struct analyser_lesson {
	struct time_limits limits; /* to plan with until commands say otherwise */
	bool relative_amounts;	   /* of filament, in a dialect that has no M83 to say so */
	bool long_lines;	   /* for a firmware that holds them */
};

/* Before the first byte. */
void analyser_assume(struct analyser *analyser, const struct analyser_lesson *lesson);

/* After the last byte: true, and *lesson, when the end changes what was made of the beginning.
 * Another analyser that assumes it has the better answers. */
bool analyser_learnt(const struct analyser *analyser, struct analyser_lesson *lesson);

/* The layers that are kept, after analyser_finish; borrowed until analyser_destroy. */
const struct analysis_layer *analyser_layers(const struct analyser *analyser, size_t *count);

/* Ends the pass and fills *analysis.  Call once. */
void analyser_finish(struct analyser *analyser, struct analysis *analysis);

#endif
