/* A directory of its own for a test, and the small things tests do with files. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <stddef.h>

struct scratch {
	char directory[128];
	char path[512]; /* what scratch_path said last */
};

void scratch_make(struct scratch *scratch);
void scratch_remove(struct scratch *scratch); /* with all that is in it */

/* directory/name; valid until the next call. */
const char *scratch_path(struct scratch *scratch, const char *name);
void scratch_write(struct scratch *scratch, const char *name, const void *bytes, size_t length);
/* The whole file, NUL-terminated, to be freed; NULL when there is none.  `length` may be NULL. */
char *scratch_read(const char *path, size_t *length);
/* How many entries a directory has; -1: there is none. */
int scratch_count(const char *path);

#endif
