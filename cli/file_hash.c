/* Hashes of files, by libsodium; see file_hash.h. */
#include "cli/file_hash.h"

#include <errno.h>
#include <fcntl.h>  /* open */
#include <sodium.h> /* crypto_hash_sha256 */
#include <unistd.h> /* read */

enum { READ_BYTES = 64 * 1024 };

static void finish(crypto_hash_sha256_state *state, char hex[FILE_HASH_BYTES])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_final(state, hash);
	sodium_bin2hex(hex, FILE_HASH_BYTES, hash, sizeof hash);
}

int file_hash(const char *path, char hex[FILE_HASH_BYTES])
{
	static unsigned char bytes[READ_BYTES];
	crypto_hash_sha256_state state;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int result = fd < 0 ? -errno : 0;
	ssize_t got = 0;

	crypto_hash_sha256_init(&state);
	while (result == 0 &&
		((got = read(fd, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)))
		if (got > 0)
			crypto_hash_sha256_update(&state, bytes, (size_t)got);
	if (got < 0)
		result = -errno;
	if (fd >= 0)
		close(fd);
	finish(&state, hex);
	return result;
}

void file_hash_bytes(const char *bytes, size_t length, char hex[FILE_HASH_BYTES])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)bytes, length);
	finish(&state, hex);
}
