/* The import child: three descriptors, limits, a stranger's bytes.  See import.h.
 *
 * It opens nothing and allocates once at the start, so that the limits below it are not felt by an
 * honest file. */
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

#include "gcode/analysis_json.h"
#include "gcode/inspect.h"

#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
/* The sanitizers reserve terabytes of addresses. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
	HAS_FEATURE(address_sanitizer) || HAS_FEATURE(thread_sanitizer)
#define CAN_LIMIT_ADDRESSES 0
#else
#define CAN_LIMIT_ADDRESSES 1
#endif

enum { READ_BYTES = 64 * 1024, WRITE_BYTES = 64 * 1024 };

struct child {
	int64_t room_bytes, text_bytes;
	bool no_room, failed;
	size_t filled;
	char pending[WRITE_BYTES];
	char input[READ_BYTES];
	char json[ANALYSIS_JSON_MAX];
	struct analysis analysis;
};

static bool write_all(int descriptor, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		length -= (size_t)written;
	}
	return true;
}

static void flush_text(struct child *child)
{
	if (child->filled && !child->failed && !child->no_room &&
		!write_all(IMPORT_TEXT_DESCRIPTOR, child->pending, child->filled)) {
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

/* From the first byte to the analysis; false: the upload could not be read. */
static bool inspect(struct child *child, struct inspector *inspector)
{
	for (;;) {
		ssize_t got = read(IMPORT_UPLOAD_DESCRIPTOR, child->input, sizeof child->input);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0 || child->no_room || child->failed)
			break;
		if (!inspector_feed(inspector, child->input, (size_t)got))
			break;
	}
	inspector_finish(inspector, &child->analysis);
	flush_text(child);
	return true;
}

/* {"error":"none","text_bytes":N,"analysis":{...}} */
static bool report(struct child *child, const char *error, const char *format)
{
	const struct analysis_labels labels = { .format = format };
	char head[96];
	size_t length =
		analysis_to_json(&child->analysis, &labels, child->json, sizeof child->json);

	if (length >= sizeof child->json)
		return false;
	snprintf(head, sizeof head, "{\"error\":\"%s\",\"text_bytes\":%lld,\"analysis\":", error,
		(long long)child->text_bytes);
	return write_all(IMPORT_RESULT_DESCRIPTOR, head, strlen(head)) &&
	       write_all(IMPORT_RESULT_DESCRIPTOR, child->json, length) &&
	       write_all(IMPORT_RESULT_DESCRIPTOR, "}\n", 2);
}

static bool limit(int resource, int64_t amount)
{
	struct rlimit limits = { .rlim_cur = (rlim_t)amount, .rlim_max = (rlim_t)amount };

	return setrlimit(resource, &limits) == 0;
}

/* No more than is needed, no life beyond the parent's; the parent has closed all but the three
 * descriptors. */
static bool confine(int64_t room_bytes)
{
	signal(SIGXFSZ, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	return limit(RLIMIT_CPU, IMPORT_CPU_S) && limit(RLIMIT_FSIZE, room_bytes) &&
	       limit(RLIMIT_CORE, 0) &&
	       (!CAN_LIMIT_ADDRESSES || limit(RLIMIT_AS, IMPORT_MEMORY_BYTES));
}

static bool read_size(const char *text, int64_t *size)
{
	char *end;

	errno = 0;
	*size = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *size > 0;
}

int import_child_main(int argc, char **argv)
{
	struct inspector_settings settings = { .on_text = on_text };
	struct child *child = calloc(1, sizeof *child);

	if (argc != 4 || !child || !read_size(argv[2], &settings.text_max_bytes) ||
		!read_size(argv[3], &child->room_bytes) || !confine(child->room_bytes)) {
		fprintf(stderr, "--import is for printfarmd itself\n");
		free(child);
		return 64;
	}
	settings.context = child;
	struct inspector *inspector = inspector_create(&settings);
	bool good = inspector && inspect(child, inspector);

	if (good && !child->no_room && !child->failed && child->analysis.verdict != VERDICT_REFUSE)
		child->failed = fsync(IMPORT_TEXT_DESCRIPTOR) != 0;
	if (good)
		good = report(child,
			child->no_room	? "no_room"
			: child->failed ? "disk"
					: "none",
			inspector_format(inspector));
	inspector_destroy(inspector);
	free(child);
	return good ? 0 : 1;
}
