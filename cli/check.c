/* `printfarm check`: analyses files locally; see check.h.
 *
 * The heart is gcode/inspect.h, the same code that the daemon's import child runs; here are reading
 * the file, its hash, and the ways to show the answer. */
#include "cli/check.h"

#include <errno.h>
#include <fcntl.h>  /* open */
#include <sodium.h> /* SHA-256 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* read, close */

#include "base/error.h"
#include "cli/check_report.h"
#include "cli/profile_file.h"
#include "gcode/analysis.h"
#include "gcode/analysis_json.h"
#include "gcode/inspect.h"
#include "gcode/picture.h"
#include "gcode/profile.h"
#include "gcode/text.h"
#include "gcode/thumbnail.h"

enum { EXIT_USAGE = 64, EXIT_BAD_FILE = 65, EXIT_NO_FILE = 66 };
enum { SHOWN_MAX = 256, PLATE_MAX = 1000, READ_BYTES = 1 << 16 };
#define TEXT_MAX_BYTES (2LL << 30)

struct options {
	bool json, commands;
	const char *preview; /* NULL: none */
	struct picture_settings picture;
	int32_t plate;
	const char *profile_name;
	struct profile profile;
	int file_count;
	char **files;
};

/* What one file's bytes go through. */
struct check {
	const struct options *options;
	crypto_hash_sha256_state hash;
	bool hashed;
	struct analysis_layer *layers; /* owned */
	size_t layer_count;
	int preview_code; /* 0: drawn, or not asked for */
	char sha256[2 * crypto_hash_sha256_BYTES + 1];
	char format[16];
	struct analysis analysis;
};

static const char usage[] =
	"usage: printfarm check FILE... [--profile P] [--plate N] [--json] [--commands]\n"
	"                       [--preview OUT.png [--view V] [--size WxH]]\n"
	"  FILE        .gcode .gco .g .nc, also as .gz; .bgcode .3mf .ufp .zip; - is\n"
	"              standard input\n"
	"  --plate     which plate of a .3mf or .zip that has several, from 1\n"
	"  --profile   a .cfg file, or the name of a machine in profiles/\n"
	"  --json      one JSON object a file, one a line\n"
	"  --rules     the rules for files, and nothing else\n"
	"  --commands  the file's commands as they would be sent, and nothing else\n"
	"  --preview   draws a picture of the plate from its toolpath, as PNG\n"
	"  --view      iso (as said nothing), top, bed (from above, whole), a layer, or\n"
	"              thumbnail: the slicer's own picture as it is in the file\n"
	"  --size      of the picture in pixels, 640x480 unless said\n";

/* ---- reading ----------------------------------------------------------------------------- */

static void on_text(void *context, const char *bytes, size_t length)
{
	struct check *check = context;

	check->hashed = true;
	crypto_hash_sha256_update(&check->hash, (const unsigned char *)bytes, length);
}

static void on_command(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stdout);
	putchar('\n');
}

static int64_t on_read(void *context, char *bytes, size_t size)
{
	const int *descriptor = context;
	ssize_t count;

	do {
		count = read(*descriptor, bytes, size);
	} while (count < 0 && errno == EINTR);
	return count < 0 ? -errno : count;
}

static int64_t on_seek(void *context, int64_t offset, int whence)
{
	const int *descriptor = context;
	off_t position = lseek(*descriptor, offset, whence);

	return position < 0 ? -errno : position;
}

/* Without memory the index is left out. */
static void keep_layers(struct check *check, const struct inspector *inspector)
{
	size_t count;
	const struct analysis_layer *layers = inspector_layers(inspector, &count);

	if (!check->options->json || count == 0)
		return;
	check->layers = malloc(count * sizeof *layers);
	if (!check->layers)
		return;
	memcpy(check->layers, layers, count * sizeof *layers);
	check->layer_count = count;
}

static void on_picture(void *context, const unsigned char *bytes, size_t length)
{
	fwrite(bytes, 1, length, context);
}

/* Once more from the start, without text and commands. */
static int read_again(const struct format_source *source, int64_t start,
	const struct inspector_settings *settings)
{
	struct inspector *inspector = inspector_create(settings);
	int status = -ENOMEM;

	if (inspector) {
		inspector_once(inspector);
		status = source->seek(source->context, start, SEEK_SET) < 0
				 ? -ESPIPE
				 : inspector_read(inspector, source);
	}
	inspector_destroy(inspector);
	return status;
}

