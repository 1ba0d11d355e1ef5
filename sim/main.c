/* printfarm-sim: simulated printers on pseudo-terminals. */
#include "base/error.h"
#include "sim/simulation.h"
#include "sim/firmware.h"
#include "sim/replay.h"
#include "sim/summary.h"

#include <errno.h>    /* errno */
#include <getopt.h>   /* getopt_long */
#include <stdio.h>    /* printf, fopen */
#include <stdlib.h>   /* malloc, free, strtoull */
#include <string.h>   /* strerror */
#include <sys/stat.h> /* stat, mkdir */
#include <sysexits.h> /* EX_USAGE, ... */

enum { REPLAY_PATH_MAX = 4096, REPLAY_TEXT_MAX = 16 << 20 };

/* "  name      what", broken between words at 79 columns. */
static void say_row(FILE *out, int name_columns, const char *name, int length, const char *what)
{
	enum { COLUMNS = 79 };
	size_t room = (size_t)(COLUMNS - 3 - name_columns);

	fprintf(out, "  %-*.*s", name_columns, length, name);
	while (strlen(what) > room) {
		size_t at = room;

		while (at > 0 && what[at] != ' ')
			at--;
		if (at == 0)
			break;
		fprintf(out, " %.*s\n  %*s", (int)at, what, name_columns, "");
		what += at + 1;
	}
	fprintf(out, " %s\n", what);
}

static void usage(FILE *out)
{
	char keys[4096];
	const struct sim_firmware *row;

	fputs("usage: printfarm-sim --dir DIR --printers SPEC [--speed X] [--seed N]\n"
	      "                     [--faults FILE]\n"
	      "       printfarm-sim --replay FILE [--dir DIR] [--speed X]\n"
	      "       printfarm-sim --help | --version\n\n"
	      "SPEC is FIRMWARE:COUNT[,...] or a file with \"NAME key=value ...\" a line.\n\n",
		out);
	fputs("firmwares:\n", out);
	for (size_t i = 0; (row = sim_firmware_row(i)) != NULL; i++)
		say_row(out, 14, row->name, (int)strlen(row->name), row->what);
	fputs("keys (defaults):\n", out);
	spec_describe_keys(keys, sizeof keys);
	for (char *line = strtok(keys, "\n"); line; line = strtok(NULL, "\n")) {
		char *tab = strchr(line, '\t');
		say_row(out, 17, line, (int)(tab - line), tab + 1);
	}
}

static int complain(int code, const struct error *error)
{
	fprintf(stderr, "printfarm-sim: %s\n", error->text);
	return code;
}

/* The whole of a file, at most `most` bytes, on the heap.  NULL and *error when it cannot be had.
 */
static char *read_file(const char *path, size_t most, size_t *length, struct error *error)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(most + 1) : NULL;

	if (!text) {
		error_set(error, "%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return NULL;
	}
	*length = fread(text, 1, most + 1, file);
	bool failed = ferror(file) != 0;
	fclose(file);
	if (failed || *length > most) {
		error_set(error, "%s: %s", path, failed ? "cannot be read" : "longer than allowed");
		free(text);
		return NULL;
	}
	text[*length] = '\0';
	return text;
}

static bool read_spec(struct spec *spec, const char *word, struct error *error)
{
	struct stat info;
	size_t length;

	if (stat(word, &info) != 0)
		return spec_from_counts(spec, word, error);
	char *text = read_file(word, SPEC_TEXT_MAX, &length, error);
	if (!text)
		return false;
	bool good = spec_from_text(spec, text, length, error);
	if (!good)
		error_prefix(error, "%s", word);
	free(text);
	return good;
}

static struct sim_planned_fault *parse_plan(char *text, size_t *count, struct error *error)
{
	struct sim_planned_fault *plan = calloc(SIM_FAULTS_MAX, sizeof *plan);
	int number = 0;

	if (!plan)
		error_set(error, "no memory");
	*count = 0;
	for (char *line = text, *end; plan && line; line = end) {
		number++;
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		struct sim_planned_fault planned;
		int result = sim_planned_fault_from_line(&planned, line, error);
		if (result > 0 && *count == SIM_FAULTS_MAX) {
			error_set(error, "more than %d faults", SIM_FAULTS_MAX);
			result = -1;
		}
		if (result < 0) {
			error_prefix(error, "line %d", number);
			free(plan);
			return NULL;
		}
		if (result > 0)
			plan[(*count)++] = planned;
	}
	return plan;
}

static struct sim_planned_fault *read_plan(const char *path, size_t *count, struct error *error)
{
	size_t length;
	char *text = read_file(path, SPEC_TEXT_MAX, &length, error);

	if (!text)
		return NULL;
	struct sim_planned_fault *plan = parse_plan(text, count, error);
	if (!plan)
		error_prefix(error, "%s", path);
	free(text);
	return plan;
}

