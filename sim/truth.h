/* The ground truth on disk: DIR/NAME.executed, one line a command that the firmware executed,
 * "N<TAB>command", N the line number it arrived with or "-".  Bytes that are not printable ASCII,
 * and backslashes, stand as \xNN. */
#ifndef SIM_TRUTH_H
#define SIM_TRUTH_H

#include "sim/printer.h"

struct error;

enum { TRUTH_BUFFER_BYTES = 65536, TRUTH_PATH_MAX = 256 };

struct truth {
	int fd;
	size_t used;
	int failed; /* errno of the first write that failed; told by truth_flush */
	char path[TRUTH_PATH_MAX];
	char buffer[TRUTH_BUFFER_BYTES];
};

/* Creates the file, or empties it.  Returns 0 or a negative errno and *error. */
int truth_open(struct truth *truth, const char *path, struct error *error);
void truth_close(struct truth *truth);

void truth_add(struct truth *truth, const struct sim_executed *executed);

/* Returns 0 or a negative errno and *error. */
int truth_flush(struct truth *truth, struct error *error);

#endif
