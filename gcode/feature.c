/* The slicers' words for parts of a print; see feature.h. */
#include "gcode/feature.h"

#include <string.h> /* strlen */

#include "gcode/text.h"

static const struct {
	const char *words; /* lower case, whole */
	enum feature feature;
} words[] = {
	/* PrusaSlicer, SuperSlicer */
	{ "custom", FEATURE_CUSTOM },
	{ "external perimeter", FEATURE_OUTER_WALL },
	{ "perimeter", FEATURE_INNER_WALL },
	{ "overhang perimeter", FEATURE_OVERHANG },
	{ "internal infill", FEATURE_INFILL },
	{ "solid infill", FEATURE_SOLID },
	{ "top solid infill", FEATURE_TOP },
	{ "bridge infill", FEATURE_BRIDGE },
	{ "internal bridge infill", FEATURE_BRIDGE },
	{ "gap fill", FEATURE_GAP_FILL },
	{ "thin wall", FEATURE_GAP_FILL },
	{ "ironing", FEATURE_IRONING },
	{ "skirt", FEATURE_SKIRT },
	{ "skirt/brim", FEATURE_SKIRT },
	{ "support material", FEATURE_SUPPORT },
	{ "support material interface", FEATURE_SUPPORT_INTERFACE },
	{ "wipe tower", FEATURE_TOWER },
	/* Cura */
	{ "wall-outer", FEATURE_OUTER_WALL },
	{ "wall-inner", FEATURE_INNER_WALL },
	{ "fill", FEATURE_INFILL },
	{ "skin", FEATURE_SOLID },
	{ "support", FEATURE_SUPPORT },
	{ "support-interface", FEATURE_SUPPORT_INTERFACE },
	{ "prime-tower", FEATURE_TOWER },
	/* OrcaSlicer, Bambu Studio */
	{ "outer wall", FEATURE_OUTER_WALL },
	{ "inner wall", FEATURE_INNER_WALL },
	{ "overhang wall", FEATURE_OVERHANG },
	{ "sparse infill", FEATURE_INFILL },
	{ "internal solid infill", FEATURE_SOLID },
	{ "bottom surface", FEATURE_SOLID },
	{ "top surface", FEATURE_TOP },
	{ "bridge", FEATURE_BRIDGE },
	{ "internal bridge", FEATURE_BRIDGE },
	{ "gap infill", FEATURE_GAP_FILL },
	{ "brim", FEATURE_SKIRT },
	{ "support transition", FEATURE_SUPPORT },
	{ "support interface", FEATURE_SUPPORT_INTERFACE },
	{ "prime tower", FEATURE_TOWER },
	/* Simplify3D */
	{ "outer perimeter", FEATURE_OUTER_WALL },
	{ "inner perimeter", FEATURE_INNER_WALL },
	{ "infill", FEATURE_INFILL },
	{ "solid layer", FEATURE_SOLID },
	{ "raft", FEATURE_SUPPORT },
	{ "dense support", FEATURE_SUPPORT_INTERFACE },
	{ "prime pillar", FEATURE_TOWER },
	{ "ooze shield", FEATURE_SKIRT },
	/* ideaMaker */
	{ "outer-wall", FEATURE_OUTER_WALL },
	{ "wall-outer-overhang", FEATURE_OVERHANG },
	{ "inner-wall", FEATURE_INNER_WALL },
	{ "solid-fill", FEATURE_SOLID },
	{ "top-fill", FEATURE_TOP },
	{ "bottom-fill", FEATURE_SOLID },
	{ "gap-fill", FEATURE_GAP_FILL },
	{ "dense-support", FEATURE_SUPPORT_INTERFACE },
};

enum feature feature_from_words(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].words) == length && text_contains(text, length, words[i].words))
			return words[i].feature;
	return FEATURE_UNSAID;
}

const char *feature_name(enum feature feature)
{
	static const char *const names[FEATURE_COUNT] = {
		[FEATURE_UNSAID] = "print",
		[FEATURE_CUSTOM] = "custom",
		[FEATURE_OUTER_WALL] = "outer wall",
		[FEATURE_INNER_WALL] = "inner wall",
		[FEATURE_OVERHANG] = "overhang",
		[FEATURE_INFILL] = "infill",
		[FEATURE_SOLID] = "solid",
		[FEATURE_TOP] = "top",
		[FEATURE_BRIDGE] = "bridge",
		[FEATURE_GAP_FILL] = "gap fill",
		[FEATURE_IRONING] = "ironing",
		[FEATURE_SKIRT] = "skirt",
		[FEATURE_SUPPORT] = "support",
		[FEATURE_SUPPORT_INTERFACE] = "support interface",
		[FEATURE_TOWER] = "tower",
		[FEATURE_TRAVEL] = "travel",
		[FEATURE_RETRACTION] = "retraction",
		[FEATURE_WAIT] = "wait",
	};

	return names[feature];
}
