/* What a G-code file says about itself, in one pass; see analysis.h.
 *
 * Each line goes through the line reader, the lexer, the rules of one line (command.c, the same
 * code that the streamer runs), the modal state, and from there into the figures and the rules that
 * need state.  Plain moves, nineteen of twenty lines, take a shorter way through motion.h that
 * comes to the same. */
#include "gcode/analysis.h"

#include <stdlib.h> /* calloc, free */
#include <string.h> /* memcpy */

#include "gcode/analysis_internal.h"
#include "gcode/cnc.h"
#include "gcode/command.h"
#include "gcode/motion.h"
#include "gcode/text.h"

#define ULTIMAKER_MM2 6.379396582173 /* of 2.85 mm filament */

enum { PROBLEMS_PER_RULE = 8 };

/* ---- problems ---------------------------------------------------------------------------- */

/* The same fault in every line says no more than in the first few. */
static void report(struct analyser *analyser, const struct finding_place *place,
	const struct policy_finding *finding)
{
	enum analysis_verdict severity = policy_severity(analyser->profile, finding->id);
	char command[ANALYSIS_COMMAND_MAX], text[ANALYSIS_TEXT_MAX];
	struct analysis *result = &analyser->result;

	if (finding->id == POLICY_NEEDS_PERSON)
		result->needs_person = true;
	if (severity == VERDICT_OK)
		return;
	if (finding->id == POLICY_ENDSTOPS)
		analyser->endstops_off = true;
	if (finding->id == POLICY_NO_COMMAND || finding->id == POLICY_LONE_WORD ||
		finding->id == POLICY_PROSE)
		analyser->junk_lines++;
	if (finding->id == POLICY_POWER_OFF)
		analyser->power_off_line = place->line;
	if (++analyser->rule_count[finding->id] > PROBLEMS_PER_RULE) {
		analyser->rule_count[finding->id] = PROBLEMS_PER_RULE;
		result->problem_total++;
		return;
	}
	text_escape(command, sizeof command, place->bytes, place->length);
	policy_describe(finding, text, sizeof text);
	analysis_add_problem(
		result, place->line, policy_rule(finding->id)->name, severity, command, text);
}

void analysis_report_all(struct analyser *analyser, const struct finding_place *place,
	const struct policy_findings *findings)
{
	analysis_dialect_findings(analyser, findings);
	for (size_t i = 0; i < findings->count; i++)
		report(analyser, place, &findings->finding[i]);
}

void analysis_report_file(struct analyser *analyser, enum policy_id id, int64_t line)
{
	struct finding_place place = { line, "", 0 };
	struct policy_finding finding = { .id = id };

	report(analyser, &place, &finding);
}

/* ---- commands ---------------------------------------------------------------------------- */

static void note_modes(struct analyser *analyser, const struct lexer_line *line)
{
	const struct modal *modal = &analyser->modal;

	if (lexer_is(line, 'G', 90))
		analyser->g90_after_m83 |= !modal->e_absolute && modal->e_stated;
	else if (line->letter == 'M' && (line->code == 82 || line->code == 83))
		analyser->g90_after_m83 = false;
}

static void apply_command(struct analyser *analyser, const struct lexer_line *line, int64_t at,
	struct policy_findings *findings)
{
	struct modal before = analyser->modal;
	struct modal_move move;
	struct motion motion;
	size_t tool = analysis_tool(analyser);

	if (line->letter == 'G' && (line->code <= 3 || line->code == 5)) {
		motion_from_line(line, &motion);
		analysis_motion(analyser, &motion, at, findings);
		return;
	}
	switch (modal_apply_words(&analyser->modal, line, &move)) {
	case MODAL_MOVE:
	case MODAL_BAD_ARC:
	case MODAL_SET:
		return;
	case MODAL_RETRACT:
		analysis_retraction(analyser, before.retracted);
		return;
	case MODAL_HOME:
		analyser->home_seen = true;
		analysis_home(analyser, &before);
		analysis_homing(analyser, line);
		return;
	case MODAL_STATE:
		if (analysis_tool(analyser) != tool)
			analysis_tool_change(analyser, tool);
		note_modes(analyser, line);
		analysis_targets(analyser, line, at);
		break;
	case MODAL_NOTHING:
		break;
	}
	time_limits_command(&analyser->time.limits, line);
}

