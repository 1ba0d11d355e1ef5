/* The file in the state directory in which the plan outlives control. */
#ifndef CONTROL_PLAN_FILE_H
#define CONTROL_PLAN_FILE_H

#include <stddef.h>

enum { PLAN_FILE_MAX = 1 << 21 };

/* Replaces the file as a whole.  It is no loss: without it the next plan is made from nothing, so
 * that it is not waited for until it is on the disk.  0 or a negative errno. */
int plan_file_write(const char *folder, const char *text, size_t size);
/* The text, to be freed, ended by a NUL; NULL: there is none. */
char *plan_file_read(const char *folder, size_t *size);

#endif
