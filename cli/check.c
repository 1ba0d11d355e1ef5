/* `printfarm check`: analyses files locally; see check.h.
 *
 * The heart is gcode/inspect.h, the same code that the daemon's import child runs; here are reading
 * the file, its hash, and three ways to show the answer. */
#include "cli/check.h"

#include <errno.h>
#include <fcntl.h>  /* open */
#include <math.h>   /* lround */
#include <sodium.h> /* SHA-256 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* read, close */

#include "base/error.h"
#include "cli/profile_file.h"
#include "gcode/analysis.h"
#include "gcode/analysis_json.h"
#include "gcode/decimal.h"
#include "gcode/inspect.h"
#include "gcode/profile.h"
#include "gcode/text.h"

enum { EXIT_USAGE = 64, EXIT_BAD_FILE = 65, EXIT_NO_FILE = 66 };
enum { SHOWN_MAX = 256, PLATE_MAX = 1000, READ_BYTES = 1 << 16 };
#define TEXT_MAX_BYTES (2LL << 30)

struct options {
	bool json, commands;
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
	char sha256[2 * crypto_hash_sha256_BYTES + 1];
	char format[16];
	struct analysis analysis;
};

static const char usage[] =
	"usage: printfarm check FILE... [--profile P] [--plate N] [--json] [--commands]\n"
	"  FILE        .gcode .gco .g .nc, also as .gz; .bgcode .3mf .ufp .zip; - is\n"
	"              standard input\n"
	"  --plate     which plate of a .3mf or .zip that has several, from 1\n"
	"  --profile   a .cfg file, or the name of a machine in profiles/\n"
	"  --json      one JSON object a file, one a line\n"
	"  --commands  the file's commands as they would be sent, and nothing else\n";

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
		snprintf(check->format, sizeof check->format, "%s", inspector_format(inspector));
	}
	inspector_destroy(inspector);
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

enum { LABEL_WIDTH = 10, TEXT_COLUMN = 24, LINE_WIDTH = 79 };

static void print_label(const char *label)
{
	printf("  %-*s", LABEL_WIDTH, label);
}

static const char *decimal(double value, int decimals)
{
	static char texts[8][DECIMAL_TEXT_MAX];
	static size_t next;

	next = (next + 1) % 8;
	return decimal_write(texts[next], value, decimals);
}

static void print_duration(double seconds)
{
	long total = lround(seconds);

	if (total >= 3600)
		printf("%ld h %ld min", total / 3600, total % 3600 / 60);
	else if (total >= 60)
		printf("%ld min %ld s", total / 60, total % 60);
	else
		printf("%ld s", total);
}

static void print_time(const struct analysis *analysis)
{
	print_label("time");
	print_duration(analysis->time_s);
	if (analysis->slicer_time_s > 0) {
		printf(" (the slicer says ");
		print_duration(analysis->slicer_time_s);
		printf(")");
	}
	if (analysis->heat_s > 0) {
		printf(", heating ");
		print_duration(analysis->heat_s);
	}
	printf("\n");
}

static void print_filament(const struct analysis *analysis)
{
	for (size_t tool = 0; tool < analysis->tool_count; tool++) {
		char label[sizeof "tool " + 20] = "filament"; /* a size_t has 20 digits at most */

		if (analysis->tool_count > 1)
			snprintf(label, sizeof label, "tool %zu", tool);
		print_label(label);
		printf("%s mm", decimal(analysis->tool[tool].filament_mm, 1));
		if (analysis->tool[tool].filament_print_mm < analysis->tool[tool].filament_mm)
			printf(", %s mm of it print",
				decimal(analysis->tool[tool].filament_print_mm, 1));
		if (analysis->tool[tool].filament_g >= 0)
			printf(", %s g", decimal(analysis->tool[tool].filament_g, 1));
		printf("\n");
	}
}

static void print_box(const struct analysis *analysis)
{
	static const char axes[] = "XYZ";

	if (!analysis->has_print_box)
		return;
	print_label("size");
	for (int axis = 0; axis < 3; axis++)
		printf("%s%c %s to %s", axis ? ", " : "", axes[axis],
			decimal(analysis->box_min_mm[axis], 2),
			decimal(analysis->box_max_mm[axis], 2));
	printf(" mm\n");
}

