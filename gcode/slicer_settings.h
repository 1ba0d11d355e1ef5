/* The settings that a slicer has left in a file, as text: one "key = value" a line, so that another
 * lab can slice the same part again.
 *
 * Read are the blocks of PrusaSlicer and SuperSlicer ("..._config = begin"), of OrcaSlicer and
 * Bambu Studio ("CONFIG_BLOCK_START"), Cura's ";SETTING_3" (the settings that differ from the
 * profile, one row a setting, "extruder_0.key" for those of an extruder), and where a file has no
 * block the rows of Slic3r, KISSlicer and unpacked binary G-code ("; key = value") and of
 * Simplify3D (";   key,value"). Nothing here is taken for a fact: it is text of a stranger, without
 * control characters. */
#ifndef GCODE_SLICER_SETTINGS_H
#define GCODE_SLICER_SETTINGS_H

#include <stddef.h>

enum {
	SLICER_SETTINGS_BYTES_MAX = 512 * 1024, /* of the text; rows beyond are left out */
	SLICER_SETTINGS_LINE_MAX = 64 * 1024,	/* longer comments are cut */
};

struct slicer_settings;

/* NULL without memory. */
struct slicer_settings *slicer_settings_create(void);
void slicer_settings_destroy(struct slicer_settings *settings);

/* The file's bytes, in order, cut anywhere. */
void slicer_settings_feed(struct slicer_settings *settings, const char *bytes, size_t length);

/* After the last byte: the text, borrowed, and its length; empty: none were found. */
const char *slicer_settings_text(struct slicer_settings *settings, size_t *length);

#endif
