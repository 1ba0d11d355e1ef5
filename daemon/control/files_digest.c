#include "daemon/control/files_digest.h"

#include <sodium.h>

#include <stdint.h>

void files_digest(const struct files_digest_part *part, size_t count, char hex[SHA256_HEX_BYTES])
{
	crypto_hash_sha256_state state;
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < count; i++) {
		uint64_t length = part[i].length;
		crypto_hash_sha256_update(&state, (const unsigned char *)&length, sizeof(length));
		crypto_hash_sha256_update(
			&state, (const unsigned char *)part[i].bytes, part[i].length);
	}
	crypto_hash_sha256_final(&state, digest);
	sodium_bin2hex(hex, SHA256_HEX_BYTES, digest, sizeof(digest));
}

void files_digest_bytes(const void *bytes, size_t length, char hex[SHA256_HEX_BYTES])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, length);
	sodium_bin2hex(hex, SHA256_HEX_BYTES, hash, sizeof hash);
}
