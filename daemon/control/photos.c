/* Running the photo hook, and keeping what it leaves; see photos.h. */
#include "daemon/control/photos.h"

#include "base/error.h"
#include "daemon/control/config.h"
#include "daemon/control/files_digest.h"
#include "daemon/control/ledger.h"
#include "daemon/control/log.h"

#include <event2/event.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h> /* PATH_MAX */
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { WHY_BYTES = 160 };

static const char unfinished[] = ".new"; /* how the names of files end that a hook writes */

enum shot_state { SHOT_WAITING, SHOT_RUNNING, SHOT_STORING };

/* One photo under way. */
struct shot {
	struct photos *photos;
	struct shot *next;
	enum shot_state state;
	struct photo_record photo;
	pid_t child;
	bool is_late;
	struct event *limit;
	char path[PATH_MAX]; /* where the hook writes */
	char why[WHY_BYTES]; /* it failed */
};

struct photos {
	struct photos_settings settings;
	char directory[PATH_MAX];
	char hook[CONFIG_PATH_MAX];
	int64_t limit_s;
	struct event *on_child, *start;
	struct shot *first; /* oldest first */
	size_t count;
	bool is_closing;
};

/* ---- life ---------------------------------------------------------------------------------- */

static void release(struct photos *photos)
{
	if (!photos->is_closing || photos->first)
		return;
	if (photos->on_child)
		event_free(photos->on_child);
	if (photos->start)
		event_free(photos->start);
	free(photos);
}

static void destroy(struct shot *shot)
{
	struct photos *photos = shot->photos;

	for (struct shot **at = &photos->first; *at; at = &(*at)->next) {
		if (*at == shot) {
			*at = shot->next;
			photos->count--;
			break;
		}
	}
	if (shot->limit)
		event_free(shot->limit);
	if (shot->path[0])
		unlink(shot->path);
	free(shot);
	release(photos);
}

static void run_waiting(struct photos *photos);

static void end(struct shot *shot)
{
	struct photos *photos = shot->photos;

	if (!photos->is_closing && shot->why[0])
		photos->settings.failed(photos->settings.context, &shot->photo, shot->why);
	else if (!photos->is_closing)
		photos->settings.taken(photos->settings.context, &shot->photo);
	bool goes_on = !photos->is_closing;

	destroy(shot);
	if (goes_on)
		run_waiting(photos);
}

/* ---- what the hook has left, on the writer thread -------------------------------------------- */

