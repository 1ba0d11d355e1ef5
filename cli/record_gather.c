/* The production record and its parts; see record_gather.h. */
#include "cli/record_gather.h"

#include "cli/cli.h"
#include "cli/client.h"
#include "cli/text.h"
#include "cli/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- jobs --------------------------------------------------------------------------------- */

/* Adds the jobs of the pages behind `record`. */
static int get_rest(struct cli *cli, const char *path, json_t *record)
{
	int64_t next;

	while ((next = words_integer(record, "next")) > 0) {
		char url[CLIENT_PATH_MAX];
		struct client_answer answer;

		snprintf(url, sizeof url, "%.900s?after=%lld", path, (long long)next);
		int status = client_get(cli, url, &answer);

		if (status)
			return status;
		json_array_extend(
			json_object_get(record, "jobs"), json_object_get(answer.json, "jobs"));
		json_object_set(record, "next", json_object_get(answer.json, "next"));
		client_answer_finish(&answer);
	}
	return CLI_DONE;
}

/* ---- settings ----------------------------------------------------------------------------- */

int record_fetch(struct cli *cli, const char *noun, const char *name, const char *action,
	char **bytes, size_t *length)
{
	char path[CLIENT_PATH_MAX];
	bool is_missing = false;

	*bytes = NULL;
	*length = 0;
	FILE *memory = open_memstream(bytes, length);

	if (!memory) {
		cli_error("out of memory");
		return CLI_TRY_AGAIN;
	}
	int status = client_fetch(cli, client_path(path, noun, name, action), memory, &is_missing);

	if (fclose(memory) != 0 && status == CLI_DONE) {
		cli_error("out of memory");
		status = CLI_TRY_AGAIN;
	}
	if (status != CLI_DONE || is_missing) {
		free(*bytes);
		*bytes = NULL;
		*length = 0;
	}
	return status;
}

/* "key = value" lines. */
static json_t *settings_of(char *text)
{
	json_t *settings = json_object();
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *mark = strstr(line, " = ");

		if (!mark)
			continue;
		*mark = '\0';
		json_object_set_new(settings, line, json_string(mark + 3));
	}
	return settings;
}

static int get_settings(struct cli *cli, json_t *plate)
{
	char *text;
	size_t length;
	int status =
		record_fetch(cli, "files", words_text(plate, "sha256"), "settings", &text, &length);

	if (status == CLI_DONE)
		json_object_set_new(
			plate, "slicer_settings", text ? settings_of(text) : json_null());
	free(text);
	return status;
}

int record_gather(struct cli *cli, const char *path, json_t **record)
{
	struct client_answer answer;
	json_t *plate;
	size_t index;
	int status = client_get(cli, path, &answer);

	if (status)
		return status;
	status = get_rest(cli, path, answer.json);
	json_array_foreach (json_object_get(answer.json, "plates"), index, plate)
		if (status == CLI_DONE)
			status = get_settings(cli, plate);
	if (status == CLI_DONE)
		*record = json_incref(answer.json);
	client_answer_finish(&answer);
	return status;
}

/* ---- images ------------------------------------------------------------------------------- */

static const struct {
	const char *type, *end;
} image_types[] = {
	{ "image/png", "png" },
	{ "image/jpeg", "jpg" },
	{ "image/webp", "webp" },
};

static int get_image(struct cli *cli, struct record_images *images, const char *noun,
	const char *sha256, const char *action, const char *type)
{
	struct record_image *image = &images->image[images->count];
	int status;

	for (size_t i = 0; i < sizeof image_types / sizeof *image_types; i++) {
		if (strcmp(type, image_types[i].type) != 0)
			continue;
		if (images->count == RECORD_IMAGES_MAX || record_image(images, sha256))
			return CLI_DONE;
		*image = (struct record_image){ .sha256 = sha256, .type = image_types[i].type };
		snprintf(image->name, sizeof image->name, "%.64s.%s", sha256, image_types[i].end);
		status = record_fetch(cli, noun, sha256, action, &image->bytes, &image->length);
		images->count += status == CLI_DONE && image->bytes;
		return status;
	}
	return CLI_DONE;
}

