#include "daemon/stream/log.h"

#include "daemon/stream/clock.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 768 };

int log_ration_take(struct log_ration *ration, int64_t now_us)
{
	int64_t second = now_us / CLOCK_SECOND_US;

	if (ration->second != second) {
		ration->second = second;
		ration->lines = 0;
	}
	if (ration->lines >= LOG_BURST) {
		ration->dropped++;
		return 0;
	}
	ration->lines++;
	return 1;
}

void log_line(struct log_ration *ration, const char *source, const char *format, ...)
{
	static struct log_ration common;
	/* A pipe that polls writable takes PIPE_BUF bytes without blocking; the descriptor itself
	 * may be shared with others, so it is not made non-blocking. */
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };
	char line[LINE_MAX_BYTES];
	va_list arguments;
	size_t length;

	if (!ration)
		ration = &common;
	if (!log_ration_take(ration, clock_now_us()))
		return;
	if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT)) {
		ration->dropped++;
		return;
	}
	if (ration->dropped > 0)
		snprintf(line, sizeof(line), "%s: (%lld lines dropped) ", source,
			(long long)ration->dropped);
	else
		snprintf(line, sizeof(line), "%s: ", source);
	ration->dropped = 0;
	length = strlen(line);
	va_start(arguments, format);
	vsnprintf(line + length, sizeof(line) - length - 1, format, arguments);
	va_end(arguments);
	length = strlen(line);
	line[length++] = '\n';
	if (write(STDERR_FILENO, line, length) < 0)
		ration->dropped++;
}
