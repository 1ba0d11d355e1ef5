/* A folder that is made whole or not at all, with the checksums of what is in it. */
#ifndef CLI_EXPORT_FILES_H
#define CLI_EXPORT_FILES_H

#include "cli/file_hash.h"

#include <limits.h> /* PATH_MAX */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { EXPORT_NAME_MAX = 128, EXPORT_FILES_MAX = 1024 };

struct export
{
	char folder[PATH_MAX], part[PATH_MAX]; /* it grows under the second name */
	size_t count;
	char *name[EXPORT_FILES_MAX]; /* of files that are there, within the folder; owned */
	char hash[EXPORT_FILES_MAX][FILE_HASH_BYTES];
	struct {
		FILE *stream;
	} file; /* the one under way */
};

/* Each returns an exit code, after a sentence where it is not CLI_DONE.  After a failure only
 * export_drop is left to do. */

/* `folder` must not be there. */
int export_begin(struct export *export, const char *folder);
/* The next file, by its name within the folder; folders on the way are made. */
int export_open(struct export *export, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* hash may be NULL. */
int export_close(struct export *export, char hash[FILE_HASH_BYTES]);
int export_text(struct export *export, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int export_bytes(struct export *export, const char *bytes, size_t length, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool export_has(const struct export *export, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Writes SHA256SUMS and gives the folder its name. */
int export_end(struct export *export);
/* Nothing is left of it. */
void export_drop(struct export *export);

/* Letters, digits, '.', '_' and '-' of a stranger's file name, without its ending: "visor" of
 * "../visor.gcode.gz".  Never empty. */
void export_name(const char *from, char name[EXPORT_NAME_MAX]);

#endif