int record_gather_images(struct cli *cli, const json_t *record, struct record_images *images)
{
	const json_t *plate, *job, *photo;
	size_t index, inner;
	int status = CLI_DONE;

	images->count = 0;
	json_array_foreach (json_object_get(record, "plates"), index, plate)
		if (status == CLI_DONE)
			status = get_image(cli, images, "files", words_text(plate, "sha256"),
				"preview", "image/png");
	json_array_foreach (json_object_get(record, "jobs"), index, job)
		json_array_foreach (json_object_get(job, "photos"), inner, photo)
			if (status == CLI_DONE)
				status = get_image(cli, images, "photos",
					words_text(photo, "sha256"), NULL,
					words_text(photo, "type"));
	return status;
}

const struct record_image *record_image(const struct record_images *images, const char *sha256)
{
	for (size_t i = 0; i < images->count; i++)
		if (strcmp(images->image[i].sha256, sha256) == 0)
			return &images->image[i];
	return NULL;
}

void record_images_finish(struct record_images *images)
{
	for (size_t i = 0; i < images->count; i++)
		free(images->image[i].bytes);
	images->count = 0;
}

/* ---- names -------------------------------------------------------------------------------- */

/* Members that hold a person's name, and those in whose text one may stand. */
static const char *const name_key[] = { "user", "by", "signer", "revoked_by", "loaded_by" };
static const char *const text_key[] = { "text", "reason", "evidence", "revoke_reason", "fault",
	"note" };

static bool is_among(const char *key, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

enum { DEPTH_MAX = 16 };

/* Every member of the record, however deep. */
static void walk(json_t *value, int depth, json_t *names,
	void (*each)(json_t *names, json_t *object, const char *key, const char *text))
{
	json_t *part;
	const char *key;
	size_t index;
	void *next;

	if (depth > DEPTH_MAX)
		return;
	json_array_foreach (value, index, part)
		walk(part, depth + 1, names, each);
	json_object_foreach_safe(value, next, key, part)
	{
		if (json_is_string(part))
			each(names, value, key, json_string_value(part));
		else
			walk(part, depth + 1, names, each);
	}
}

static void note_name(json_t *names, json_t *object, const char *key, const char *text)
{
	char person[32];

	(void)object;
	if (!*text || !is_among(key, name_key, sizeof name_key / sizeof *name_key) ||
		json_object_get(names, text))
		return;
	snprintf(person, sizeof person, "person %zu", json_object_size(names) + 1);
	json_object_set_new(names, text, json_string(person));
}

static bool is_word(char character)
{
	return isalnum((unsigned char)character) || (unsigned char)character >= 0x80 ||
	       character == '_';
}

/* `text` with every whole word `name` as `person`; NULL: it is not there. */
static char *replace(const char *text, const char *name, const char *person)
{
	size_t length = strlen(name), size = 0;
	char *copy = NULL;
	FILE *memory = NULL;

	if (!strstr(text, name) || !(memory = open_memstream(&copy, &size)))
		return NULL;
	for (const char *at = text; *at;) {
		bool is_here = strncmp(at, name, length) == 0 &&
			       !(at > text && is_word(at[-1]) && is_word(*name)) &&
			       !(is_word(at[length]) && is_word(name[length - 1]));

		if (is_here)
			fputs(person, memory);
		else
			fputc(*at, memory);
		at += is_here ? length : 1;
	}
	fclose(memory);
	return copy;
}

static void leave_out(json_t *names, json_t *object, const char *key, const char *text)
{
	const char *name;
	json_t *person;

	if (is_among(key, name_key, sizeof name_key / sizeof *name_key)) {
		person = json_object_get(names, text);
		if (person)
			json_object_set(object, key, person);
		return;
	}
	if (!is_among(key, text_key, sizeof text_key / sizeof *text_key))
		return;
	json_object_foreach (names, name, person) {
		char *copy = replace(json_string_value(json_object_get(object, key)), name,
			json_string_value(person));

		if (copy)
			json_object_set_new(object, key, json_string(copy));
		free(copy);
	}
}

void record_leave_names_out(json_t *record)
{
	json_t *names = json_object();

	walk(record, 0, names, note_name);
	walk(record, 0, names, leave_out);
	json_object_set_new(record, "names_left_out", json_true());
	json_decref(names);
}
