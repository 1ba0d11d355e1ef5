/* The file in the state directory in which the plan outlives control. */
#ifndef CONTROL_PLAN_FILE_H
#define CONTROL_PLAN_FILE_H

#include <stddef.h>

enum { PLAN_FILE_MAX = 1 << 21 };

struct ledger;
struct plan_file;

/* Writes on the ledger's thread, so that the loop waits for no disk; of what comes while one is
 * being written only the latest is kept.  The ledger is borrowed until it is closed.  NULL: no
 * memory. */
struct plan_file *plan_file_create(struct ledger *ledger, const char *folder);
/* After the ledger was closed.  Takes NULL. */
void plan_file_destroy(struct plan_file *plan_file);

/* Replaces the file as a whole.  It is no loss: without it the next plan is made from nothing, so
 * that it is not synced.  Trouble is logged, each once. */
void plan_file_keep(struct plan_file *plan_file, const char *text, size_t size);
/* The text, to be freed, ended by a NUL; NULL: there is none. */
char *plan_file_read(const char *folder, size_t *size);

#endif
