/* ZIP and what is a ZIP inside: .3mf and .gcode.3mf (Bambu, Orca), .ufp (Cura).  Unlike the other
 * packed formats it is drawn from a source, because a ZIP's list of members stands at its end; a
 * source that cannot seek is read in order. */
#ifndef GCODE_FORMAT_ARCHIVE_H
#define GCODE_FORMAT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "gcode/format_sink.h"

enum { ARCHIVE_MEMBERS_MAX = 1000, ARCHIVE_REASON_MAX = 200 };

struct format_archive_result {
	enum format_result result;
	const char *kind;		 /* "zip", "3mf" or "ufp" */
	int32_t plate_count;		 /* members with G-code */
	char reason[ARCHIVE_REASON_MAX]; /* a sentence when not FORMAT_OK */
};

/* An archive with members; an empty one begins otherwise. */
bool format_archive_begins(const char *head, size_t length);

/* Unpacks the G-code of one plate and hands it to the sink; the picture of the plate follows as
 * comment lines.  head: what was read of the source already.  plate: from 1; 0: the only one, and
 * more than one is refused. */
void format_archive_read(const struct format_source *source, const char *head, size_t length,
	int32_t plate, struct format_sink *sink, struct format_archive_result *result);

#endif