/* Commands that mean more to the file as a whole than to the modal state. */
static void note_command(struct analyser *analyser, const struct lexer_line *line)
{
	if (line->letter == 'G') {
		if (line->code == 4)
			analysis_dwell(analyser, line);
		analysis_levelling(analyser, line);
		/* RepRapFirmware's and Smoothie's probing homes as well. */
		if (line->code >= 28 && line->code <= 33)
			analyser->home_seen = true;
		return;
	}
	if (line->letter != 'M')
		return;
	switch (line->code) {
	case 101:
	case 103:
	case 126:
	case 127:
		analyser->makerbot = true;
		return;
	case 6:
	case 133: /* MakerBot's waits for a tool */
		analyser->hotend_waited = true;
		return;
	case 109:
	case 116:
	case 190:
	case 191:
		analysis_wait_for_heat(analyser, line);
		return;
	case 702: /* Prusa: the unit takes the filament back */
		if (lexer_find(line, 'C') && analyser->tool_loaded) {
			time_model_wait(&analyser->time,
				analyser->time.limits.unload_s[analysis_tool(analyser)],
				analysis_tag(analyser, FEATURE_WAIT));
			analyser->tool_loaded = false;
		}
		return;
	default:
		return;
	}
}

/* Numbers that are no numbers say nothing about where the head goes. */
static bool is_readable(const struct policy_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		switch ((int)findings->finding[i].id) {
		case POLICY_CONTROL_BYTE:
		case POLICY_NON_ASCII:
		case POLICY_BAD_NUMBER:
		case POLICY_DUPLICATE_WORD:
		case POLICY_SEVERAL_COMMANDS:
		case POLICY_CHECKSUM:
			return false;
		}
	}
	return true;
}

/* Files that were once captured from a serial line. */
static void check_number(
	struct analyser *analyser, const struct lexer_line *line, struct policy_findings *findings)
{
	bool restarts = lexer_is(line, 'M', 110);

	if (!line->has_number)
		return;
	if (analyser->numbered && !restarts) {
		if (line->has_checksum != analyser->checksummed)
			policy_add(findings, POLICY_NUMBER_MIXED);
		if (line->has_checksum && line->number != analyser->last_number + 1)
			policy_add_value(findings, POLICY_NUMBER_GAP, 'N', (double)line->number,
				true, (double)analyser->last_number + 1);
	}
	/* One line without checksum among many, not its neighbours, is the odd one. */
	analyser->checksummed = analyser->numbered ? analyser->checksummed || line->has_checksum
						   : line->has_checksum;
	analyser->numbered = true;
	analyser->last_number = line->number;
}

/* A macro may heat, home and set modes; what stood before it says nothing any more. */
static void take_macro(struct analyser *analyser, const struct lexer_line *line)
{
	time_limits_macro(&analyser->time.limits, line);
	analysis_macro_wait(analyser, line);
	analyser->macro_seen = analyser->macro_after_print = true;
	analyser->hotend_stated = false;
	for (int tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++)
		analyser->stated[tool] = false;
}

static void begin_print(struct analyser *analyser)
{
	double at_mm = analyser->modal.position_mm[MODAL_E];
	double drawn_mm = analyser->hints.begun_drawn && at_mm < 0 ? -at_mm : 0;

	for (size_t tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++)
		filament_begin_print(
			&analyser->filament[tool], tool == analysis_tool(analyser) ? drawn_mm : 0);
}

/* A line of nothing but a comment: what the slicer says.  Comments behind commands are for people.
 */
static void take_comment(struct analyser *analyser, const struct lexer_line *line,
	const struct line_reader_line *read)
{
	struct slicer_hints *hints = &analyser->hints;
	bool was_volumetric = hints->volumetric, had_begun = hints->print_begun;

	slicer_hints_comment(hints, line->comment, line->comment_length);
	if (analyser->on_comment)
		analyser->on_comment(
			analyser->comment_context, line->comment, line->comment_length);
	if (hints->layer_marks != analyser->marks_seen) {
		analyser->marks_seen = hints->layer_marks;
		analysis_layer_mark(analyser, read->number,
			read->end_bytes - (int64_t)read->length - read->terminated);
	}
	if (hints->print_begun && !had_begun)
		begin_print(analyser);
	if (hints->volumetric && !was_volumetric)
		for (int tool = 0; tool < MODAL_TOOLS_MAX; tool++)
			analyser->modal.filament_mm2[tool] = ULTIMAKER_MM2;
}