/* By its first bytes, whatever it is called. */
static const char *type_of(const unsigned char *bytes, size_t length)
{
	if (length >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
		return "image/png";
	if (length >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
		return "image/jpeg";
	if (length >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
		return "image/webp";
	return NULL;
}

static int read_all(int descriptor, unsigned char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t got = read(descriptor, bytes + length, size - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO;
		length += (size_t)got;
	}
	return 0;
}

/* Fills sha256, type and bytes of the photo; or why. */
static int look_at(struct shot *shot, int descriptor, unsigned char *bytes, size_t length)
{
	int result = read_all(descriptor, bytes, length);
	const char *type = result == 0 ? type_of(bytes, length) : NULL;

	if (result != 0)
		return result;
	if (!type) {
		snprintf(shot->why, sizeof shot->why, "what it left is no PNG, JPEG or WebP");
		return 0;
	}
	snprintf(shot->photo.type, sizeof shot->photo.type, "%s", type);
	files_digest_bytes(bytes, length, shot->photo.sha256);
	shot->photo.bytes = (int64_t)length;
	return fsync(descriptor) == 0 ? 0 : -errno;
}

static int keep(struct shot *shot)
{
	char place[PATH_MAX];
	int length =
		snprintf(place, sizeof place, "%s/%s", shot->photos->directory, shot->photo.sha256);

	if (length < 0 || (size_t)length >= sizeof place)
		return -ENAMETOOLONG;
	if (rename(shot->path, place) != 0)
		return -errno;
	int directory = open(shot->photos->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = directory >= 0 && fsync(directory) == 0 ? 0 : -errno;

	if (directory >= 0)
		close(directory);
	return result;
}

/* The file must be one, not a link to something else of the disk. */
static int store(void *context)
{
	struct shot *shot = context;
	int descriptor = open(shot->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status = { .st_size = 0 };
	unsigned char *bytes = NULL;
	int result = 0;

	if (descriptor < 0 && errno == ENOENT)
		snprintf(shot->why, sizeof shot->why, "it left no file");
	else if (descriptor < 0 || fstat(descriptor, &status) != 0)
		result = -errno;
	else if (!S_ISREG(status.st_mode) || status.st_size == 0)
		snprintf(shot->why, sizeof shot->why, "what it left is no file with a picture");
	else if (status.st_size > PHOTO_BYTES_MAX)
		snprintf(shot->why, sizeof shot->why, "what it left has more than %d MB",
			PHOTO_BYTES_MAX >> 20);
	else if (!(bytes = malloc((size_t)status.st_size)))
		result = -ENOMEM;
	else
		result = look_at(shot, descriptor, bytes, (size_t)status.st_size);
	free(bytes);
	if (descriptor >= 0)
		close(descriptor);
	if (result == 0 && !shot->why[0])
		result = keep(shot);
	if (result != 0)
		snprintf(shot->why, sizeof shot->why, "what it left cannot be kept: %s",
			strerror(-result));
	return 0;
}

static void on_stored(void *context, int error)
{
	struct shot *shot = context;

	if (error && !shot->why[0])
		snprintf(shot->why, sizeof shot->why, "what it left cannot be kept: %s",
			strerror(-error));
	end(shot);
}

/* ---- running it ----------------------------------------------------------------------------- */

static void on_exit_of(struct shot *shot, int status)
{
	shot->child = 0;
	if (shot->is_late)
		snprintf(shot->why, sizeof shot->why, "it was not done after %lld s",
			(long long)shot->photos->limit_s);
	else if (WIFSIGNALED(status))
		snprintf(shot->why, sizeof shot->why, "signal %d ended it", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(shot->why, sizeof shot->why, "it ended with %d", WEXITSTATUS(status));
	event_del(shot->limit);
	if (shot->why[0]) {
		end(shot);
		return;
	}
	shot->state = SHOT_STORING;
	int result = ledger_run(shot->photos->settings.ledger, store, on_stored, shot);

	if (result != 0)
		on_stored(shot, result);
}

static struct shot *find_exited(struct photos *photos, int *status)
{
	for (struct shot *shot = photos->first; shot; shot = shot->next)
		if (shot->child > 0 && waitpid(shot->child, status, WNOHANG) == shot->child)
			return shot;
	return NULL;
}

/* From the first one again each time: one that ends may take others with it. */
static void on_child(evutil_socket_t number, short what, void *context)
{
	struct shot *shot;
	int status = 0;

	(void)number;
	(void)what;
	while ((shot = find_exited(context, &status)))
		on_exit_of(shot, status);
}

static void on_limit(evutil_socket_t descriptor, short what, void *context)
{
	struct shot *shot = context;

	(void)descriptor;
	(void)what;
	shot->is_late = true;
	if (shot->child > 0)
		kill(-shot->child, SIGKILL);
}

static const char *moment_word(enum photo_moment moment)
{
	return moment == PHOTO_CLEARED ? "cleared" : "ended";
}

/* Of ours it gets nothing but the environment: no descriptor, no terminal, no signal mask. */
static int spawn(struct shot *shot)
{
	char job[24];
	char *arguments[] = { shot->photos->hook, (char *)moment_word(shot->photo.moment),
		shot->photo.printer, job, shot->path, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;

	snprintf(job, sizeof job, "%lld", (long long)shot->photo.job);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	int code = posix_spawn(
		&shot->child, shot->photos->hook, &files, &attributes, arguments, environ);

	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (code != 0)
		shot->child = 0;
	return -code;
}

static int make_directory(const char *path)
{
	return mkdir(path, 0750) == 0 || errno == EEXIST ? 0 : -errno;
}

static int begin(struct shot *shot)
{
	struct photos *photos = shot->photos;
	struct timeval limit = { .tv_sec = photos->limit_s };
	char id[ATTEMPT_ID_BYTES];
	int result = make_directory(photos->directory);

	photos->settings.new_id(photos->settings.context, id);
	memcpy(shot->photo.id, id, sizeof shot->photo.id);
	shot->photo.taken_s = (int64_t)time(NULL);
	int length = snprintf(
		shot->path, sizeof shot->path, "%s/%s%s", photos->directory, id, unfinished);

	if (length < 0 || (size_t)length >= sizeof shot->path) {
		shot->path[0] = '\0';
		return -ENAMETOOLONG;
	}
	if (result == 0) {
		shot->limit = evtimer_new(photos->settings.base, on_limit, shot);
		result = shot->limit && event_add(shot->limit, &limit) == 0 ? 0 : -ENOMEM;
	}
	if (result == 0)
		result = spawn(shot);
	if (result == 0)
		shot->state = SHOT_RUNNING;
	return result;
}

static struct shot *next_waiting(struct photos *photos)
{
	struct shot *found = NULL;
	size_t working = 0;

	for (struct shot *shot = photos->first; shot; shot = shot->next) {
		working += shot->state != SHOT_WAITING;
		if (!found && shot->state == SHOT_WAITING)
			found = shot;
	}
	return working < PHOTOS_RUNNING_MAX ? found : NULL;
}

static void run_waiting(struct photos *photos)
{
	struct shot *shot;

	while ((shot = next_waiting(photos))) {
		int result = photos->hook[0] ? begin(shot) : -ENOENT;

		if (result == 0)
			continue;
		snprintf(shot->why, sizeof shot->why, "it cannot be run: %s", strerror(-result));
		photos->settings.failed(photos->settings.context, &shot->photo, shot->why);
		destroy(shot);
	}
}

static void on_start(evutil_socket_t descriptor, short what, void *context)
{
	(void)descriptor;
	(void)what;
	run_waiting(context);
}

/* ---- public --------------------------------------------------------------------------------- */

/* What hooks were writing when control was killed. */
static void remove_unfinished(const struct photos *photos)
{
	DIR *directory = opendir(photos->directory);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);

		if (length > strlen(unfinished) &&
			strcmp(entry->d_name + length - strlen(unfinished), unfinished) == 0)
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
}

struct photos *photos_create(const struct photos_settings *settings)
{
	struct photos *photos = calloc(1, sizeof *photos);

	if (!photos)
		return NULL;
	photos->settings = *settings;
	snprintf(photos->directory, sizeof photos->directory, "%s", settings->directory);
	photos->settings.directory = photos->directory;
	remove_unfinished(photos);
	photos->on_child = evsignal_new(settings->base, SIGCHLD, on_child, photos);
	photos->start = evtimer_new(settings->base, on_start, photos);
	if (!photos->start || !photos->on_child || event_add(photos->on_child, NULL) != 0) {
		photos_close(photos);
		return NULL;
	}
	return photos;
}

void photos_set_hook(struct photos *photos, const char *hook, int64_t limit_s)
{
	snprintf(photos->hook, sizeof photos->hook, "%s", hook);
	photos->limit_s = limit_s;
}

void photos_close(struct photos *photos)
{
	if (!photos)
		return;
	if (photos->on_child)
		event_del(photos->on_child);
	if (photos->start)
		event_del(photos->start);
	for (struct shot *shot = photos->first, *next; shot; shot = next) {
		next = shot->next;
		if (shot->child > 0) {
			kill(-shot->child, SIGKILL);
			while (waitpid(shot->child, NULL, 0) < 0 && errno == EINTR)
				;
			shot->child = 0;
		}
		if (shot->state != SHOT_STORING) /* that comes back from the writer thread */
			destroy(shot);
	}
	photos->is_closing = true;
	release(photos);
}

void photos_take(struct photos *photos, const struct photo_record *wish)
{
	struct shot *shot, **last = &photos->first;

	if (!photos->hook[0])
		return;
	shot = photos->count < PHOTOS_WAITING_MAX ? calloc(1, sizeof *shot) : NULL;
	if (!shot) {
		log_warning("photos", "job %lld gets no photo: too many are waited for",
			(long long)wish->job);
		return;
	}
	shot->photos = photos;
	shot->photo = *wish;
	while (*last)
		last = &(*last)->next;
	*last = shot;
	photos->count++;
	event_active(photos->start, 0, 0);
}

int photos_open(const struct photos *photos, const char *sha256, int64_t *length)
{
	char path[PATH_MAX];
	struct stat status;

	if (strlen(sha256) != SHA256_HEX_BYTES - 1 ||
		strspn(sha256, "0123456789abcdef") != SHA256_HEX_BYTES - 1)
		return -EINVAL;
	int size = snprintf(path, sizeof path, "%s/%s", photos->directory, sha256);

	if (size < 0 || (size_t)size >= sizeof path)
		return -ENAMETOOLONG;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &status) != 0) {
		close(descriptor);
		return -EIO;
	}
	*length = status.st_size;
	return descriptor;
}
