#include "daemon/control/log.h"

#include <poll.h> /* POLLOUT: a full pipe must not stop the loop */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KINDS_MAX = 32, KIND_MAX_BYTES = 32 };

static struct {
	char kind[KIND_MAX_BYTES]; /* empty: free */
	time_t second;
	int count, held_back;
} limits[KINDS_MAX];
static enum log_level threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	threshold = level;
}

static void put(enum log_level level, const char *text)
{
	static int for_journal = -1;
	static const char *const words[] = { "error: ", "warning: ", "", "debug: " };
	static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" };
	if (for_journal < 0)
		for_journal = getenv("JOURNAL_STREAM") != NULL;
	char line[LOG_LINE_MAX];
	int length = snprintf(
		line, sizeof(line), "%s%s\n", for_journal ? priorities[level] : words[level], text);
	if (length >= (int)sizeof(line)) {
		length = (int)sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) &&
		write(STDERR_FILENO, line, (size_t)length) < 0)
		return; /* nobody is left to be told */
}

/* false: this kind has said enough in this second. */
static bool may_say(const char *kind)
{
	time_t now = time(NULL);
	int i = 0;
	while (i < KINDS_MAX - 1 && limits[i].kind[0] && strcmp(limits[i].kind, kind) != 0)
		i++;
	snprintf(limits[i].kind, sizeof(limits[i].kind), "%s", kind);
	if (limits[i].second != now) {
		int held_back = limits[i].held_back;
		limits[i].second = now;
		limits[i].count = limits[i].held_back = 0;
		char text[120];
		snprintf(text, sizeof(text), "%s: %d more messages held back", kind, held_back);
		if (held_back)
			put(LOG_LEVEL_WARNING, text);
	}
	if (limits[i].count >= LOG_PER_SECOND) {
		limits[i].held_back++;
		return false;
	}
	limits[i].count++;
	return true;
}

void log_write(enum log_level level, const char *kind, const char *format, ...)
{
	if (level > threshold || !may_say(kind))
		return;
	char text[LOG_LINE_MAX];
	int length = snprintf(text, sizeof(text), "%s: ", kind);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text + length, sizeof(text) - (size_t)length, format, arguments);
	va_end(arguments);
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	put(level, text);
}
