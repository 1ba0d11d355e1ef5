/* Lines on standard error, for journald or a terminal.  Best effort: a line that cannot be written
 * at once is dropped and counted, and a source that says too much is cut to LOG_BURST lines a
 * second.  Text that came from a printer must be escaped before it gets here. */
#ifndef DAEMON_STREAM_LOG_H
#define DAEMON_STREAM_LOG_H

#include <stdint.h>

enum { LOG_BURST = 20 };

/* The ration of one source of lines; starts zeroed. */
struct log_ration {
	int64_t second; /* of the clock */
	int32_t lines;	/* in that second */
	int64_t dropped;
};

/* "source: text".  `ration` NULL: one for everything that has none of its own. */
void log_line(struct log_ration *ration, const char *source, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Takes a line from the ration; 0: none left in this second. */
int log_ration_take(struct log_ration *ration, int64_t now_us);

#endif
