#include "daemon/control/child_write.h"

#include <errno.h>
#include <sys/types.h> /* ssize_t */
#include <unistd.h>    /* write */

bool child_write(int descriptor, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(descriptor, at, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		at += written;
		length -= (size_t)written;
	}
	return true;
}
