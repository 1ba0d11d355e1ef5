/* A picture of a plate; see picture.h.
 *
 * Seen from above at a slant, whatever hides a point stands higher than it: so one height a dot
 * decides who is seen, in whatever order lines are printed.  The canvas is finer than the picture;
 * averaging makes smooth edges. */
#include "gcode/picture.h"

#include <math.h>   /* ceil, cos, fabs, hypot, sin, sqrt */
#include <stdlib.h> /* calloc, free */
#include <string.h> /* memset, strlen */

#include "gcode/modal.h"
#include "gcode/picture_png.h"
#include "gcode/profile.h"

#define FILAMENT_MM2   2.4053 /* of 1.75 mm */
#define MARGIN	       0.06
#define SLANT_UP       0.77 /* how high a mm of height is on the screen */
#define SLANT_BACK     0.32 /* and a mm away, in each of X and Y */
#define SLANT_SIDE     0.866
#define LAYER_MM       0.2
#define LAYER_MIN_MM   0.04
#define LAYER_MAX_MM   1.0
#define LINE_MIN_MM    0.25
#define LINE_MAX_MM    1.5
#define LINE_DRAWN_MAX 64
#define ARC_STEP_RAD   0.05
#define GRID_MM	       10.0

enum { CANVAS_DOTS_MAX = 2000000, FINE_MAX = 3, BACKGROUND = 0xf4f5f7 };

struct dot {
	uint8_t red, green, blue;
	uint16_t height; /* 0: nothing there */
};

struct picture {
	struct picture_settings settings;
	int fine; /* canvas dots for one of the picture, each way */
	int width, height;
	/* From mm to dots: where the screen's middle is, and how large a mm. */
	double scale, middle_x, middle_y;
	double low_mm, high_mm; /* heights of the part */
	double layer_z_mm, layer_mm;
	uint32_t colour;
	struct dot dot[];
};

/* ---- colours ----------------------------------------------------------------------------- */

uint32_t picture_colour(enum feature feature)
{
	static const uint32_t colours[FEATURE_COUNT] = {
		[FEATURE_UNSAID] = 0xf28c28,
		[FEATURE_CUSTOM] = 0x8f96a0,
		[FEATURE_OUTER_WALL] = 0xf28c28,
		[FEATURE_INNER_WALL] = 0xffc34d,
		[FEATURE_OVERHANG] = 0x1f5fd1,
		[FEATURE_INFILL] = 0xb03a2e,
		[FEATURE_SOLID] = 0x9b59d0,
		[FEATURE_TOP] = 0xe8504f,
		[FEATURE_BRIDGE] = 0x4d8fe0,
		[FEATURE_GAP_FILL] = 0xe8e8e8,
		[FEATURE_IRONING] = 0xf2a0a0,
		[FEATURE_SKIRT] = 0x1f8a5b,
		[FEATURE_SUPPORT] = 0x45c46b,
		[FEATURE_SUPPORT_INTERFACE] = 0x168a4a,
		[FEATURE_TOWER] = 0xb8e0b0,
		[FEATURE_TRAVEL] = 0x9fb4c7,
		[FEATURE_RETRACTION] = 0x9fb4c7,
		[FEATURE_WAIT] = 0x9fb4c7,
	};

	return colours[feature];
}