static void count_command(struct analyser *analyser, const char *text, size_t length)
{
	analyser->result.commands++;
	if (analyser->on_command)
		analyser->on_command(analyser->command_context, text, length);
}

/* A line of a program is several commands, and its motion may stand in a line before. */
static void take_pieces(struct analyser *analyser, const struct command *command, int64_t number,
	struct policy_findings *findings)
{
	struct cnc_pieces pieces;
	struct lexer_line line;

	cnc_split(command->text, command->length, &analyser->cnc_modal, &pieces);
	for (size_t i = 0; i < pieces.count; i++) {
		lexer_read(pieces.text[i], strlen(pieces.text[i]), &line);
		if (line.kind != LEXER_COMMAND)
			continue;
		analyser->m3_seen |= lexer_is(&line, 'M', 3);
		analyser->m4_seen |= lexer_is(&line, 'M', 4);
		apply_command(analyser, &line, number, findings);
		note_command(analyser, &line);
	}
}

/* Where nobody has said the machine's firmware, the slicer may have. */
static size_t stated_limit_bytes(const struct analyser *analyser)
{
	bool said = analyser->profile && analyser->profile->firmware != PROFILE_FIRMWARE_UNSAID;

	return !said && (analyser->hints.long_lines || analyser->long_lines) ? COMMAND_MAX : 0;
}

static void take_line(struct analyser *analyser, const struct line_reader_line *read,
	enum line_reader_result kind)
{
	struct finding_place place = { read->number, read->text, read->length };
	struct policy_findings findings = { .count = 0 };
	struct lexer_line line;
	struct command command;

	analyser->result.lines++;
	if (read->has_nul)
		policy_add(&findings, POLICY_CONTROL_BYTE);
	if (kind == LINE_READER_TOO_LONG) {
		policy_add_value(&findings,
			command_is_outline(read->text, read->length) ? POLICY_LONG_OUTLINE
								     : POLICY_TOO_LONG,
			'\0', LINE_READER_LINE_MAX, true, COMMAND_MAX);
		analysis_report_all(analyser, &place, &findings);
		return;
	}
	lexer_read(read->text, read->length, &line);
	if (line.comment && line.kind == LEXER_BLANK)
		take_comment(analyser, &line, read);
	if (line.kind != LEXER_BLANK || line.flags) {
		const struct profile *profile = analyser->cnc ? &cnc_profile : analyser->profile;
		bool sent = command_from_words_within(&line, profile, stated_limit_bytes(analyser),
				    &command, &findings) == COMMAND_SEND;

		check_number(analyser, &line, &findings);
		if (sent) {
			analysis_dialect_line(analyser, &line, command.length);
			count_command(analyser, command.text, command.length);
		}
		if (sent && analyser->cnc)
			take_pieces(analyser, &command, read->number, &findings);
	}
	if (line.kind != LEXER_BLANK)
		analyser->last_line_is_open = !read->terminated;
	if (line.kind == LEXER_MACRO && !analyser->cnc)
		take_macro(analyser, &line);
	if (line.kind == LEXER_COMMAND && !analyser->cnc && is_readable(&findings)) {
		apply_command(analyser, &line, read->number, &findings);
		note_command(analyser, &line);
	}
	if (findings.count)
		analysis_report_all(analyser, &place, &findings);
}

/* A plain move where it lies in the caller's bytes; false: the next line is something else. */
static bool take_motion(struct analyser *analyser, const char **bytes, size_t *length)
{
	const char *start = *bytes;
	struct policy_findings findings;
	struct motion motion;
	struct motion_line line;
	int64_t number;

	if (!motion_read(start, *length, &motion, &line))
		return false;
	findings.count = 0;
	line_reader_skip(&analyser->reader, bytes, length, line.used_bytes, &number);
	analyser->result.lines++;
	analyser->result.commands++;
	analyser->last_line_is_open = false;
	if (analyser->on_command) {
		char text[COMMAND_MAX + 1];

		memcpy(text, start, line.body_length);
		text[line.body_length] = '\0';
		analyser->on_command(analyser->command_context, text, line.body_length);
	}
	analysis_motion(analyser, &motion, number, &findings);
	if (findings.count) {
		size_t end = line.used_bytes - 1;
		struct finding_place place = { number, start,
			end - (end > 0 && start[end - 1] == '\r') };

		analysis_report_all(analyser, &place, &findings);
	}
	return true;
}

