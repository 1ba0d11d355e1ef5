/* `printfarm design approve`, `revoke` and `key`: which content of a design may be produced, and
 * the Ed25519 key that says so.  A key file holds one line, the secret key in base64. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <errno.h>
#include <fcntl.h>  /* open */
#include <sodium.h> /* crypto_sign */
#include <string.h>
#include <unistd.h> /* read, write */

enum {
	SECRET_TEXT_BYTES = sodium_base64_ENCODED_LEN(
		crypto_sign_SECRETKEYBYTES, sodium_base64_VARIANT_ORIGINAL),
	PUBLIC_TEXT_BYTES = sodium_base64_ENCODED_LEN(
		crypto_sign_PUBLICKEYBYTES, sodium_base64_VARIANT_ORIGINAL),
	SIGNATURE_TEXT_BYTES =
		sodium_base64_ENCODED_LEN(crypto_sign_BYTES, sodium_base64_VARIANT_ORIGINAL),
};

/* ---- keys --------------------------------------------------------------------------------- */

static int write_key(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t length = strlen(line);

	if (fd < 0) {
		cli_error("%s: %s", path, strerror(errno));
		return CLI_REFUSED;
	}
	bool good = write(fd, line, length) == (ssize_t)length && fsync(fd) == 0;

	if (close(fd) != 0 || !good) {
		cli_error("%s: %s", path, strerror(errno));
		unlink(path);
		return CLI_REFUSED;
	}
	return CLI_DONE;
}

/* The row stands in one line, to be copied. */
static void say_key(const struct cli *cli, const char *path, const char *public)
{
	words_sentence(cli, 0, 2, "%s holds the secret key: keep it to yourself", path);
	words_sentence(cli, 0, 2, "in printfarm.conf, with your name for YOU:");
	say(stdout, "  approvers = [ \"YOU:%s\" ];\n", public);
}

int command_design_key(struct cli *cli, int argc, char **argv)
{
	unsigned char public_key[crypto_sign_PUBLICKEYBYTES],
		secret_key[crypto_sign_SECRETKEYBYTES];
	char secret[SECRET_TEXT_BYTES + 1], public[PUBLIC_TEXT_BYTES];
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 1, &count);

	if (status)
		return status;
	if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret_key) != 0) {
		cli_error("no key can be made: libsodium does not start");
		return CLI_REFUSED;
	}
	sodium_bin2base64(secret, SECRET_TEXT_BYTES, secret_key, sizeof secret_key,
		sodium_base64_VARIANT_ORIGINAL);
	sodium_bin2base64(public, sizeof public, public_key, sizeof public_key,
		sodium_base64_VARIANT_ORIGINAL);
	strcat(secret, "\n");
	status = write_key(argv[1], secret);
	sodium_memzero(secret, sizeof secret);
	sodium_memzero(secret_key, sizeof secret_key);
	if (status == CLI_DONE)
		say_key(cli, argv[1], public);
	return status;
}

static bool read_key(const char *path, unsigned char secret_key[crypto_sign_SECRETKEYBYTES])
{
	char text[SECRET_TEXT_BYTES + 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	size_t length = 0;
	bool good = false;

	if (got < 0)
		cli_error("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return false;
	text[got] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	good = sodium_base642bin(secret_key, crypto_sign_SECRETKEYBYTES, text, strlen(text), NULL,
		       &length, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       length == crypto_sign_SECRETKEYBYTES;
	if (!good)
		cli_error("%s: is no key; 'printfarm design key FILE' makes one", path);
	sodium_memzero(text, sizeof text);
	return good;
}

/* ---- approving ---------------------------------------------------------------------------- */

/* Signs what the daemon says the design consists of. */
static int sign(struct cli *cli, const char *name, const char *key_file,
	char signature[SIGNATURE_TEXT_BYTES])
{
	unsigned char secret_key[crypto_sign_SECRETKEYBYTES], bytes[crypto_sign_BYTES];
	char path[CLIENT_PATH_MAX], message[160];
	struct client_answer answer;

	if (sodium_init() < 0 || !read_key(key_file, secret_key))
		return CLI_NO_FILE;
	int status = client_get(cli, client_path(path, "designs", name, NULL), &answer);

	if (status == CLI_DONE) {
		int length = snprintf(message, sizeof message, "printfarm-design:%s",
			words_text(answer.json, "content_sha256"));

		crypto_sign_detached(
			bytes, NULL, (const unsigned char *)message, (size_t)length, secret_key);
		sodium_bin2base64(signature, SIGNATURE_TEXT_BYTES, bytes, sizeof bytes,
			sodium_base64_VARIANT_ORIGINAL);
		client_answer_finish(&answer);
	}
	sodium_memzero(secret_key, sizeof secret_key);
	return status;
}

/* What has been made, and what happens with it now. */
static void show_made(const struct cli *cli, const json_t *design)
{
	const json_t *made = json_object_get(design, "made"), *row;
	size_t index;

	if (json_array_size(made) == 0)
		say(stdout, "nothing was ordered of it\n");
	else
		say(stdout, "made of it until now; prints that run go on to their end:\n");
	json_array_foreach (made, index, row)
		words_sentence(cli, 0, 4,
			"  order %lld (%s): %lld good, %lld scrap, %lld printing, %lld on beds",
			(long long)words_integer(row, "order"), words_text(row, "state"),
			(long long)words_integer(row, "good"),
			(long long)words_integer(row, "scrap"),
			(long long)words_integer(row, "printing"),
			(long long)words_integer(row, "printed"));
}

static int post(struct cli *cli, const char *name, const char *action, json_t *body)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int status =
		body ? client_post(cli, client_path(path, "designs", name, action), body, &answer)
		     : cli_usage_error(cli, "a text is not UTF-8");

	json_decref(body);
	if (status != CLI_DONE)
		return status;
	if (cli->json) {
		words_print_json(cli, answer.json);
	} else {
		bool revoked = strcmp(action, "revoke") == 0;

		const char *signer = words_text(json_object_get(answer.json, "approval"), "signer");

		words_sentence(cli, 0, 2, "design %s is %s%s%s, content %.12s",
			words_text(answer.json, "name"),
			revoked ? "not approved any more: what has not started waits" : "approved",
			!revoked && *signer ? ", signed by " : "", revoked ? "" : signer,
			words_text(answer.json, "content_sha256"));
		if (revoked)
			show_made(cli, answer.json);
	}
	client_answer_finish(&answer);
	return CLI_DONE;
}

int command_design_approve(struct cli *cli, int argc, char **argv)
{
	const char *evidence = "", *key_file = NULL;
	const struct args_option options[] = {
		{ "evidence", 0, ARGS_TEXT, &evidence, 0, 0 },
		{ "sign", 0, ARGS_TEXT, &key_file, 0, 0 },
		{ 0 },
	};
	char signature[SIGNATURE_TEXT_BYTES] = "";
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status == CLI_DONE && key_file)
		status = sign(cli, argv[1], key_file, signature);
	if (status != CLI_DONE)
		return status;
	return post(cli, argv[1], "approve",
		json_pack("{s:s, s:s}", "evidence", evidence, "signature", signature));
}

int command_design_revoke(struct cli *cli, int argc, char **argv)
{
	const char *why = "";
	const struct args_option options[] = { { "why", 0, ARGS_TEXT, &why, 0, 0 }, { 0 } };
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status != CLI_DONE)
		return status;
	if (!*why)
		return cli_usage_error(cli, "--why TEXT is expected: a revocation needs a reason");
	return post(cli, argv[1], "revoke", json_pack("{s:s}", "why", why));
}
