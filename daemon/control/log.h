/* Lines on standard error for people: one line a message, levels, at most LOG_PER_SECOND of each
 * kind a second; what was held back is counted and said.  Best effort: never blocks, never fails.
 */
#ifndef CONTROL_LOG_H
#define CONTROL_LOG_H

#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum { LOG_PER_SECOND = 20, LOG_LINE_MAX = 1024 };

/* Messages above this level are dropped. Default: LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* `kind` is a short word ("http", "link"); each kind has its own limit. */
void log_write(enum log_level level, const char *kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(kind, ...)   log_write(LOG_LEVEL_ERROR, kind, __VA_ARGS__)
#define log_warning(kind, ...) log_write(LOG_LEVEL_WARNING, kind, __VA_ARGS__)
#define log_info(kind, ...)    log_write(LOG_LEVEL_INFO, kind, __VA_ARGS__)
#define log_debug(kind, ...)   log_write(LOG_LEVEL_DEBUG, kind, __VA_ARGS__)

#endif