/* Where to look is known only now that the file has been read once. */
static int draw_picture(const struct format_source *source, int64_t start,
	struct inspector_settings settings, struct check *check, FILE *file)
{
	struct picture *picture =
		picture_create(&check->options->picture, &check->analysis, settings.profile);
	int status;

	if (!picture)
		return -ENODATA;
	settings.on_move = picture_move;
	settings.move_context = picture;
	status = read_again(source, start, &settings);
	if (!status && !picture_write(picture, on_picture, file))
		status = -ENOMEM;
	picture_destroy(picture);
	return status;
}

static int copy_thumbnail(const struct format_source *source, int64_t start,
	struct inspector_settings settings, FILE *file)
{
	struct thumbnail *thumbnail = thumbnail_create();
	const unsigned char *png;
	size_t length;
	int status;

	if (!thumbnail)
		return -ENOMEM;
	settings.on_comment = thumbnail_comment;
	settings.comment_context = thumbnail;
	status = read_again(source, start, &settings);
	png = thumbnail_png(thumbnail, &length);
	if (!status && !png)
		status = -ENODATA;
	else if (!status)
		on_picture(file, png, length);
	thumbnail_destroy(thumbnail);
	return status;
}

static int draw_preview(const struct format_source *source, int64_t start,
	struct inspector_settings settings, struct check *check)
{
	const struct options *options = check->options;
	FILE *file = fopen(options->preview, "wb");
	int status;

	if (!file)
		return -errno;
	settings.on_text = NULL;
	settings.on_command = NULL;
	status = options->picture.view == PICTURE_THUMBNAIL
			 ? copy_thumbnail(source, start, settings, file)
			 : draw_picture(source, start, settings, check, file);
	if (fclose(file) != 0 && !status)
		status = -errno;
	if (status)
		unlink(options->preview);
	return status;
}

static void preview(const struct format_source *source, int64_t start,
	const struct inspector_settings *settings, struct check *check)
{
	const struct picture_settings *picture = &check->options->picture;
	int32_t layers = check->analysis.layers;
	bool no_layer = picture->view == PICTURE_LAYER && layers > 0 && picture->layer > layers;
	int status =
		no_layer || (check->analysis.verdict == VERDICT_REFUSE && !check->analysis.part.any)
			? -ENODATA
			: draw_preview(source, start, *settings, check);

	if (status)
		check->preview_code = no_layer ? EXIT_BAD_FILE : EXIT_FAILURE;
	if (no_layer)
		fprintf(stderr, "printfarm: %s: no preview: no layer %d: it has %d\n",
			check->options->preview, (int)picture->layer, (int)layers);
	else if (status == -ENODATA)
		fprintf(stderr, "printfarm: %s: no preview: %s\n", check->options->preview,
			check->options->picture.view == PICTURE_THUMBNAIL ? "the slicer put none in"
									  : "nothing is printed");
	else if (status)
		fprintf(stderr, "printfarm: %s: %s\n", check->options->preview, strerror(-status));
}

static int inspect_descriptor(int descriptor, const char *name, struct check *check)
{
	struct format_source source = {
		.context = &descriptor,
		.read = on_read,
		.seek = lseek(descriptor, 0, SEEK_CUR) < 0 ? NULL : on_seek,
	};
	struct inspector_settings settings = {
		.name = name,
		.plate = check->options->plate,
		.profile = check->options->profile_name ? &check->options->profile : NULL,
		.text_max_bytes = TEXT_MAX_BYTES,
		.on_text = on_text,
		.on_command = check->options->commands ? on_command : NULL,
		.context = check,
	};
	int64_t start = source.seek ? on_seek(&descriptor, 0, SEEK_CUR) : -1;
	struct inspector *inspector = inspector_create(&settings);
	unsigned char hash[crypto_hash_sha256_BYTES];
	int status;

	if (!inspector)
		return -ENOMEM;
	crypto_hash_sha256_init(&check->hash);
	status = inspector_read(inspector, &source);
	if (!status) {
		inspector_finish(inspector, &check->analysis);
		keep_layers(check, inspector);
		check->hashed &= !inspector_refused(inspector);
		snprintf(check->format, sizeof check->format, "%s", inspector_format(inspector));
	}
	inspector_destroy(inspector);
	if (!status && check->options->preview && start >= 0)
		preview(&source, start, &settings, check);
	crypto_hash_sha256_final(&check->hash, hash);
	sodium_bin2hex(check->sha256, sizeof check->sha256, hash, sizeof hash);
	return status;
}

