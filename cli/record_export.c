/* Exporting a record; see record_export.h. */
#include "cli/record_export.h"

#include "cli/client.h"
#include "cli/export_files.h"
#include "cli/record_gather.h"
#include "cli/record_label.h"
#include "cli/record_page.h"
#include "cli/upload.h"
#include "cli/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- plates ------------------------------------------------------------------------------- */

/* A plate's name made harmless and unique, without its ending: "visor", "visor-2". */
static void stem_of(const json_t *record, size_t index, char stem[EXPORT_NAME_MAX])
{
	const json_t *plates = json_object_get(record, "plates");
	const char *name = words_text(json_array_get(plates, index), "name");

	export_name(name, stem);
	for (size_t i = 0; i < index; i++) {
		char other[EXPORT_NAME_MAX];

		export_name(words_text(json_array_get(plates, i), "name"), other);
		if (strcmp(stem, other) == 0) {
			snprintf(stem + strlen(stem), EXPORT_NAME_MAX - strlen(stem), "-%zu",
				index + 1);
			return;
		}
	}
}

static int write_gcode(struct cli *cli, struct export *export, const char *stem, const char *sha256)
{
	char path[CLIENT_PATH_MAX], hash[FILE_HASH_BYTES];
	bool is_missing = false;
	int status = export_open(export, "plates/%s.gcode", stem);

	if (status == CLI_DONE)
		status = client_fetch(cli, client_path(path, "files", sha256, "text"),
			export->file.stream, &is_missing);
	if (status == CLI_DONE && is_missing) {
		cli_error("%s.gcode is not in the farm's store any more", stem);
		status = CLI_REFUSED;
	}
	if (status == CLI_DONE)
		status = export_close(export, hash);
	if (status == CLI_DONE && strcmp(hash, sha256) != 0) {
		cli_error("%s.gcode is damaged in the farm's store: its hash is %s, expected %s",
			stem, hash, sha256);
		status = CLI_REFUSED;
	}
	return status;
}

static int write_settings(struct export *export, const char *stem, const json_t *plate)
{
	json_t *settings = json_object_get(plate, "slicer_settings"), *value;
	const char *key;

	if (json_object_size(settings) == 0)
		return CLI_DONE;
	int status = export_open(export, "settings/%s.txt", stem);

	if (status != CLI_DONE)
		return status;
	json_object_foreach (settings, key, value)
		fprintf(export->file.stream, "%s = %s\n", key, words_text(settings, key));
	return export_close(export, NULL);
}

static int write_plates(struct cli *cli, struct export *export, const json_t *record,
	const struct record_images *images)
{
	const json_t *plate;
	size_t index;
	int status = CLI_DONE;

	json_array_foreach (json_object_get(record, "plates"), index, plate) {
		const char *sha256 = words_text(plate, "sha256");
		const struct record_image *image = record_image(images, sha256);
		char stem[EXPORT_NAME_MAX];

		stem_of(record, index, stem);
		if (status == CLI_DONE)
			status = write_gcode(cli, export, stem, sha256);
		if (status == CLI_DONE)
			status = write_settings(export, stem, plate);
		if (status == CLI_DONE && image)
			status = export_bytes(
				export, image->bytes, image->length, "plates/%s.png", stem);
	}
	return status;
}

/* ---- design and approval -------------------------------------------------------------------- */

