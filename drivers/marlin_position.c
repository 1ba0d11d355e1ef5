/* Whether a piece of a line has run, by where the head is.
 *
 * After the barrier the printer has executed exactly the lines before `wanted`, so M114 gives the
 * end of the line before.  Had one of the lines behind run as an un-numbered piece, it would give
 * the end of that one.  The position acquits (a doubled ok does not stop a print) and convicts (a
 * piece whose ok was lost does not go unnoticed); where it fits neither, or the lines do not move
 * the head, it says nothing and the account decides alone.  M114 of Marlin 2.x reports what was
 * commanded, in the file's coordinates, with two decimals. */
#include "drivers/marlin_private.h"
#include "drivers/report.h"

#include <math.h> /* fabs */

#define SAME_MM	 0.011 /* two decimals, and float on the other side */
#define MOVED_MM 0.05

static double distance_mm(const float *a, const double *b)
{
	double distance = 0;

	for (int axis = 0; axis < 3; axis++)
		distance = fmax(distance, fabs((double)a[axis] - b[axis]));
	return distance;
}

static bool moves_away(const struct history_line *line, const struct history_line *before)
{
	double from[3] = { (double)before->position_mm[0], (double)before->position_mm[1],
		(double)before->position_mm[2] };

	return line->has_position && distance_mm(line->position_mm, from) > MOVED_MM;
}

bool marlin_position_tells(const struct marlin *m, int64_t wanted)
{
	const struct history_line *before = history_find(&m->history, wanted - 1);

	if (!m->variant->position_tells || !before || !before->has_position)
		return false;
	for (int64_t number = wanted; number < m->history.next; number++) {
		const struct history_line *line = history_find(&m->history, number);

		if (!line || !moves_away(line, before))
			return false;
	}
	return wanted < m->history.next;
}

enum marlin_verdict marlin_judge_position(
	const struct marlin *m, int64_t wanted, const char *text, size_t length)
{
	const struct history_line *before = history_find(&m->history, wanted - 1);
	double position_mm[3];

	if (!before || !report_position(text, length, position_mm))
		return MARLIN_VERDICT_NONE;
	if (distance_mm(before->position_mm, position_mm) <= SAME_MM)
		return MARLIN_VERDICT_DID_NOT_RUN;
	for (int64_t number = wanted; number < m->history.next; number++) {
		const struct history_line *line = history_find(&m->history, number);

		if (line && distance_mm(line->position_mm, position_mm) <= SAME_MM)
			return MARLIN_VERDICT_RAN;
	}
	return MARLIN_VERDICT_NONE;
}
