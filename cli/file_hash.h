/* SHA-256 of files, as `sha256sum` prints it. */
#ifndef CLI_FILE_HASH_H
#define CLI_FILE_HASH_H

#include <stddef.h>

enum { FILE_HASH_BYTES = 65 }; /* hex digits and the NUL */

/* 0 or a negative errno. */
int file_hash(const char *path, char hex[FILE_HASH_BYTES]);
void file_hash_bytes(const char *bytes, size_t length, char hex[FILE_HASH_BYTES]);

#endif
