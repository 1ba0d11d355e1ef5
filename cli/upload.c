/* Uploading a file, and what was found in it; see upload.h. */
#include "cli/upload.h"
#include "cli/client.h"
#include "cli/words.h"

#include <errno.h>
#include <fcntl.h> /* open */
#include <string.h>
#include <strings.h> /* strcasecmp */
#include <sys/stat.h>
#include <unistd.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void upload_design_name(const char *path, char name[UPLOAD_NAME_MAX])
{
	static const char *const extensions[] = { ".gz", ".gcode", ".gco", ".g", ".nc", ".bgcode",
		".zip", ".3mf", ".ufp" };

	snprintf(name, UPLOAD_NAME_MAX, "%s", base_name(path));
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		size_t length = strlen(name), own = strlen(extensions[i]);

		if (length > own && strcasecmp(name + length - own, extensions[i]) == 0)
			name[length - own] = '\0';
	}
	/* The daemon's names are shorter than a path may be; never cut inside a letter. */
	enum { DESIGN_NAME_BYTES = 63 };
	size_t length = strlen(name) < DESIGN_NAME_BYTES ? strlen(name) : DESIGN_NAME_BYTES;

	while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)
		length--;
	name[length] = '\0';
}

/* A regular file that can be read, before anything is asked of the daemon. */
static int look_at_file(const char *path)
{
	struct stat found;

	if (strcmp(path, "-") == 0) {
		cli_error("-: standard input cannot be submitted: the design is named after the "
			  "file; write it to a file first");
		return CLI_USAGE;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		cli_error("%s: %s", path, strerror(errno));
		return CLI_NO_FILE;
	}
	if (fstat(fd, &found) < 0 || !S_ISREG(found.st_mode)) {
		cli_error("%s: is not a file; a G-code file or a .gcode.gz is expected", path);
		close(fd);
		return CLI_NO_FILE;
	}
	close(fd);
	return CLI_DONE;
}

static double filament_grams(const json_t *analysis)
{
	const json_t *tool;
	double grams = 0;
	size_t index;

	json_array_foreach (json_object_get(analysis, "tools"), index, tool) {
		if (words_is_null(tool, "filament_g"))
			return -1;
		grams += words_number(tool, "filament_g");
	}
	return grams;
}

static void say_found(const struct cli *cli, const char *path, const json_t *stored)
{
	const json_t *analysis = json_object_get(stored, "analysis");
	const char *slicer = words_text(analysis, "slicer");
	const char *machine = words_text(analysis, "machine");
	double grams = filament_grams(analysis);
	char text[WORDS_MAX];

	char weight[WORDS_MAX] = "";

	if (grams >= 0)
		snprintf(weight, sizeof weight, ", %lld g", (long long)(grams + 0.5));
	words_sentence(cli, 0, 2, "%s: %s%s%s, %s%s, %lld layer%s", base_name(path),
		*slicer ? slicer : "slicer unknown", *machine ? " for " : "", machine,
		words_duration_of(
			text, words_number(analysis, "time_s") + words_number(analysis, "heat_s")),
		weight, (long long)words_integer(analysis, "layers"),
		words_integer(analysis, "layers") == 1 ? "" : "s");
}

static void say_warnings(const char *path, const json_t *stored)
{
	enum { WARNINGS_MAX = 8 };
	const json_t *problems = json_object_get(json_object_get(stored, "analysis"), "problems");
	const json_t *problem;
	size_t index;

	json_array_foreach (problems, index, problem) {
		if (index == WARNINGS_MAX) {
			say(stderr, "%s: and %zu more; 'printfarm check' lists them\n",
				base_name(path), json_array_size(problems) - index);
			return;
		}
		/* Line 0: the file as a whole. */
		say(stderr, "%s", base_name(path));
		if (words_integer(problem, "line") > 0)
			say(stderr, " line %lld", (long long)words_integer(problem, "line"));
		say(stderr, ": %s\n", words_text(problem, "text"));
	}
}

int upload(struct cli *cli, const char *path, int64_t plate, json_t **stored)
{
	char url[CLIENT_PATH_MAX], query[32] = "";

	client_path(url, "files", base_name(path), NULL);
	if (plate > 0)
		snprintf(query, sizeof query, "?plate=%lld", (long long)plate);
	snprintf(url + strlen(url), sizeof url - strlen(url), "%s", query);
	const struct client_request request = {
		.method = "PUT",
		.path = url,
		.file = path,
	};
	struct client_answer answer;
	int status = look_at_file(path);

	if (status == CLI_DONE)
		status = client_send(cli, &request, &answer);
	if (status != CLI_DONE)
		return status;
	*stored = answer.json;
	if (!cli->json && !cli->quiet) {
		say_found(cli, path, answer.json);
		say_warnings(path, answer.json);
	}
	return CLI_DONE;
}