static void print_origin(const struct analysis *analysis)
{
	if (analysis->slicer[0]) {
		print_label("slicer");
		printf("%s\n", analysis->slicer);
	}
	if (analysis->machine[0]) {
		print_label("machine");
		printf("%s\n", analysis->machine);
	}
	if (analysis->nozzle_mm > 0 || analysis->material[0]) {
		print_label("for");
		if (analysis->nozzle_mm > 0)
			printf("nozzle %s mm%s", decimal(analysis->nozzle_mm, 2),
				analysis->material[0] ? ", " : "");
		printf("%s\n", analysis->material);
	}
}

/* Words wrapped at the line's end, continued under their own column. */
static void print_wrapped(const char *text)
{
	size_t column = TEXT_COLUMN;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column > TEXT_COLUMN && column + 1 + length > LINE_WIDTH) {
			printf("\n%*s", TEXT_COLUMN, "");
			column = TEXT_COLUMN;
		} else if (column > TEXT_COLUMN) {
			printf(" ");
			column++;
		}
		printf("%.*s", (int)length, text);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	printf("\n");
}

static void print_problem(const struct analysis_problem *problem)
{
	char place[32] = "";

	if (problem->line > 0)
		snprintf(place, sizeof place, "line %lld", (long long)problem->line);
	printf("  %-14s%-8s", place, analysis_verdict_name(problem->severity));
	print_wrapped(problem->text);
	if (problem->command[0])
		printf("%*s%.*s\n", TEXT_COLUMN, "", LINE_WIDTH - TEXT_COLUMN, problem->command);
}

static void print_problems(const struct analysis *analysis)
{
	int64_t hidden = analysis->problem_total - (int64_t)analysis->problem_count;

	for (size_t i = 0; i < analysis->problem_count; i++)
		print_problem(&analysis->problem[i]);
	if (hidden > 0)
		printf("  and %lld more of the same kinds\n", (long long)hidden);
}

static void print_report(const char *name, const struct check *check)
{
	const struct analysis *analysis = &check->analysis;

	printf("%s: %s\n", name, analysis_verdict_name(analysis->verdict));
	if (analysis->commands > 0) {
		print_time(analysis);
		print_filament(analysis);
		print_box(analysis);
		print_label("layers");
		printf("%d\n", (int)analysis->layers);
		print_label("heat");
		printf("hotend %s C, bed %s C\n", decimal(analysis->hotend_celsius, 0),
			decimal(analysis->bed_celsius, 0));
		print_origin(analysis);
		print_label("lines");
		printf("%lld, %lld of them commands\n", (long long)analysis->lines,
			(long long)analysis->commands);
	}
	print_problems(analysis);
}

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
		print_report(shown, check);
	if (status) {
		fprintf(stderr, "printfarm: %s: %s\n", shown, strerror(-status));
		code = EXIT_NO_FILE;
	} else if (check->analysis.verdict == VERDICT_REFUSE) {
		code = EXIT_BAD_FILE;
	}
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
		} else if (!strcmp(argument, "--help") || !strcmp(argument, "-h")) {
			fputs(usage, stdout);
			return -1;
		} else {
			fprintf(stderr, "printfarm: check: what is %s?\n%s", argument, usage);
			return EXIT_USAGE;
		}
	}
	if (options->file_count == 0 || (options->json && options->commands)) {
		fprintf(stderr, "printfarm: check: %s\n%s",
			options->file_count ? "--json or --commands, not both"
					    : "name at least one file",
			usage);
		return EXIT_USAGE;
	}
	return 0;
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
	struct options options = { .json = json };
	int code;

	options.files = calloc((size_t)argc + 1, sizeof *options.files);
	if (!options.files)
		return EXIT_FAILURE;
	code = read_options(argc, argv, &options);
	if (code == 0)
		code = run(&options);
	free(options.files);
	return code < 0 ? 0 : code;
}
