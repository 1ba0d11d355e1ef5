/* `printfarm design import FOLDER`: a design from the folder that `printfarm record --export` has
 * made, here or in another lab.  What lies in it is looked at with suspicion: every hash is
 * compared, and no name in it leads out of the folder. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/file_hash.h"
#include "cli/record_export.h"
#include "cli/upload.h"
#include "cli/words.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <string.h>

enum {
	PLATES_MAX = 16,
	YIELD_MAX = 1000,
	SUMS_LINE_MAX = 512,
	CONTENT_BYTES_MAX = PLATES_MAX * 96,
};

/* ---- the folder ----------------------------------------------------------------------------- */

/* A path below the folder: no way up, none from the root. */
static bool is_inside(const char *name)
{
	if (*name == '/')
		return false;
	for (const char *part = name; part; part = strchr(part, '/')) {
		part += *part == '/';
		size_t length = strcspn(part, "/");

		if (length == 0 || (length <= 2 && strncmp(part, "..", length) == 0))
			return false;
	}
	return true;
}

static int path_in(const char *folder, const char *name, char path[PATH_MAX])
{
	if (is_inside(name) && (size_t)snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return CLI_DONE;
	cli_error("%s: names \"%s\", which is no file of this folder", folder, name);
	return CLI_BAD_FILE;
}

static int check_file(const char *folder, const char *name, const char *hash)
{
	char path[PATH_MAX], found[FILE_HASH_BYTES];
	int status = path_in(folder, name, path);

	if (status != CLI_DONE)
		return status;
	int result = file_hash(path, found);

	if (result != 0) {
		cli_error("%s: %s; the folder is not complete", path, strerror(-result));
		return result == -ENOENT ? CLI_NO_FILE : CLI_BAD_FILE;
	}
	if (strcmp(found, hash) == 0)
		return CLI_DONE;
	cli_error(
		"%s: is not the file that was exported: its SHA-256 is %.16s..., expected %.16s...",
		path, found, hash);
	return CLI_BAD_FILE;
}

/* "HASH  NAME" lines, as sha256sum writes them. */
static int check_sums(const char *folder)
{
	char path[PATH_MAX], line[SUMS_LINE_MAX];
	int status = path_in(folder, "SHA256SUMS", path);
	FILE *file = status == CLI_DONE ? fopen(path, "r") : NULL;

	if (status == CLI_DONE && !file) {
		cli_error("%s: %s; a folder of 'printfarm record --export' is expected", path,
			strerror(errno));
		return CLI_NO_FILE;
	}
	while (status == CLI_DONE && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strlen(line) < FILE_HASH_BYTES + 2 ||
			strspn(line, "0123456789abcdef") != FILE_HASH_BYTES - 1 ||
			strncmp(line + FILE_HASH_BYTES - 1, "  ", 2) != 0) {
			cli_error("%s: \"%s\" is no line of sha256sum", path, line);
			status = CLI_BAD_FILE;
			break;
		}
		line[FILE_HASH_BYTES - 1] = '\0';
		status = check_file(folder, line + FILE_HASH_BYTES + 1, line);
	}
	if (file)
		fclose(file);
	return status;
}

/* ---- design.json ---------------------------------------------------------------------------- */

static int read_manifest(const char *folder, json_t **manifest)
{
	char path[PATH_MAX], text[160];
	json_error_t error;
	int status = path_in(folder, "design.json", path);

	if (status != CLI_DONE)
		return status;
	*manifest = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!*manifest) {
		cli_error("%s:%d: %s", path, error.line, error.text);
		return CLI_BAD_FILE;
	}
	const json_t *plates = json_object_get(*manifest, "plates");

	text[0] = '\0';
	if (words_integer(*manifest, "printfarm_export") != RECORD_EXPORT_VERSION)
		snprintf(text, sizeof text,
			"\"printfarm_export\" is not %d: made by another version of printfarm",
			(int)RECORD_EXPORT_VERSION);
	else if (json_array_size(plates) < 1 || json_array_size(plates) > PLATES_MAX)
		snprintf(text, sizeof text, "\"plates\" must be a list of 1 to %d plates",
			(int)PLATES_MAX);
	else if (!*words_text(*manifest, "name"))
		snprintf(text, sizeof text, "\"name\" is missing");
	if (!text[0])
		return CLI_DONE;
	cli_error("%s: %s", path, text);
	json_decref(*manifest);
	return CLI_BAD_FILE;
}

