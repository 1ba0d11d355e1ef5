/* What an approval is about, and who has signed it: hashes and Ed25519 signatures, by libsodium. */
#ifndef CONTROL_APPROVAL_H
#define CONTROL_APPROVAL_H

#include "daemon/control/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct approval_plate {
	const char *sha256;
	int32_t yield;
};

/* SHA-256 of the lines "<sha256 of the plate> <yield>\n", in order. */
void approval_content(
	const struct approval_plate *plate, size_t count, char content_sha256[SHA256_HEX_BYTES]);

/* Whether the row of `approvers` is "NAME:KEY" with a public key that can be one. */
bool approval_is_approver(const char *row);

/* The public key of this approver, borrowed from the configuration; NULL: none of this name. */
const char *approval_public_key(const struct config *config, const char *name);

/* Who of the approvers has signed "printfarm-design:" and the content's hash; signature in base64.
 * False: nobody. */
bool approval_signer(const struct config *config, const char *content_sha256, const char *signature,
	char signer[NAME_MAX_BYTES]);

#endif