/* "#FF8000"; what is too dark or too light to shade is moved into the range that shows form. */
static uint32_t filament_colour(const char *text)
{
	uint32_t colour = 0, lightest = 0, darkest = 255;

	if (text[0] != '#' || strlen(text) < 7)
		return picture_colour(FEATURE_OUTER_WALL);
	for (int i = 1; i <= 6; i++) {
		char c = text[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return picture_colour(FEATURE_OUTER_WALL);
		colour = colour << 4 | (uint32_t)digit;
	}
	for (int shift = 0; shift <= 16; shift += 8) {
		uint32_t part = colour >> shift & 255;

		lightest = part > lightest ? part : lightest;
		darkest = part < darkest ? part : darkest;
	}
	if (lightest < 0x50)
		return 0x5a5f68;
	return darkest > 0xd8 ? 0xd4d7dc : colour;
}

static void shade(struct dot *dot, uint32_t colour, double light)
{
	double part[3] = { (double)(colour >> 16 & 255), (double)(colour >> 8 & 255),
		(double)(colour & 255) };

	/* Brighter than full is towards white. */
	for (int i = 0; i < 3; i++) {
		part[i] = light <= 1 ? part[i] * light : part[i] + (255 - part[i]) * (light - 1);
		part[i] = part[i] > 255 ? 255 : part[i];
	}
	dot->red = (uint8_t)part[0];
	dot->green = (uint8_t)part[1];
	dot->blue = (uint8_t)part[2];
}

/* ---- looking ----------------------------------------------------------------------------- */

static void project(const struct picture *picture, const double point[3], double *x, double *y)
{
	if (picture->settings.view == PICTURE_ISOMETRIC) {
		*x = (point[0] - point[1]) * SLANT_SIDE;
		*y = point[2] * SLANT_UP + (point[0] + point[1]) * SLANT_BACK;
	} else {
		*x = point[0];
		*y = point[1];
	}
	*x = (*x - picture->middle_x) * picture->scale + picture->width / 2.0;
	*y = picture->height / 2.0 - (*y - picture->middle_y) * picture->scale;
}

/* So that all corners of the box are within the margins. */
static void look_at(struct picture *picture, const double min_mm[3], const double max_mm[3])
{
	double low[2] = { 0, 0 }, high[2] = { 0, 0 }, across, up;

	picture->scale = 1;
	for (int corner = 0; corner < 8; corner++) {
		double point[3] = { corner & 1 ? max_mm[0] : min_mm[0],
			corner & 2 ? max_mm[1] : min_mm[1], corner & 4 ? max_mm[2] : min_mm[2] };
		double at[2];

		project(picture, point, &at[0], &at[1]);
		for (int i = 0; i < 2; i++) {
			low[i] = corner == 0 || at[i] < low[i] ? at[i] : low[i];
			high[i] = corner == 0 || at[i] > high[i] ? at[i] : high[i];
		}
	}
	picture->middle_x += (low[0] + high[0]) / 2 - picture->width / 2.0;
	picture->middle_y -= (low[1] + high[1]) / 2 - picture->height / 2.0;
	across = high[0] - low[0] > 1 ? high[0] - low[0] : 1;
	up = high[1] - low[1] > 1 ? high[1] - low[1] : 1;
	across = picture->width * (1 - 2 * MARGIN) / across;
	up = picture->height * (1 - 2 * MARGIN) / up;
	picture->scale = across < up ? across : up;
}

static uint16_t height_of(const struct picture *picture, double z_mm)
{
	double share = (z_mm - picture->low_mm) / (picture->high_mm - picture->low_mm);

	share = share < 0 ? 0 : share > 1 ? 1 : share;
	return (uint16_t)(2 + share * 65000);
}

/* ---- painting ---------------------------------------------------------------------------- */

static void paint(
	struct picture *picture, int x, int y, uint16_t height, uint32_t colour, double light)
{
	struct dot *dot;

	if (x < 0 || y < 0 || x >= picture->width || y >= picture->height)
		return;
	dot = &picture->dot[(size_t)y * (size_t)picture->width + (size_t)x];
	if (height < dot->height)
		return;
	dot->height = height;
	shade(dot, colour, light);
}

/* What a stretch of line looks like on the canvas: its top face, and the side below it. */
struct stroke {
	uint32_t colour;
	double top_light, side_light;
	double half_x, half_y; /* of the top face, in dots */
	int side;	       /* dots below the top face */
	uint16_t height;
};

static void stamp(struct picture *picture, double x, double y, const struct stroke *stroke)
{
	int left = (int)(x - stroke->half_x), right = (int)(x + stroke->half_x);
	int top = (int)(y - stroke->half_y), bottom = (int)(y + stroke->half_y);

	for (int column = left; column <= right; column++) {
		for (int row = top; row <= bottom; row++)
			paint(picture, column, row, stroke->height, stroke->colour,
				stroke->top_light);
		/* A hair lower, so that the top of the next line beside it is in front. */
		for (int row = bottom + 1; row <= bottom + stroke->side; row++)
			paint(picture, column, row, (uint16_t)(stroke->height - 1), stroke->colour,
				stroke->side_light);
	}
}

static void draw(struct picture *picture, const double from[3], const double to[3],
	const struct stroke *stroke)
{
	double x, y, end_x, end_y, far = picture->width + picture->height;
	int steps;

	project(picture, from, &x, &y);
	project(picture, to, &end_x, &end_y);
	/* Far outside: nothing of it is seen, and stepping there would take for ever. */
	if (!(fabs(x) < 2 * far && fabs(y) < 2 * far && fabs(end_x) < 2 * far &&
		    fabs(end_y) < 2 * far))
		return;
	steps = (int)ceil(fabs(end_x - x) > fabs(end_y - y) ? fabs(end_x - x) : fabs(end_y - y));
	if (steps < 1)
		steps = 1;
	for (int i = 0; i <= steps; i++)
		stamp(picture, x + (end_x - x) * i / steps, y + (end_y - y) * i / steps, stroke);
}

/* Walls are lit from the left; of the two sides of a line the one that faces the viewer is seen. */
static double wall_light(double dx, double dy)
{
	double length = hypot(dx, dy), normal_x, normal_y;

	if (!(length > 0))
		return 0.7;
	normal_x = -dy / length;
	normal_y = dx / length;
	/* The viewer stands at -X -Y. */
	if (normal_x + normal_y > 0) {
		normal_x = -normal_x;
		normal_y = -normal_y;
	}
	return 0.7 + 0.2 * (-normal_x) - 0.14 * (-normal_y);
}

static double line_width(const struct picture *picture, double length_mm, double extruded_mm)
{
	double width = extruded_mm * FILAMENT_MM2 / (length_mm * picture->layer_mm);

	/* "Not greater" and not "less": a line without length has none. */
	if (!(width > LINE_MIN_MM))
		return LINE_MIN_MM;
	return width < LINE_MAX_MM ? width : LINE_MAX_MM;
}

static double clamp_dots(double dots)
{
	return dots < LINE_DRAWN_MAX ? dots : LINE_DRAWN_MAX;
}

static struct stroke slanted_stroke(const struct picture *picture, const struct modal_move *move,
	double width_mm, enum feature feature)
{
	double dx = move->to_mm[MODAL_X] - move->from_mm[MODAL_X];
	double dy = move->to_mm[MODAL_Y] - move->from_mm[MODAL_Y];
	double share =
		(move->to_mm[MODAL_Z] - picture->low_mm) / (picture->high_mm - picture->low_mm);
	struct stroke stroke = { .colour = picture->colour };
	double half = width_mm * picture->scale / 2;

	if (feature == FEATURE_SUPPORT || feature == FEATURE_SUPPORT_INTERFACE ||
		feature == FEATURE_TOWER || feature == FEATURE_SKIRT)
		stroke.colour = 0xb9c0c8;
	/* Lighter towards the top, and each direction of infill a little differently. */
	stroke.top_light = 0.96 + 0.14 * share + 0.05 * (dx * dy > 0 ? 1 : -1);
	stroke.side_light = wall_light(dx, dy) * (0.9 + 0.15 * share);
	stroke.half_x = clamp_dots(half * SLANT_SIDE);
	stroke.half_y = clamp_dots(half * 2 * SLANT_BACK);
	stroke.side = (int)ceil(clamp_dots(picture->layer_mm * SLANT_UP * picture->scale));
	return stroke;
}

static struct stroke flat_stroke(const struct picture *picture, const struct modal_move *move,
	double width_mm, enum feature feature, bool is_below)
{
	double share =
		(move->to_mm[MODAL_Z] - picture->low_mm) / (picture->high_mm - picture->low_mm);
	struct stroke stroke = { .colour = is_below ? 0xd5dade : picture_colour(feature) };
	/* A gap between lines shows which way they run. */
	double half = width_mm * picture->scale / 2 * 0.85;

	stroke.top_light = picture->settings.view == PICTURE_LAYER ? 1 : 0.72 + 0.28 * share;
	stroke.half_x = stroke.half_y = clamp_dots(half);
	if (feature == FEATURE_TRAVEL)
		stroke.half_x = stroke.half_y = 0;
	return stroke;
}

/* One straight stretch. */
static void draw_stretch(struct picture *picture, const struct modal_move *move,
	enum feature feature, double extruded_mm, bool is_below)
{
	double length = hypot(move->to_mm[MODAL_X] - move->from_mm[MODAL_X],
		move->to_mm[MODAL_Y] - move->from_mm[MODAL_Y]);
	double width = line_width(picture, length, extruded_mm);
	struct stroke stroke = picture->settings.view == PICTURE_ISOMETRIC
				       ? slanted_stroke(picture, move, width, feature)
				       : flat_stroke(picture, move, width, feature, is_below);

	stroke.height = height_of(picture, move->to_mm[MODAL_Z]);
	if (picture->settings.view == PICTURE_LAYER)
		stroke.height = is_below ? 2 : feature == FEATURE_TRAVEL ? 4 : 3;
	draw(picture, move->from_mm, move->to_mm, &stroke);
}

static void draw_arc(struct picture *picture, const struct modal_move *arc, enum feature feature,
	double extruded_mm, bool is_below)
{
	struct modal_move piece = *arc;
	double start = atan2(arc->from_mm[MODAL_Y] - arc->centre_mm[1],
		arc->from_mm[MODAL_X] - arc->centre_mm[0]);
	int count = (int)ceil(arc->angle_rad / ARC_STEP_RAD);

	for (int i = 1; i <= count; i++) {
		double share = (double)i / count;
		double angle = start + (arc->clockwise ? -share : share) * arc->angle_rad;

		piece.to_mm[MODAL_X] = arc->centre_mm[0] + arc->radius_mm * cos(angle);
		piece.to_mm[MODAL_Y] = arc->centre_mm[1] + arc->radius_mm * sin(angle);
		piece.to_mm[MODAL_Z] = arc->from_mm[MODAL_Z] +
				       share * (arc->to_mm[MODAL_Z] - arc->from_mm[MODAL_Z]);
		draw_stretch(picture, &piece, feature, extruded_mm / count, is_below);
		memcpy(piece.from_mm, piece.to_mm, sizeof piece.from_mm);
	}
}

static void note_height(struct picture *picture, double z_mm)
{
	double step = z_mm - picture->layer_z_mm;

	if (step > LAYER_MIN_MM && step < LAYER_MAX_MM)
		picture->layer_mm = step;
	picture->layer_z_mm = z_mm;
}

void picture_move(void *context, const struct modal_move *move, enum feature feature,
	double extruded_mm, int32_t layer)
{
	struct picture *picture = context;
	bool one_layer = picture->settings.view == PICTURE_LAYER;
	bool is_below = one_layer && layer == picture->settings.layer - 1;

	/* Purge lines and the like are no part of the part; layer 0 is before the first. */
	if (feature == FEATURE_RETRACTION || feature == FEATURE_CUSTOM || layer == 0 ||
		(feature == FEATURE_SKIRT && !one_layer && !picture->settings.whole_bed))
		return;
	if (extruded_mm > 0 && move->to_mm[MODAL_Z] != picture->layer_z_mm)
		note_height(picture, move->to_mm[MODAL_Z]);
	if (feature == FEATURE_TRAVEL && !(one_layer && !is_below))
		return;
	if (one_layer && !is_below && layer != picture->settings.layer)
		return;
	if (move->is_arc)
		draw_arc(picture, move, feature, extruded_mm, is_below);
	else
		draw_stretch(picture, move, feature, extruded_mm, is_below);
}

/* ---- the bed ----------------------------------------------------------------------------- */

/* A sheet with a grid of 10 mm under the part. */
static void draw_bed(struct picture *picture, const double min_mm[3], const double max_mm[3])
{
	const struct stroke thin = { .colour = 0xdde1e6, .top_light = 1, .height = 1 };
	const struct stroke edge = {
		.colour = 0xb4bcc6, .top_light = 1, .height = 1, .half_x = 1, .half_y = 1
	};

	for (int axis = 0; axis < 2; axis++) {
		int first = (int)ceil(min_mm[axis] / GRID_MM),
		    last = (int)floor(max_mm[axis] / GRID_MM);
		double from[3], to[3];

		for (int line = first; line <= last; line++) {
			from[axis] = to[axis] = line * GRID_MM;
			from[1 - axis] = min_mm[1 - axis];
			to[1 - axis] = max_mm[1 - axis];
			from[2] = to[2] = picture->low_mm;
			draw(picture, from, to, &thin);
		}
	}
	for (int side = 0; side < 4; side++) {
		double from[3] = { side == 1 ? max_mm[0] : min_mm[0],
			side == 2 ? max_mm[1] : min_mm[1], picture->low_mm };
		double to[3] = { side == 3 ? min_mm[0] : max_mm[0],
			side == 0 ? min_mm[1] : max_mm[1], picture->low_mm };

		draw(picture, from, to, &edge);
	}
}

/* ---- the picture ------------------------------------------------------------------------- */

static bool good_side(int side)
{
	return side >= PICTURE_SIDE_MIN && side <= PICTURE_SIDE_MAX;
}

static struct picture *new_canvas(const struct picture_settings *settings)
{
	size_t dots = (size_t)settings->width * (size_t)settings->height;
	int fine = FINE_MAX;
	struct picture *picture;

	while (fine > 1 && dots * (size_t)(fine * fine) > CANVAS_DOTS_MAX)
		fine--;
	dots *= (size_t)(fine * fine);
	picture = calloc(1, sizeof *picture + dots * sizeof picture->dot[0]);
	if (!picture)
		return NULL;
	picture->settings = *settings;
	picture->fine = fine;
	picture->width = settings->width * fine;
	picture->height = settings->height * fine;
	for (size_t i = 0; i < dots; i++)
		shade(&picture->dot[i], BACKGROUND, 1);
	return picture;
}

struct picture *picture_create(const struct picture_settings *settings,
	const struct analysis *analysis, const struct profile *profile)
{
	struct picture *picture;
	double min_mm[3], max_mm[3];
	bool has_bed = profile && profile->volume_max_mm[0] > profile->volume_min_mm[0];

	if (settings->view == PICTURE_THUMBNAIL || !good_side(settings->width) ||
		!good_side(settings->height) || !analysis->part.any)
		return NULL;
	picture = new_canvas(settings);
	if (!picture)
		return NULL;
	for (int axis = 0; axis < 3; axis++) {
		min_mm[axis] = analysis->part.min_mm[axis];
		max_mm[axis] = analysis->part.max_mm[axis];
	}
	min_mm[2] = min_mm[2] > 0 && min_mm[2] < LAYER_MAX_MM ? 0 : min_mm[2];
	picture->low_mm = min_mm[2];
	picture->high_mm = max_mm[2] > min_mm[2] + LAYER_MIN_MM ? max_mm[2] : min_mm[2] + LAYER_MM;
	picture->layer_mm =
		analysis->layer_height_mm > LAYER_MIN_MM ? analysis->layer_height_mm : LAYER_MM;
	picture->colour = filament_colour(analysis->colour);
	for (int axis = 0; has_bed && settings->whole_bed && axis < 2; axis++) {
		min_mm[axis] = profile->volume_min_mm[axis];
		max_mm[axis] = profile->volume_max_mm[axis];
	}
	look_at(picture, min_mm, max_mm);
	if (has_bed) {
		double bed_max[3] = { profile->volume_max_mm[0], profile->volume_max_mm[1], 0 };

		draw_bed(picture, profile->volume_min_mm, bed_max);
	}
	return picture;
}

void picture_destroy(struct picture *picture)
{
	free(picture);
}

static void average_row(void *context, int y, unsigned char *row)
{
	const struct picture *picture = context;
	int fine = picture->fine, dots = fine * fine;

	for (int x = 0; x < picture->settings.width; x++) {
		int red = 0, green = 0, blue = 0;

		for (int i = 0; i < dots; i++) {
			size_t at = (size_t)(y * fine + i / fine) * (size_t)picture->width +
				    (size_t)(x * fine + i % fine);

			red += picture->dot[at].red;
			green += picture->dot[at].green;
			blue += picture->dot[at].blue;
		}
		*row++ = (unsigned char)(red / dots);
		*row++ = (unsigned char)(green / dots);
		*row++ = (unsigned char)(blue / dots);
	}
}

bool picture_write(struct picture *picture, picture_output *output, void *context)
{
	return picture_png_write(picture->settings.width, picture->settings.height, average_row,
		picture, output, context);
}