/* The plates are what the content's hash says, in this order. */
static int check_content(const char *folder, const json_t *manifest)
{
	char text[CONTENT_BYTES_MAX], hash[FILE_HASH_BYTES];
	const json_t *plate;
	size_t index, length = 0;

	json_array_foreach (json_object_get(manifest, "plates"), index, plate) {
		int64_t yield = words_integer(plate, "yield");

		if (yield < 1 || yield > YIELD_MAX || strlen(words_text(plate, "sha256")) != 64) {
			cli_error(
				"%s/design.json: plate %zu: \"sha256\" must be a hash, \"yield\" a "
				"number from 1 to %d",
				folder, index + 1, (int)YIELD_MAX);
			return CLI_BAD_FILE;
		}
		length += (size_t)snprintf(text + length, sizeof text - length, "%s %lld\n",
			words_text(plate, "sha256"), (long long)yield);
	}
	file_hash_bytes(text, length, hash);
	if (strcmp(hash, words_text(manifest, "content_sha256")) == 0)
		return CLI_DONE;
	cli_error("%s/design.json: its plates are not those of its content: their hash is %.16s...",
		folder, hash);
	return CLI_BAD_FILE;
}

/* ---- the farm ------------------------------------------------------------------------------- */

static int upload_plate(struct cli *cli, const char *folder, const json_t *plate, json_t *plates)
{
	const char *name = words_text(plate, "file"), *hash = words_text(plate, "sha256");
	char path[PATH_MAX];
	json_t *stored = NULL;
	int status = check_file(folder, name, hash);

	if (status == CLI_DONE)
		status = path_in(folder, name, path);
	if (status == CLI_DONE)
		status = upload(cli, path, 0, &stored);
	if (status == CLI_DONE && strcmp(words_text(stored, "sha256"), hash) != 0) {
		cli_error("%s: this farm keeps it with another content (%.16s...)", path,
			words_text(stored, "sha256"));
		status = CLI_BAD_FILE;
	}
	if (status == CLI_DONE)
		json_array_append_new(plates, json_pack("{s:s, s:s, s:I}", "sha256", hash, "name",
						      words_text(plate, "name"), "yield",
						      (json_int_t)words_integer(plate, "yield")));
	json_decref(stored);
	return status;
}

/* "visor" of "visor@2": which revision it is here is for this farm to say. */
static void base_name_of(const json_t *manifest, const char *wanted, char *name, size_t size)
{
	snprintf(name, size, "%s", wanted ? wanted : words_text(manifest, "name"));
	char *mark = strrchr(name, '@');

	if (mark && mark > name && mark[1] && strspn(mark + 1, "0123456789") == strlen(mark + 1))
		*mark = '\0';
}

static int create(
	struct cli *cli, const json_t *manifest, const char *name, bool revise, json_t *plates)
{
	struct client_answer answer;
	json_t *body =
		json_pack("{s:s, s:O, s:b}", "name", name, "plates", plates, "revise", revise);
	int status = body ? client_create(cli, "/api/v1/designs", body, &answer)
			  : cli_usage_error(cli, "the name is not UTF-8");

	json_decref(body);
	if (status != CLI_DONE)
		return status;
	const char *content = words_text(answer.json, "content_sha256");

	if (strcmp(content, words_text(manifest, "content_sha256")) != 0) {
		cli_error("design %s was made, but its content is %.16s...: another one",
			words_text(answer.json, "name"), content);
		status = CLI_REFUSED;
	} else if (cli->json) {
		words_print_json(cli, answer.json);
	} else {
		words_sentence(cli, 0, 2,
			"design %s: %zu plate%s, content %.12s as exported; an approval is not "
			"taken over",
			words_text(answer.json, "name"), json_array_size(plates),
			json_array_size(plates) == 1 ? "" : "s", content);
	}
	client_answer_finish(&answer);
	return status;
}

int command_design_import(struct cli *cli, int argc, char **argv)
{
	const char *wanted = NULL;
	bool revise = false;
	const struct args_option options[] = {
		{ "name", 0, ARGS_TEXT, &wanted, 0, 0 },
		{ "revise", 0, ARGS_FLAG, &revise, 0, 0 },
		{ 0 },
	};
	char name[UPLOAD_NAME_MAX];
	json_t *manifest = NULL;
	const json_t *plate;
	size_t index;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status == CLI_DONE)
		status = check_sums(argv[1]);
	if (status == CLI_DONE)
		status = read_manifest(argv[1], &manifest);
	if (status != CLI_DONE)
		return status;
	json_t *plates = json_array();

	status = check_content(argv[1], manifest);
	json_array_foreach (json_object_get(manifest, "plates"), index, plate)
		if (status == CLI_DONE)
			status = upload_plate(cli, argv[1], plate, plates);
	base_name_of(manifest, wanted, name, sizeof name);
	if (status == CLI_DONE)
		status = create(cli, manifest, name, revise, plates);
	json_decref(plates);
	json_decref(manifest);
	return status;
}
