/* Which dialect the words of a printer point to: banners and answers to M115 and $I. */
#ifndef DAEMON_STREAM_SIGNS_H
#define DAEMON_STREAM_SIGNS_H

#include <stddef.h>

/* The name of a dialect that this program has; NULL: the bytes say nothing. */
const char *signs_dialect(const char *bytes, size_t length);

#endif