static int write_json(struct export *export, const json_t *value, const char *name)
{
	int status = export_open(export, "%s", name);

	if (status != CLI_DONE)
		return status;
	json_dumpf(value, export->file.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	fputc('\n', export->file.stream);
	return export_close(export, NULL);
}

static int write_design(struct export *export, const json_t *record)
{
	const json_t *design = json_object_get(record, "design"), *plate;
	json_t *plates = json_array();
	size_t index;

	json_array_foreach (json_object_get(record, "plates"), index, plate) {
		char stem[EXPORT_NAME_MAX], file[EXPORT_NAME_MAX + 16];

		stem_of(record, index, stem);
		snprintf(file, sizeof file, "plates/%s.gcode", stem);
		json_array_append_new(plates,
			json_pack("{s:s, s:s, s:s, s:I}", "file", file, "name",
				words_text(plate, "name"), "sha256", words_text(plate, "sha256"),
				"yield", (json_int_t)words_integer(plate, "yield")));
	}
	json_t *manifest = json_pack("{s:i, s:s, s:s, s:o}", "printfarm_export",
		(int)RECORD_EXPORT_VERSION, "name", words_text(design, "name"), "content_sha256",
		words_text(design, "content_sha256"), "plates", plates);
	int status = write_json(export, manifest, "design.json");

	json_decref(manifest);
	return status;
}

/* What the content's hash is taken of. */
static int write_content(struct export *export, const json_t *record)
{
	const json_t *plate;
	size_t index;
	int status = export_open(export, "content.txt");

	if (status != CLI_DONE)
		return status;
	json_array_foreach (json_object_get(record, "plates"), index, plate)
		fprintf(export->file.stream, "%s %lld\n", words_text(plate, "sha256"),
			(long long)words_integer(plate, "yield"));
	return export_close(export, NULL);
}

/* As files of openssl: an Ed25519 public key in DER is twelve known bytes and the key, so that in
 * base64 the one stands behind the other. */
static int write_approval(struct export *export, const json_t *record)
{
	const json_t *design = json_object_get(record, "design");
	const json_t *approval = json_object_get(design, "approval");
	const char *key = words_text(approval, "public_key");
	const char *signature = words_text(approval, "signature");
	int status = json_is_object(approval)
			     ? write_json(export, approval, "approval/approval.json")
			     : CLI_DONE;

	if (status != CLI_DONE || !*signature)
		return status;
	status = export_text(export, "approval/message.txt", "printfarm-design:%s",
		words_text(design, "content_sha256"));
	if (status == CLI_DONE)
		status = export_text(export, "approval/signature.base64", "%s\n", signature);
	if (status == CLI_DONE && *key)
		status = export_text(export, "approval/public_key.pem",
			"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA%s\n-----END PUBLIC "
			"KEY-----\n",
			key);
	return status;
}

/* ---- profiles ------------------------------------------------------------------------------ */

/* A number as libconfig reads it: with a point. */
static void put_number(FILE *file, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));

	fputs(text ? text : "0", file);
	free(text);
}

static void put_text(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		if ((unsigned char)*text >= ' ')
			fputc(*text, file);
	}
	fputc('"', file);
}

static void put_value(FILE *file, const json_t *value)
{
	const json_t *item;
	size_t index;

	if (json_is_string(value)) {
		put_text(file, json_string_value(value));
	} else if (json_is_array(value)) {
		fputc('[', file);
		json_array_foreach (value, index, item) {
			fputs(index ? ", " : "", file);
			if (json_is_string(item))
				put_text(file, json_string_value(item));
			else
				put_number(file, item);
		}
		fputc(']', file);
	} else {
		put_number(file, value);
	}
}

static int write_profile(struct export *export, json_t *profile)
{
	char name[EXPORT_NAME_MAX];
	const char *key;
	json_t *value;

	export_name(words_text(profile, "name"), name);
	int status = export_open(export, "profiles/%s.cfg", name);

	if (status != CLI_DONE)
		return status;
	json_object_foreach (profile, key, value) {
		fprintf(export->file.stream, "%s = ", key);
		if (json_is_object(value)) {
			fputs("{ min = ", export->file.stream);
			put_value(export->file.stream, json_object_get(value, "min"));
			fputs("; max = ", export->file.stream);
			put_value(export->file.stream, json_object_get(value, "max"));
			fputs("; }", export->file.stream);
		} else {
			put_value(export->file.stream, value);
		}
		fputs(";\n", export->file.stream);
	}
	return export_close(export, NULL);
}

/* ---- the page and what explains it ---------------------------------------------------------- */

