/* The list of problems in an analysis; see analysis.h. */
#include "gcode/analysis.h"

#include <string.h> /* memmove, strlen */

#include "gcode/text.h"

const char *analysis_verdict_name(enum analysis_verdict verdict)
{
	static const char *const names[] = { "ok", "warn", "refuse" };

	return names[verdict];
}

/* The place of a new problem; when full, a warning gives way to a refusal. */
static struct analysis_problem *find_room(struct analysis *analysis, enum analysis_verdict severity)
{
	if (analysis->problem_count < ANALYSIS_PROBLEMS_MAX)
		return &analysis->problem[analysis->problem_count++];
	if (severity < VERDICT_REFUSE)
		return NULL;
	for (size_t i = ANALYSIS_PROBLEMS_MAX; i-- > 0;)
		if (analysis->problem[i].severity < VERDICT_REFUSE) {
			memmove(&analysis->problem[i], &analysis->problem[i + 1],
				(ANALYSIS_PROBLEMS_MAX - 1 - i) * sizeof *analysis->problem);
			return &analysis->problem[ANALYSIS_PROBLEMS_MAX - 1];
		}
	return NULL;
}

void analysis_add_problem(struct analysis *analysis, int64_t line, const char *rule,
	enum analysis_verdict severity, const char *command, const char *text)
{
	struct analysis_problem *problem;

	analysis->problem_total++;
	if (severity > analysis->verdict)
		analysis->verdict = severity;
	problem = find_room(analysis, severity);
	if (!problem)
		return;
	problem->line = line;
	problem->rule = rule;
	problem->severity = severity;
	text_escape(problem->command, sizeof problem->command, command ? command : "",
		command ? strlen(command) : 0);
	text_escape(problem->text, sizeof problem->text, text, strlen(text));
}