/* A pipe as a file, which can be read twice and from its end; -1: no room. */
static int spool(int descriptor)
{
	FILE *copy = tmpfile();
	char *bytes = malloc(READ_BYTES);
	int64_t count = -1;
	int kept = -1;

	while (copy && bytes && (count = on_read(&descriptor, bytes, READ_BYTES)) > 0)
		if (fwrite(bytes, 1, (size_t)count, copy) != (size_t)count)
			break;
	if (count == 0 && fflush(copy) == 0)
		kept = dup(fileno(copy));
	if (kept >= 0)
		lseek(kept, 0, SEEK_SET);
	if (copy)
		fclose(copy);
	free(bytes);
	return kept;
}

static int inspect_input(struct check *check)
{
	int descriptor = STDIN_FILENO, kept, status;

	if (lseek(descriptor, 0, SEEK_CUR) >= 0)
		return inspect_descriptor(descriptor, NULL, check);
	kept = spool(descriptor);
	if (kept < 0)
		return -EIO;
	status = inspect_descriptor(kept, NULL, check);
	close(kept);
	return status;
}

static int inspect_file(const char *name, struct check *check)
{
	int descriptor, status;

	if (!strcmp(name, "-"))
		return inspect_input(check);
	descriptor = open(name, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return -errno;
	status = inspect_descriptor(descriptor, name, check);
	close(descriptor);
	return status;
}

/* ---- showing ----------------------------------------------------------------------------- */

static int print_json(const char *name, const struct check *check)
{
	struct analysis_labels labels = { name, check->hashed ? check->sha256 : NULL, check->format,
		check->layers, check->layer_count };
	char *text = malloc(ANALYSIS_JSON_MAX);
	size_t length;

	if (!text)
		return -ENOMEM;
	length = analysis_to_json(&check->analysis, &labels, text, ANALYSIS_JSON_MAX);
	if (length < ANALYSIS_JSON_MAX)
		puts(text);
	free(text);
	return length < ANALYSIS_JSON_MAX ? 0 : -EOVERFLOW;
}

/* With --commands the report is not shown; the reason must be. */
static void print_refusal(const char *name, const struct analysis *analysis)
{
	for (size_t i = 0; i < analysis->problem_count; i++) {
		const struct analysis_problem *problem = &analysis->problem[i];

		if (problem->severity != VERDICT_REFUSE)
			continue;
		fprintf(stderr, "printfarm: %s: line %lld: refused: %s\n", name,
			(long long)problem->line, problem->text);
		return;
	}
}

static int check_file(const char *name, const struct options *options)
{
	struct check *check = calloc(1, sizeof *check);
	char shown[SHOWN_MAX];
	int status, code = 0;

	text_escape(shown, sizeof shown, name, strlen(name));
	if (!check) {
		fprintf(stderr, "printfarm: out of memory\n");
		return EXIT_FAILURE;
	}
	check->options = options;
	status = inspect_file(name, check);
	if (!status && options->json)
		status = print_json(name, check);
	else if (!status && !options->commands)
		check_report(shown, &check->analysis);
	if (status) {
		fprintf(stderr, "printfarm: %s: %s\n", shown, strerror(-status));
		code = EXIT_NO_FILE;
	} else if (check->analysis.verdict == VERDICT_REFUSE) {
		code = EXIT_BAD_FILE;
	}
	if (!code)
		code = check->preview_code;
	if (options->commands && code == EXIT_BAD_FILE)
		print_refusal(shown, &check->analysis);
	free(check->layers);
	free(check);
	return code;
}

/* ---- arguments --------------------------------------------------------------------------- */

static bool read_plate(const char *text, int32_t *plate)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text || *end || number < 1 || number > PLATE_MAX) {
		fprintf(stderr, "printfarm: check: --plate %s: expected a number from 1 to %d\n",
			text, PLATE_MAX);
		return false;
	}
	*plate = (int32_t)number;
	return true;
}

/* "640x480". */
static bool read_picture_size(const char *text, struct picture_settings *picture)
{
	char *end;
	long width = strtol(text, &end, 10), height = 0;

	if (*end == 'x')
		height = strtol(end + 1, &end, 10);
	if (*end || width < PICTURE_SIDE_MIN || width > PICTURE_SIDE_MAX ||
		height < PICTURE_SIDE_MIN || height > PICTURE_SIDE_MAX) {
		fprintf(stderr, "printfarm: check: --size %s: expected WIDTHxHEIGHT, %d to %d\n",
			text, PICTURE_SIDE_MIN, PICTURE_SIDE_MAX);
		return false;
	}
	picture->width = (int)width;
	picture->height = (int)height;
	return true;
}

