#include "daemon/stream/recording.h"

#include "daemon/stream/log.h"
#include "daemon/wire/wire.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <pthread.h>
#include <signal.h> /* pthread_sigmask: signals belong to the loop */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct recording {
	char directory[PATH_MAX];
	char printer[WIRE_NAME_MAX];
	pthread_t thread;
	bool has_thread; /* to be joined */

	pthread_mutex_t mutex;
	bool busy; /* guarded: the thread is at work */

	/* Of the thread while it is at work. */
	struct recorder *copy;
	struct log_ration log_ration;
	char why[WIRE_TEXT_MAX];
};

struct recording *recording_create(const char *state_directory, const char *printer)
{
	struct recording *recording = calloc(1, sizeof(*recording));

	if (!recording)
		return NULL;
	snprintf(recording->directory, sizeof(recording->directory), "%s", state_directory);
	snprintf(recording->printer, sizeof(recording->printer), "%s", printer);
	pthread_mutex_init(&recording->mutex, NULL);
	return recording;
}

void recording_destroy(struct recording *recording)
{
	if (!recording)
		return;
	if (recording->has_thread)
		pthread_join(recording->thread, NULL);
	pthread_mutex_destroy(&recording->mutex);
	free(recording);
}

/* The file that is missing, or else the oldest. */
static bool choose_path(const struct recording *recording, char path[PATH_MAX])
{
	struct timespec oldest = { 0, 0 };
	int chosen = 0;

	for (int i = 1; i <= RECORDING_FILES; i++) {
		struct stat info;
		int length = snprintf(path, PATH_MAX, "%s/%s.recording.%d", recording->directory,
			recording->printer, i);

		if (length >= PATH_MAX)
			return false;
		if (stat(path, &info) < 0)
			return true;
		if (chosen == 0 || info.st_mtim.tv_sec < oldest.tv_sec ||
			(info.st_mtim.tv_sec == oldest.tv_sec &&
				info.st_mtim.tv_nsec < oldest.tv_nsec)) {
			oldest = info.st_mtim;
			chosen = i;
		}
	}
	return snprintf(path, PATH_MAX, "%s/%s.recording.%d", recording->directory,
		       recording->printer, chosen) < PATH_MAX;
}

static bool write_text(const struct recording *recording, FILE *file)
{
	struct recorder_cursor cursor = { { 0 } };
	char text[16384], when[32];
	time_t now = time(NULL);
	struct tm utc;
	bool more = true;

	gmtime_r(&now, &utc);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	fprintf(file, "    0.0000 # printer %s, written %s: %s\n", recording->printer, when,
		recording->why);
	while (more) {
		size_t length =
			recorder_format(recording->copy, &cursor, text, sizeof(text), &more);

		if (fwrite(text, 1, length, file) != length)
			return false;
	}
	return fflush(file) == 0;
}

/* Under another name first: a reader never sees half a file under the right one. */
static void write_file(struct recording *recording)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];
	bool good = choose_path(recording, path);
	FILE *file;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	file = good ? fopen(fresh, "we") : NULL;
	if (file) {
		good = write_text(recording, file);
		good = fclose(file) == 0 && good && rename(fresh, path) == 0;
		if (!good)
			remove(fresh);
	}
	if (file && good)
		log_line(&recording->log_ration, recording->printer,
			"the conversation was kept in %s", path);
	else
		log_line(&recording->log_ration, recording->printer,
			"the conversation could not be kept in %s: %s", path, strerror(errno));
}

static void *work(void *context)
{
	struct recording *recording = context;

	write_file(recording);
	recorder_destroy(recording->copy);
	recording->copy = NULL;
	pthread_mutex_lock(&recording->mutex);
	recording->busy = false;
	pthread_mutex_unlock(&recording->mutex);
	return NULL;
}

static bool begin_thread(struct recording *recording)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	recording->has_thread = pthread_create(&recording->thread, NULL, work, recording) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return recording->has_thread;
}

bool recording_write(struct recording *recording, const struct recorder *recorder, const char *why)
{
	bool busy;

	pthread_mutex_lock(&recording->mutex);
	busy = recording->busy;
	pthread_mutex_unlock(&recording->mutex);
	if (busy)
		return false;
	if (recording->has_thread)
		pthread_join(recording->thread, NULL);
	recording->has_thread = false;
	recording->copy = recorder_copy(recorder);
	if (!recording->copy)
		return false;
	snprintf(recording->why, sizeof(recording->why), "%s", why);
	recording->busy = true;
	if (begin_thread(recording))
		return true;
	recording->busy = false;
	recorder_destroy(recording->copy);
	return false;
}
