/* Holidays, read by a child.
 *
 * libical brings ICU and its tables: two megabytes that a daemon would hold for ever because of a
 * file that it reads now and then.  And a rule in somebody's calendar may repeat for very long: the
 * child has HOLIDAYS_CPU_S of processor time. */
#ifndef CONTROL_HOLIDAYS_CHILD_H
#define CONTROL_HOLIDAYS_CHILD_H

#include "daemon/control/config.h"

enum { HOLIDAYS_CPU_S = 10 };

/* From now on they are read by this program, whose main() calls holidays_child_main for
 * --holidays.  Before, and in tests, by the caller itself. */
void holidays_use_child(const char *program);

/* As holidays_load does (holidays.h). */
int holidays_load_apart(
	const char *path, int64_t now_s, struct config_spans *spans, struct error *error);

/* printfarmd --holidays FILE NOW: spans, or a sentence, on its standard output. */
int holidays_child_main(int argc, char **argv);

#endif