/* "iso", "top", "bed" or a layer's number. */
static bool read_view(const char *text, struct picture_settings *picture)
{
	char *end;
	long layer = strtol(text, &end, 10);

	picture->whole_bed = !strcmp(text, "bed");
	if (!strcmp(text, "iso")) {
		picture->view = PICTURE_ISOMETRIC;
	} else if (!strcmp(text, "top") || picture->whole_bed) {
		picture->view = PICTURE_TOP;
	} else if (!strcmp(text, "thumbnail")) {
		picture->view = PICTURE_THUMBNAIL;
	} else if (end != text && !*end && layer >= 1 && layer <= INT32_MAX) {
		picture->view = PICTURE_LAYER;
		picture->layer = (int32_t)layer;
	} else {
		fprintf(stderr,
			"printfarm: check: --view %s: expected iso, top, bed, "
			"thumbnail or a layer\n",
			text);
		return false;
	}
	return true;
}

static int read_options(int argc, char **argv, struct options *options)
{
	bool only_files = false;

	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];

		if (only_files || argument[0] != '-' || !argument[1]) {
			options->files[options->file_count++] = argv[i];
		} else if (!strcmp(argument, "--")) {
			only_files = true;
		} else if (!strcmp(argument, "--json")) {
			options->json = true;
		} else if (!strcmp(argument, "--commands")) {
			options->commands = true;
		} else if (!strcmp(argument, "--rules")) {
			check_report_rules();
			return -1;
		} else if (!strcmp(argument, "--profile") && i + 1 < argc) {
			options->profile_name = argv[++i];
		} else if (!strncmp(argument, "--profile=", 10)) {
			options->profile_name = argument + 10;
		} else if (!strcmp(argument, "--plate") && i + 1 < argc) {
			if (!read_plate(argv[++i], &options->plate))
				return EXIT_USAGE;
		} else if (!strncmp(argument, "--plate=", 8)) {
			if (!read_plate(argument + 8, &options->plate))
				return EXIT_USAGE;
		} else if (!strcmp(argument, "--preview") && i + 1 < argc) {
			options->preview = argv[++i];
		} else if (!strncmp(argument, "--preview=", 10)) {
			options->preview = argument + 10;
		} else if (!strcmp(argument, "--size") && i + 1 < argc) {
			if (!read_picture_size(argv[++i], &options->picture))
				return EXIT_USAGE;
		} else if (!strcmp(argument, "--view") && i + 1 < argc) {
			if (!read_view(argv[++i], &options->picture))
				return EXIT_USAGE;
		} else if (!strcmp(argument, "--help") || !strcmp(argument, "-h")) {
			fputs(usage, stdout);
			return -1;
		} else {
			fprintf(stderr, "printfarm: check: what is %s?\n%s", argument, usage);
			return EXIT_USAGE;
		}
	}
	return 0;
}

/* What goes together; NULL: all is well. */
static const char *find_conflict(const struct options *options)
{
	if (options->file_count == 0)
		return "name at least one file";
	if (options->json && options->commands)
		return "--json or --commands, not both";
	if (options->preview && options->file_count > 1)
		return "--preview is for one file";
	return NULL;
}

static int run(struct options *options)
{
	struct error error = { "" };
	int code = 0;

	if (sodium_init() < 0) {
		fprintf(stderr, "printfarm: libsodium does not start\n");
		return EXIT_FAILURE;
	}
	if (options->profile_name &&
		profile_file_read(options->profile_name, &options->profile, &error)) {
		fprintf(stderr, "printfarm: %s\n", error.text);
		return EXIT_USAGE;
	}
	for (int i = 0; i < options->file_count; i++) {
		int one = check_file(options->files[i], options);

		if (one > code)
			code = one;
		if (!options->json && !options->commands && i + 1 < options->file_count)
			printf("\n");
	}
	if (fflush(stdout) && errno != EPIPE) {
		fprintf(stderr, "printfarm: cannot write: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return code;
}

int command_check(int argc, char **argv, bool json)
{
	struct options options = { .json = json, .picture = { .width = 640, .height = 480 } };
	const char *conflict;
	int code;

	options.files = calloc((size_t)argc + 1, sizeof *options.files);
	if (!options.files)
		return EXIT_FAILURE;
	code = read_options(argc, argv, &options);
	conflict = code == 0 ? find_conflict(&options) : NULL;
	if (conflict) {
		fprintf(stderr, "printfarm: check: %s\n%s", conflict, usage);
		code = EXIT_USAGE;
	}
	if (code == 0)
		code = run(&options);
	free(options.files);
	return code < 0 ? 0 : code;
}
