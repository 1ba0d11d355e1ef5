/* A file without heat and without filament: every other command stays as it is.
 *
 * What a rehearsal sends moves like the print, in its time, and through the same buffers; nozzle
 * and bed stay cold.  A macro of the firmware may heat, and nobody outside knows: a file that calls
 * one cannot be rehearsed. */
#ifndef GCODE_REHEARSAL_H
#define GCODE_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REHEARSAL_LINE_MAX = 1100 };

struct rehearsal {
	int64_t line;	       /* the latest, from 1 */
	int64_t kept, dropped; /* commands */
	int64_t changed;       /* kept without their E */
	char refused[96];      /* the first command that cannot be rehearsed; empty: none */
	int64_t refused_line;
};

void rehearsal_init(struct rehearsal *rehearsal);

/* One line of the file without its end; returns the bytes written to `out`, which holds
 * REHEARSAL_LINE_MAX, without a line end; 0: nothing of it is left. */
size_t rehearsal_line(
	struct rehearsal *rehearsal, const char *line, size_t length, char out[REHEARSAL_LINE_MAX]);

#endif
