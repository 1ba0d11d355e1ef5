/* The store of texts: directory, space, names; uploads are in upload.c.  See files.h. */
#include "daemon/control/files_internal.h"

#include <dirent.h> /* fdopendir */
#include <errno.h>
#include <fcntl.h> /* openat */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>	 /* mkdirat, fstatat */
#include <sys/statvfs.h> /* fstatvfs */
#include <time.h>	 /* time: ages of files */
#include <unistd.h>

#include <event2/event.h>

#include "base/error.h"
#include "daemon/control/drawing.h"

enum { SWEEP_EVERY_S = 600 };

bool files_is_hash(const char *sha256)
{
	return strspn(sha256, "0123456789abcdef") == SHA256_HEX_BYTES - 1 &&
	       sha256[SHA256_HEX_BYTES - 1] == '\0';
}

void files_hash_text(const unsigned char *hash, char *sha256)
{
	sodium_bin2hex(sha256, SHA256_HEX_BYTES, hash, crypto_hash_sha256_BYTES);
}

void files_place(const char *sha256, char *place, size_t size)
{
	snprintf(place, size, "%.2s/%s", sha256, sha256);
}

int files_make_temporary(struct files *files, const char *kind, char *name)
{
	snprintf(name, FILES_TEMPORARY_NAME_MAX, "tmp/%lld.%s", (long long)files->next_number++,
		kind);
	int descriptor =
		openat(files->root, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);

	return descriptor >= 0 ? descriptor : -errno;
}

/* Removes what is left in tmp from before `before_s`. */
static void remove_temporaries(struct files *files, int64_t before_s)
{
	int descriptor = openat(files->root, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = descriptor >= 0 ? fdopendir(descriptor) : NULL;
	struct dirent *entry;
	struct stat status;

	if (!directory) {
		if (descriptor >= 0)
			close(descriptor);
		return;
	}
	while ((entry = readdir(directory)))
		if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
			!S_ISDIR(status.st_mode) && status.st_mtim.tv_sec < before_s)
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
}

static void on_sweep(evutil_socket_t descriptor, short what, void *context)
{
	(void)descriptor;
	(void)what;
	remove_temporaries(context, (int64_t)time(NULL) - FILES_TEMPORARY_S);
}

static int make_directory(int root, const char *name)
{
	return mkdirat(root, name, 0750) == 0 || errno == EEXIST ? 0 : -errno;
}

/* The directory, its tmp, and the absolute path that streamers are given. */
static int open_directory(struct files *files, struct error *error)
{
	const char *name = files->settings.directory;
	int result = make_directory(AT_FDCWD, name);

	if (result == 0) {
		files->root = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		result = files->root >= 0 ? 0 : -errno;
	}
	if (result == 0)
		result = make_directory(files->root, "tmp");
	if (result == 0 && !realpath(name, files->directory))
		result = -errno;
	if (result == 0 && fsync(files->root) != 0)
		result = -errno;
	if (result != 0)
		error_set(error, "%s cannot be used as the store of files: %s", name,
			strerror(-result));
	return result;
}

static int start_sweep(struct files *files)
{
	struct timeval every = { .tv_sec = SWEEP_EVERY_S };

	files->sweep = event_new(files->settings.base, -1, EV_PERSIST, on_sweep, files);
	return files->sweep && event_add(files->sweep, &every) == 0 ? 0 : -ENOMEM;
}

int files_open(struct files **files, const struct files_settings *settings, struct error *error)
{
	if (sodium_init() < 0) {
		error_set(error, "libsodium cannot be used");
		return -ENOSYS;
	}
	struct files *opened = calloc(1, sizeof *opened);

	if (!opened)
		return -ENOMEM;
	opened->root = -1;
	opened->settings = *settings;
	opened->settings.directory = strdup(settings->directory);
	opened->settings.import_program =
		settings->import_program ? strdup(settings->import_program) : NULL;
	opened->settings.rules = settings->rules ? strdup(settings->rules) : NULL;
	int result = opened->settings.directory ? open_directory(opened, error) : -ENOMEM;

	if (result == 0)
		result = start_sweep(opened);
	if (result != 0) {
		files_close(opened);
		return result;
	}
	remove_temporaries(opened, INT64_MAX);
	*files = opened;
	return 0;
}

void files_set_rules(struct files *files, const char *rules)
{
	free((char *)files->settings.rules);
	files->settings.rules = rules ? strdup(rules) : NULL;
}

void files_set_limits(struct files *files, int64_t upload_max_bytes, int64_t text_max_bytes,
	int64_t free_floor_bytes, int32_t free_floor_percent)
{
	files->settings.upload_max_bytes = upload_max_bytes;
	files->settings.text_max_bytes = text_max_bytes;
	files->settings.free_floor_bytes = free_floor_bytes;
	files->settings.free_floor_percent = free_floor_percent;
}

void files_release(struct files *files)
{
	if (!files->is_closing || files->first)
		return;
	if (files->root >= 0)
		close(files->root);
	free((char *)files->settings.directory);
	free((char *)files->settings.import_program);
	free((char *)files->settings.rules);
	free(files);
}

void files_close(struct files *files)
{
	if (!files)
		return;
	files->is_closing = true;
	for (struct upload *upload = files->first, *next; upload; upload = next) {
		next = upload->next;
		upload_abort(upload);
	}
	drawings_close(files);
	if (files->sweep)
		event_free(files->sweep);
	files_release(files);
}

int files_space(const struct files *files, struct files_space *space)
{
	struct statvfs status;
	int64_t percent = files->settings.free_floor_percent;

	if (fstatvfs(files->root, &status) != 0)
		return -errno;
	/* Divided first: the whole of a large disk times a hundred need not fit. */
	int64_t share = (int64_t)(status.f_blocks / 100 * status.f_frsize) * percent;

	space->free_bytes = (int64_t)(status.f_bavail * status.f_frsize);
	space->floor_bytes =
		share > files->settings.free_floor_bytes ? share : files->settings.free_floor_bytes;
	space->is_full = space->free_bytes < space->floor_bytes ||
			 (status.f_files > 0 && (int64_t)status.f_favail <
							(int64_t)(status.f_files / 100) * percent);
	return 0;
}

int files_path(const struct files *files, const char *sha256, char *path, size_t size)
{
	char place[SHA256_HEX_BYTES + 4];

	if (!files_is_hash(sha256))
		return -EINVAL;
	files_place(sha256, place, sizeof place);
	if (faccessat(files->root, place, R_OK, 0) != 0)
		return -errno;
	return (size_t)snprintf(path, size, "%s/%s", files->directory, place) < size
		       ? 0
		       : -ENAMETOOLONG;
}

int files_open_text(const struct files *files, const char *sha256)
{
	char place[SHA256_HEX_BYTES + 4];

	if (!files_is_hash(sha256))
		return -EINVAL;
	files_place(sha256, place, sizeof place);
	int descriptor = openat(files->root, place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return descriptor >= 0 ? descriptor : -errno;
}
