/* Control's requests, one function each, found by a table. */
#ifndef DAEMON_STREAM_REQUESTS_H
#define DAEMON_STREAM_REQUESTS_H

#include "daemon/stream/streamer.h"

/* Does what the message asks and fills `answer` (WIRE_ANSWER).  False: nothing to answer. */
bool requests_perform(struct streamer *streamer, const struct wire_message *message, int64_t now_us,
	struct wire_message *answer);

/* Emergency stop of one printer or (empty) all; the answer is a line, "ok ..." or "error ...". */
void requests_estop(
	struct streamer *streamer, const char *printer, int64_t now_us, char *answer, size_t size);

#endif
