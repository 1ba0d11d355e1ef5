/* The import child: three descriptors, limits, a stranger's bytes.  See import.h.
 *
 * It opens nothing and allocates once at the start, so that the limits below it are not felt by an
 * honest file. */
#include "daemon/control/child_write.h"
#include "daemon/control/import.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h> /* SIGXFSZ */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h> /* setrlimit */
#include <unistd.h>	  /* read, write, fsync */

#include "daemon/control/import_filter.h"
#include "gcode/analysis_json.h"
#include "gcode/inspect.h"
#include "gcode/policy.h"
#include "gcode/profile.h"

#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
/* The sanitizers reserve terabytes of addresses and look around in /proc at the end. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
	HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
#define CAN_CONFINE 0
#else
#define CAN_CONFINE 1
#endif

enum { WRITE_BYTES = 64 * 1024 };

struct child {
	int64_t room_bytes, text_bytes;
	bool no_room, failed;
	size_t filled;
	char pending[WRITE_BYTES];
	char json[ANALYSIS_JSON_MAX];
	struct analysis analysis;
};

static void flush_text(struct child *child)
{
	if (child->filled && !child->failed && !child->no_room &&
		!child_write(IMPORT_TEXT_DESCRIPTOR, child->pending, child->filled)) {
		child->no_room = errno == ENOSPC || errno == EFBIG || errno == EDQUOT;
		child->failed = !child->no_room;
	}
	child->filled = 0;
}

static void on_text(void *context, const char *bytes, size_t length)
{
	struct child *child = context;

	child->text_bytes += (int64_t)length;
	if (child->text_bytes > child->room_bytes)
		child->no_room = true;
	while (length > 0 && !child->no_room) {
		size_t room = sizeof child->pending - child->filled;
		size_t part = length < room ? length : room;

		memcpy(child->pending + child->filled, bytes, part);
		child->filled += part;
		bytes += part;
		length -= part;
		if (child->filled == sizeof child->pending)
			flush_text(child);
	}
}

/* Ends early when the text has no place to go. */
static int64_t on_read(void *context, char *bytes, size_t size)
{
	const struct child *child = context;
	ssize_t got;

	if (child->no_room || child->failed)
		return 0;
	do {
		got = read(IMPORT_UPLOAD_DESCRIPTOR, bytes, size);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int64_t on_seek(void *context, int64_t offset, int whence)
{
	off_t position = lseek(IMPORT_UPLOAD_DESCRIPTOR, offset, whence);

	(void)context;
	return position < 0 ? -errno : position;
}

/* From the first byte to the analysis; false: the upload could not be read. */
static bool inspect(struct child *child, struct inspector *inspector)
{
	const struct format_source source = { child, on_read, on_seek };

	if (inspector_read(inspector, &source) != 0)
		return false;
	inspector_finish(inspector, &child->analysis);
	flush_text(child);
	return true;
}

/* {"error":"none","text_bytes":N,"analysis":{...}} */
static bool report(struct child *child, const char *error, const struct inspector *inspector)
{
	struct analysis_labels labels = { .format = inspector_format(inspector) };
	char head[96];
	size_t length;

	labels.layers = inspector_layers(inspector, &labels.layer_count);
	length = analysis_to_json(&child->analysis, &labels, child->json, sizeof child->json);
	if (length >= sizeof child->json)
		return false;
	snprintf(head, sizeof head, "{\"error\":\"%s\",\"text_bytes\":%lld,\"analysis\":", error,
		(long long)child->text_bytes);
	return child_write(IMPORT_RESULT_DESCRIPTOR, head, strlen(head)) &&
	       child_write(IMPORT_RESULT_DESCRIPTOR, child->json, length) &&
	       child_write(IMPORT_RESULT_DESCRIPTOR, "}\n", 2);
}

static bool limit(int resource, int64_t amount)
{
	struct rlimit limits = { .rlim_cur = (rlim_t)amount, .rlim_max = (rlim_t)amount };

	return setrlimit(resource, &limits) == 0;
}

/* No more than is needed, no life beyond the parent's; the parent has closed all but the three
 * descriptors. */
bool import_child_confine(int64_t file_max_bytes)
{
	signal(SIGXFSZ, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	return limit(RLIMIT_CPU, IMPORT_CPU_S) && limit(RLIMIT_FSIZE, file_max_bytes) &&
	       limit(RLIMIT_CORE, 0) &&
	       (!CAN_CONFINE || (limit(RLIMIT_AS, IMPORT_MEMORY_BYTES) && import_filter_install()));
}

static bool read_size(const char *text, int64_t *size)
{
	char *end;

	errno = 0;
	*size = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *size > 0;
}

/* "firmware=klipper" among the rules. */
static bool read_firmware(const char *word, struct profile *profile)
{
	static const char key[] = "firmware=";

	if (strncmp(word, key, sizeof key - 1) != 0)
		return false;
	for (int i = PROFILE_FIRMWARE_UNSAID; i <= PROFILE_FIRMWARE_GRBL; i++)
		if (!strcmp(word + sizeof key - 1, profile_firmware_name((enum profile_firmware)i)))
			profile->firmware = (enum profile_firmware)i;
	return true;
}

/* A machine of which nothing is known but what all agree on; false: nothing. */
static bool read_rules(const char *text, struct profile *profile)
{
	while (*text && profile->rule_count < PROFILE_RULES_MAX) {
		size_t length = strcspn(text, ",");
		char *rule = profile->rule[profile->rule_count];

		snprintf(rule, PROFILE_RULE_MAX, "%.*s", (int)length, text);
		if (!read_firmware(rule, profile))
			profile->rule_count += policy_rule_problem(rule) == NULL;
		text += length + (text[length] == ',');
	}
	return profile->rule_count > 0 || profile->firmware != PROFILE_FIRMWARE_UNSAID;
}

int import_child_main(int argc, char **argv)
{
	struct inspector_settings settings = { .on_text = on_text };
	struct profile rules = { .tool_count = PROFILE_TOOLS_ANY };
	struct child *child = calloc(1, sizeof *child);

	if (argc != 7 || !child || !read_size(argv[2], &settings.text_max_bytes) ||
		!read_size(argv[3], &child->room_bytes) ||
		!import_child_confine(child->room_bytes)) {
		fprintf(stderr, "--import is for printfarmd itself\n");
		free(child);
		return 64;
	}
	settings.context = child;
	settings.plate = (int32_t)strtol(argv[4], NULL, 10);
	settings.name = argv[5];
	if (read_rules(argv[6], &rules))
		settings.profile = &rules;
	struct inspector *inspector = inspector_create(&settings);
	bool good = inspector && inspect(child, inspector);

	if (good && !child->no_room && !child->failed && child->analysis.verdict != VERDICT_REFUSE)
		child->failed = fsync(IMPORT_TEXT_DESCRIPTOR) != 0;
	if (good)
		good = report(child,
			child->no_room	? "no_room"
			: child->failed ? "disk"
					: "none",
			inspector);
	inspector_destroy(inspector);
	free(child);
	return good ? 0 : 1;
}
