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

struct profile;

enum {
	ANALYSIS_TOOLS_MAX = 8,
	ANALYSIS_PROBLEMS_MAX = 64, /* kept; the rest is only counted */
	ANALYSIS_NAME_MAX = 96,
	ANALYSIS_COMMAND_MAX = 96,
	ANALYSIS_TEXT_MAX = 200,
};

enum analysis_verdict { VERDICT_OK, VERDICT_WARN, VERDICT_REFUSE };

struct analysis_problem {
	int64_t line;	  /* from 1; 0: the whole file */
	const char *rule; /* static name from the policy table */
	enum analysis_verdict severity;
	char command[ANALYSIS_COMMAND_MAX]; /* escaped, cut */
	char text[ANALYSIS_TEXT_MAX];	    /* a sentence: what, and what would be accepted */
};

struct analysis {
	enum analysis_verdict verdict;
	int64_t bytes;
	int64_t lines;
	int64_t commands; /* lines that are sent to a printer */
	int32_t layers;
	double time_s;	      /* printing, comparable with the slicer's figure */
	double heat_s;	      /* heating up, told apart */
	double slicer_time_s; /* the slicer's own figure, 0: not stated */
	size_t tool_count;
	struct {
		double filament_mm;	  /* with purge */
		double filament_print_mm; /* without */
		double filament_g;	  /* negative: density unknown */
	} tool[ANALYSIS_TOOLS_MAX];
	bool has_print_box;
	double box_min_mm[3]; /* of extruding moves */
	double box_max_mm[3];
	double hotend_celsius; /* highest target set, 0: none */
	double bed_celsius;
	double nozzle_mm;		  /* from the slicer's words, 0: not stated */
	bool needs_person;		  /* M0, M1, M600 and their kind */
	int32_t thumbnails;		  /* pictures that the slicer put in */
	char slicer[ANALYSIS_NAME_MAX];	  /* "PrusaSlicer 2.5.0", empty: unknown; printable ASCII */
	char machine[ANALYSIS_NAME_MAX];  /* the slicer's name of the machine, empty: not stated */
	char material[ANALYSIS_NAME_MAX]; /* "PETG", empty: not stated */
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

void analyser_feed(struct analyser *analyser, const char *bytes, size_t length);

/* Called for each command of the file (gcode/command.h) that would be sent, in order; the text is
 * NUL-terminated and valid during the call.  NULL: none. */
typedef void analyser_command(void *context, const char *text, size_t length);
void analyser_on_command(struct analyser *analyser, analyser_command *on_command, void *context);

/* Ends the pass and fills *analysis.  Call once. */
void analyser_finish(struct analyser *analyser, struct analysis *analysis);

#endif
