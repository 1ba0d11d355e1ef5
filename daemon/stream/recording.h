/* Writes a flight recorder to a file of the state directory when something has gone wrong.
 *
 * A few files per printer, NAME.recording.1 and so on; the oldest is replaced.  The writing is done
 * by a thread on a copy, so that a slow disk holds up no other printer. */
#ifndef DAEMON_STREAM_RECORDING_H
#define DAEMON_STREAM_RECORDING_H

#include "daemon/stream/recorder.h"

#include <stdbool.h>

enum { RECORDING_FILES = 4 };

struct recording;

/* NULL without memory. */
struct recording *recording_create(const char *state_directory, const char *printer);
/* Waits for a file that is being written. */
void recording_destroy(struct recording *recording);

/* Begins to write; `why` is a sentence of printable ASCII.  False: one is being written, or there
 * is no memory or no thread for it. */
bool recording_write(struct recording *recording, const struct recorder *recorder, const char *why);

#endif
