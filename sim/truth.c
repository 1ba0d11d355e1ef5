/* The ground truth on disk; see truth.h. */
#include "sim/truth.h"

#include "base/error.h"

#include <errno.h>  /* errno, EINTR */
#include <fcntl.h>  /* open */
#include <stdio.h>  /* snprintf */
#include <string.h> /* strerror, memmove */
#include <unistd.h> /* write, close */

/* "-9223372036854775808" and a tab, then four bytes for each of the command, and the line end. */
enum { TRUTH_LINE_MAX = 24 + 4 * SIM_COMMAND_MAX };

int truth_open(struct truth *truth, const char *path, struct error *error)
{
	truth->used = 0;
	truth->failed = 0;
	snprintf(truth->path, sizeof truth->path, "%s", path);
	truth->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (truth->fd >= 0)
		return 0;
	int reason = errno;
	error_set(error, "%s: %s", path, strerror(reason));
	return -reason;
}

void truth_close(struct truth *truth)
{
	if (truth->fd < 0)
		return;
	truth_flush(truth, NULL);
	close(truth->fd);
	truth->fd = -1;
}

int truth_flush(struct truth *truth, struct error *error)
{
	size_t done = 0;

	while (done < truth->used && truth->failed == 0) {
		ssize_t wrote = write(truth->fd, truth->buffer + done, truth->used - done);
		if (wrote >= 0)
			done += (size_t)wrote;
		else if (errno != EINTR)
			truth->failed = errno;
	}
	truth->used = 0;
	if (truth->failed == 0)
		return 0;
	error_set(error, "%s: %s", truth->path, strerror(truth->failed));
	return -truth->failed;
}

static char *put_number(char *at, int64_t number)
{
	char digits[24];
	int count = 0;
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	if (number == SIM_UNNUMBERED) {
		*at++ = '-';
		return at;
	}
	if (number < 0)
		*at++ = '-';
	do
		digits[count++] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

void truth_add(struct truth *truth, const struct sim_executed *executed)
{
	static const char hex[] = "0123456789abcdef";

	if (TRUTH_BUFFER_BYTES - truth->used < TRUTH_LINE_MAX)
		truth_flush(truth, NULL);
	char *at = put_number(truth->buffer + truth->used, executed->number);
	*at++ = '\t';
	for (const char *c = executed->command; *c; c++) {
		unsigned char byte = (unsigned char)*c;
		if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
			*at++ = *c;
			continue;
		}
		*at++ = '\\';
		*at++ = 'x';
		*at++ = hex[byte >> 4];
		*at++ = hex[byte & 15];
	}
	*at++ = '\n';
	truth->used = (size_t)(at - truth->buffer);
}