static const char readme[] =
	"This folder holds everything that is needed to make this part again, and how it was\n"
	"made here.  Open index.html.\n"
	"\n"
	"To check that nothing was changed or lost:\n"
	"\n"
	"    sha256sum -c SHA256SUMS\n"
	"\n"
	"To make it with printfarm:\n"
	"\n"
	"    printfarm design import FOLDER\n"
	"\n"
	"That uploads the plates, makes the design and compares the hashes.  An approval is not\n"
	"taken over: a person of your lab looks at a test print first (printfarm design approve).\n"
	"Without printfarm: the files in plates/ are what was sent to the printers, for machines\n"
	"such as those in profiles/; settings/ holds what the slicer was told.\n"
	"\n"
	"content.txt has a line \"SHA256 YIELD\" for each plate, in order.  The SHA-256 of this "
	"file\n"
	"is the design's content; the start of it stands on the label and in the QR code:\n"
	"\n"
	"    sha256sum content.txt\n";

static const char readme_signed[] =
	"\n"
	"The approval is signed (Ed25519) over the text \"printfarm-design:\" and that hash, "
	"which\n"
	"is approval/message.txt.  To check it without printfarm:\n"
	"\n"
	"    base64 -d approval/signature.base64 >signature\n"
	"    openssl pkeyutl -verify -pubin -inkey approval/public_key.pem \\\n"
	"        -rawin -in approval/message.txt -sigfile signature\n"
	"\n"
	"Whether the key is whose it is said to be, ask its owner.\n";

static int write_readme(struct export *export, const json_t *record)
{
	const json_t *design = json_object_get(record, "design");
	bool is_signed = *words_text(json_object_get(design, "approval"), "signature");

	return export_text(export, "README.txt", "%s\n\n%s%s", words_text(design, "name"), readme,
		is_signed ? readme_signed : "");
}

static int write_page(
	struct export *export, const json_t *record, const struct record_images *images)
{
	int status = export_open(export, "index.html");

	if (status != CLI_DONE)
		return status;
	record_page_put(export->file.stream, record, images);
	return export_close(export, NULL);
}

static int write_label(struct export *export, const json_t *record)
{
	int status = export_open(export, "label.svg");

	if (status != CLI_DONE)
		return status;
	return record_label_put(export->file.stream, record) ? export_close(export, NULL)
							     : CLI_REFUSED;
}

static int write_photos(
	struct export *export, const json_t *record, const struct record_images *images)
{
	const json_t *job, *photo;
	size_t index, inner;
	int status = CLI_DONE;

	json_array_foreach (json_object_get(record, "jobs"), index, job)
		json_array_foreach (json_object_get(job, "photos"), inner, photo) {
			const struct record_image *image =
				record_image(images, words_text(photo, "sha256"));

			if (status == CLI_DONE && image &&
				!export_has(export, "photos/%s", image->name))
				status = export_bytes(export, image->bytes, image->length,
					"photos/%s", image->name);
		}
	return status;
}

static int write_all(struct cli *cli, struct export *export, const json_t *record,
	const struct record_images *images)
{
	json_t *profile;
	size_t index;
	int status = write_plates(cli, export, record, images);

	if (status == CLI_DONE)
		status = write_design(export, record);
	if (status == CLI_DONE)
		status = write_content(export, record);
	if (status == CLI_DONE)
		status = write_approval(export, record);
	json_array_foreach (json_object_get(record, "profiles"), index, profile)
		if (status == CLI_DONE)
			status = write_profile(export, profile);
	if (status == CLI_DONE)
		status = write_photos(export, record, images);
	if (status == CLI_DONE)
		status = write_json(export, record, "record.json");
	if (status == CLI_DONE)
		status = write_page(export, record, images);
	if (status == CLI_DONE)
		status = write_label(export, record);
	return status == CLI_DONE ? write_readme(export, record) : status;
}

int record_export(struct cli *cli, const json_t *record, const char *folder)
{
	struct record_images images;
	struct export export;
	int status = export_begin(&export, folder);

	if (status != CLI_DONE)
		return status;
	status = record_gather_images(cli, record, &images);
	if (status == CLI_DONE)
		status = write_all(cli, &export, record, &images);
	record_images_finish(&images);
	if (status == CLI_DONE)
		return export_end(&export);
	export_drop(&export);
	return status;
}