static void print_summaries(const struct simulation *simulation)
{
	char text[SUMMARY_TEXT_MAX];

	for (size_t i = 0; i < simulation->count; i++) {
		summary_text(simulation->station[i]->printer, text);
		puts(text);
	}
	fflush(stdout);
}

static int run(const struct simulation_options *options)
{
	static struct simulation simulation;
	struct error error;
	int code = EX_OK;

	if (simulation_open(&simulation, options, &error) < 0)
		return complain(EX_OSERR, &error);
	if (simulation_run(&simulation, &error) < 0)
		code = complain(EX_IOERR, &error);
	print_summaries(&simulation);
	simulation_close(&simulation);
	return code;
}

struct words {
	const char *dir, *spec, *speed, *seed, *faults, *replay;
};

/* Returns -1 to go on, or the exit code. */
static int read_options(int argc, char **argv, struct words *words)
{
	static const struct option options[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "printers", required_argument, NULL, 'p' },
		{ "speed", required_argument, NULL, 'x' },
		{ "seed", required_argument, NULL, 's' },
		{ "faults", required_argument, NULL, 'f' },
		{ "replay", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			words->dir = optarg;
			break;
		case 'p':
			words->spec = optarg;
			break;
		case 'x':
			words->speed = optarg;
			break;
		case 's':
			words->seed = optarg;
			break;
		case 'f':
			words->faults = optarg;
			break;
		case 'r':
			words->replay = optarg;
			break;
		case 'h':
			usage(stdout);
			return EX_OK;
		case 'V':
			puts("printfarm-sim " PRINTFARM_VERSION);
			return EX_OK;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	if (optind == argc && (words->replay ? !words->spec : words->dir && words->spec))
		return -1;
	usage(stderr);
	return EX_USAGE;
}

static bool read_seed(const char *word, uint64_t *seed)
{
	char *end;

	errno = 0;
	*seed = strtoull(word, &end, 0);
	return errno == 0 && *word && !*end;
}

/* DIR/NAME.txt is played at DIR/NAME. */
static bool name_link(const struct words *words, char path[REPLAY_PATH_MAX])
{
	const char *name =
		strrchr(words->replay, '/') ? strrchr(words->replay, '/') + 1 : words->replay;
	size_t length = strlen(name);

	if (length > 4 && strcmp(name + length - 4, ".txt") == 0)
		length -= 4;
	return snprintf(path, REPLAY_PATH_MAX, "%s/%.*s", words->dir, (int)length, name) <
	       REPLAY_PATH_MAX;
}

static int replay(const struct words *words, double speed)
{
	struct replay_options options = { .path = words->replay, .speed = speed };
	char link[REPLAY_PATH_MAX];
	struct error error;

	if (words->dir && mkdir(words->dir, 0777) != 0 && errno != EEXIST) {
		error_set(&error, "%s: %s", words->dir, strerror(errno));
		return complain(EX_CANTCREAT, &error);
	}
	if (words->dir && !name_link(words, link)) {
		error_set(&error, "%s: too long a path", words->dir);
		return complain(EX_USAGE, &error);
	}
	options.link = words->dir ? link : NULL;
	options.text = read_file(words->replay, REPLAY_TEXT_MAX, &options.length, &error);
	if (!options.text)
		return complain(EX_NOINPUT, &error);
	int result = replay_run(&options, &error);
	free(options.text);
	if (result < 0)
		return complain(result == -EINVAL ? EX_DATAERR : EX_OSERR, &error);
	return result;
}

int main(int argc, char **argv)
{
	static struct spec spec;
	struct words words = { .speed = "1", .seed = "1" };
	struct simulation_options options = { .spec = &spec };
	struct error error;

	int code = read_options(argc, argv, &words);
	if (code >= 0)
		return code;
	if (!sim_number(words.speed, &options.speed) || options.speed < 0.01 ||
		options.speed > 1e6) {
		error_set(
			&error, "--speed %s: a number from 0.01 to 1000000 is wanted", words.speed);
		return complain(EX_USAGE, &error);
	}
	if (words.replay)
		return replay(&words, options.speed);
	if (!read_seed(words.seed, &options.seed)) {
		error_set(&error, "--seed %s: a whole number of at most 64 bits is wanted",
			words.seed);
		return complain(EX_USAGE, &error);
	}
	if (!read_spec(&spec, words.spec, &error))
		return complain(EX_DATAERR, &error);
	if (mkdir(words.dir, 0777) != 0 && errno != EEXIST) {
		error_set(&error, "%s: %s", words.dir, strerror(errno));
		return complain(EX_CANTCREAT, &error);
	}
	options.dir = words.dir;
	if (words.faults) {
		options.plan = read_plan(words.faults, &options.plan_count, &error);
		if (!options.plan)
			return complain(EX_DATAERR, &error);
	}
	return run(&options);
}