/* ---- public ------------------------------------------------------------------------------ */

struct analyser *analyser_create(const struct profile *profile)
{
	struct analyser *analyser = calloc(1, sizeof *analyser);

	if (!analyser)
		return NULL;
	analyser->profile = profile;
	analyser->cnc = profile && profile->firmware == PROFILE_FIRMWARE_GRBL;
	line_reader_init(&analyser->reader);
	modal_init(&analyser->modal);
	analyser->modal.heats_by_p = true;
	slicer_hints_init(&analyser->hints);
	time_limits_assumed(&analyser->planned, "", "");
	time_model_init(&analyser->time, &analyser->planned);
	analysis_layers_prepare(analyser);
	analysis_heat_prepare(analyser);
	analysis_moves_prepare(analyser);
	analysis_dialect_prepare(analyser);
	analyser->result.tools_needed = 1;
	return analyser;
}

void analyser_program(struct analyser *analyser)
{
	analyser->cnc = true;
}

void analyser_destroy(struct analyser *analyser)
{
	if (!analyser)
		return;
	free(analyser->layer);
	free(analyser);
}

void analyser_on_command(struct analyser *analyser, analyser_command *on_command, void *context)
{
	analyser->on_command = on_command;
	analyser->command_context = context;
}

void analyser_on_move(struct analyser *analyser, analyser_move *on_move, void *context)
{
	analyser->on_move = on_move;
	analyser->move_context = context;
}

void analyser_on_comment(struct analyser *analyser, analyser_comment *on_comment, void *context)
{
	analyser->on_comment = on_comment;
	analyser->comment_context = context;
}

void analyser_correct(struct analyser *analyser, double factor)
{
	if (factor > 0)
		analyser->time.factor = factor;
}

void analyser_assume(struct analyser *analyser, const struct analyser_lesson *lesson)
{
	analyser->planned = analyser->time.limits = lesson->limits;
	analyser->time.limits.stated = 0;
	analyser->limits_settled = analyser->assumed = true;
	analyser->relative_amounts = lesson->relative_amounts;
	analyser->long_lines = lesson->long_lines;
}

bool analyser_learnt(const struct analyser *analyser, struct analyser_lesson *lesson)
{
	const struct slicer_hints *hints = &analyser->hints;

	slicer_hints_limits(hints, &lesson->limits);
	lesson->relative_amounts =
		hints->relative_amounts && (analyser->makerbot || analyser->axis_a_seen);
	lesson->long_lines = hints->long_lines;
	return !analyser->assumed &&
	       (lesson->relative_amounts ||
		       (hints->long_lines && analyser->rule_count[POLICY_TOO_LONG] > 0) ||
		       time_limits_differ(
			       &lesson->limits, &analyser->planned, &analyser->time.limits));
}

void analyser_feed(struct analyser *analyser, const char *bytes, size_t length)
{
	struct line_reader_line line;
	enum line_reader_result kind;

	for (;;) {
		while (!analyser->cnc && line_reader_is_between(&analyser->reader) &&
			take_motion(analyser, &bytes, &length))
			;
		kind = line_reader_next(&analyser->reader, &bytes, &length, &line);
		if (kind == LINE_READER_MORE)
			return;
		take_line(analyser, &line, kind);
	}
}

/* Programs name no machine: what they need of one is written there instead. */
static void name_program(struct analyser *analyser)
{
	const char *name = analyser->m3_seen   ? CNC_MACHINE_SPINDLE
			   : analyser->m4_seen ? CNC_MACHINE_LASER
					       : CNC_MACHINE_ANY;

	if (analyser->cnc)
		memcpy(analyser->result.machine, name, strlen(name) + 1);
}

void analyser_finish(struct analyser *analyser, struct analysis *analysis)
{
	struct line_reader_line line;
	enum line_reader_result kind = line_reader_finish(&analyser->reader, &line);

	if (kind != LINE_READER_MORE)
		take_line(analyser, &line, kind);
	analysis_fill(analyser);
	name_program(analyser);
	analysis_check_end(analyser);
	*analysis = analyser->result;
}
