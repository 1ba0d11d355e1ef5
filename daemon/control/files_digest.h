/* SHA-256 of texts in memory, as hex digits; kept beside the file store, which is where libsodium
 * lives. */
#ifndef CONTROL_FILES_DIGEST_H
#define CONTROL_FILES_DIGEST_H

#include "daemon/control/records.h"

#include <stddef.h>

struct files_digest_part {
	const char *bytes;
	size_t length;
};

/* Of the parts, each with its length before it, so that their borders count. */
void files_digest(const struct files_digest_part *part, size_t count, char hex[SHA256_HEX_BYTES]);

/* SHA-256 of these bytes and nothing else, as sha256sum prints it. */
void files_digest_bytes(const void *bytes, size_t length, char hex[SHA256_HEX_BYTES]);

#endif
