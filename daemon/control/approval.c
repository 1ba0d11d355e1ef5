/* Hashes and signatures of approvals; see approval.h. */
#include "daemon/control/approval.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

void approval_content(
	const struct approval_plate *plate, size_t count, char content_sha256[SHA256_HEX_BYTES])
{
	crypto_hash_sha256_state state;
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < count; i++) {
		char line[SHA256_HEX_BYTES + 16];
		int length = snprintf(
			line, sizeof line, "%s %d\n", plate[i].sha256, (int)plate[i].yield);

		crypto_hash_sha256_update(&state, (const unsigned char *)line, (size_t)length);
	}
	crypto_hash_sha256_final(&state, hash);
	sodium_bin2hex(content_sha256, SHA256_HEX_BYTES, hash, sizeof hash);
}

/* Exactly `size` bytes in base64, and nothing behind. */
static bool read_base64(const char *text, unsigned char *bytes, size_t size)
{
	size_t length = 0;
	const char *end = NULL;

	return sodium_base642bin(bytes, size, text, strlen(text), NULL, &length, &end,
		       sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       length == size && *end == '\0';
}

bool approval_is_approver(const char *row)
{
	unsigned char key[crypto_sign_PUBLICKEYBYTES];
	const char *colon = strchr(row, ':');

	return colon && colon > row && colon - row < NAME_MAX_BYTES &&
	       read_base64(colon + 1, key, sizeof key);
}

const char *approval_public_key(const struct config *config, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; length > 0 && i < config->approver_count; i++)
		if (strncmp(config->approver[i], name, length) == 0 &&
			config->approver[i][length] == ':')
			return config->approver[i] + length + 1;
	return NULL;
}

bool approval_signer(const struct config *config, const char *content_sha256, const char *text,
	char signer[NAME_MAX_BYTES])
{
	char message[sizeof "printfarm-design:" + SHA256_HEX_BYTES];
	unsigned char signature[crypto_sign_BYTES], key[crypto_sign_PUBLICKEYBYTES];
	int length = snprintf(message, sizeof message, "printfarm-design:%s", content_sha256);

	if (!read_base64(text, signature, sizeof signature))
		return false;
	for (size_t i = 0; i < config->approver_count; i++) {
		const char *row = config->approver[i], *colon = strchr(row, ':');

		if (!colon || !read_base64(colon + 1, key, sizeof key))
			continue;
		if (crypto_sign_verify_detached(
			    signature, (const unsigned char *)message, (size_t)length, key) != 0)
			continue;
		snprintf(signer, NAME_MAX_BYTES, "%.*s", (int)(colon - row), row);
		return true;
	}
	return false;
}
