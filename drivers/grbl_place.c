/* Where the machine is, against what was sent: all that shows of damage on the way to a firmware
 * without checksums. */
#include "drivers/grbl_private.h"

#include <math.h> /* fabs, fmin, fmax */
#include <string.h>

bool grbl_has_word(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i + size <= length; i++) {
		char next = i + size < length ? text[i + size] : ' ';
		if (memcmp(text + i, word, size) == 0 && next != '.' &&
			!(next >= '0' && next <= '9'))
			return true;
	}
	return false;
}

/* Behind these the model does not know where it is. */
static const char *const placeless[] = { "G10", "G28", "G28.1", "G30", "G30.1", "G38.2", "G38.3",
	"G38.4", "G38.5", "G43.1", "G49", "G53", "G54", "G55", "G56", "G57", "G58", "G59", "G92",
	"G92.1" };

static bool position_mm(const struct grbl *g, double mm[3])
{
	double scale = g->report_inches ? 25.4 : 1;

	if (!g->status.has_position || (!g->status.is_work && !g->offset_known))
		return false;
	for (int i = 0; i < 3; i++)
		mm[i] = (g->status.position_mm[i] - (g->status.is_work ? 0 : g->offset_mm[i])) *
			scale;
	return true;
}

void grbl_place_begin(struct grbl *g)
{
	modal_init(&g->modal);
	memset(&g->program, 0, sizeof(g->program));
	g->placeless = false;
	g->has_box = g->status_us > 0 && position_mm(g, g->box_min_mm);
	memcpy(g->box_max_mm, g->box_min_mm, sizeof(g->box_max_mm));
	memcpy(g->start_mm, g->box_min_mm, sizeof(g->start_mm));
	g->has_start = g->has_box;
	g->moved = false;
}

static void widen(struct grbl *g)
{
	for (int i = 0; i < 3; i++) {
		/* From a place that is not known nobody knows where a relative move goes. */
		g->has_box &= g->modal.known[i] || g->modal.absolute;
		if (!g->modal.known[i])
			continue;
		g->box_min_mm[i] = fmin(g->box_min_mm[i], g->modal.position_mm[i]);
		g->box_max_mm[i] = fmax(g->box_max_mm[i], g->modal.position_mm[i]);
	}
}

void grbl_place_follow(struct grbl *g, const char *text, size_t length)
{
	struct cnc_pieces pieces;

	cnc_split(text, length, &g->program, &pieces);
	for (size_t i = 0; i < pieces.count; i++) {
		modal_apply(&g->modal, pieces.text[i], strlen(pieces.text[i]));
		widen(g);
	}
	for (size_t i = 0; i < sizeof(placeless) / sizeof(placeless[0]); i++)
		g->placeless |= grbl_has_word(text, length, placeless[i]);
	/* Arcs leave the box of their ends. */
	g->has_box &= !g->placeless && g->program.motion < 2;
}

void grbl_place_report(struct grbl *g)
{
	double mm[3];

	if (!g->has_start || g->moved || !position_mm(g, mm))
		return;
	for (int i = 0; i < 3; i++)
		g->moved |= fabs(mm[i] - g->start_mm[i]) > GRBL_SAME_MM;
}

enum grbl_place grbl_place_of(const struct grbl *g)
{
	double mm[3];

	if (g->placeless || !position_mm(g, mm))
		return GRBL_PLACE_UNKNOWN;
	for (int i = 0; i < 3; i++)
		if (g->modal.known[i] && fabs(mm[i] - g->modal.position_mm[i]) > GRBL_SAME_MM)
			return g->moved ? GRBL_PLACE_WRONG : GRBL_PLACE_UNKNOWN;
	return GRBL_PLACE_RIGHT;
}

bool grbl_is_astray(const struct grbl *g)
{
	double mm[3];

	if (!g->has_box || !position_mm(g, mm))
		return false;
	for (int i = 0; i < 3; i++)
		if (mm[i] < g->box_min_mm[i] - GRBL_SAME_MM ||
			mm[i] > g->box_max_mm[i] + GRBL_SAME_MM)
			return true;
	return false;
}
