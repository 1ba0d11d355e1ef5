/* One upload, from its first byte to a stored text or a stated refusal.  See files.h. */
#include "daemon/control/files_internal.h"

#include <errno.h>
#include <fcntl.h> /* renameat, openat */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h> /* mkdirat */
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/error.h"
#include "daemon/control/import.h"
#include "daemon/control/ledger.h"
#include "gcode/utf8.h"

enum {
	SPACE_EVERY_BYTES = 1 << 20, /* taken between two looks at the free space */
};

static void start_waiting(struct files *files);
static void on_settled(evutil_socket_t descriptor, short what, void *context);

/* ---- beginning and end -------------------------------------------------------------------- */

static int close_work(void *context)
{
	close((int)(intptr_t)context);
	return 0;
}

static void on_closed(void *context, int error)
{
	if (error != 0) /* the ledger is closing: it was not done */
		close((int)(intptr_t)context);
}

/* The last close of a large unlinked file takes its time (60 ms for 300 MB): not in the loop. */
static void close_elsewhere(struct files *files, int descriptor)
{
	void *context = (void *)(intptr_t)descriptor;

	if (ledger_run(files->settings.ledger, close_work, on_closed, context) != 0)
		close(descriptor);
}

static void drop_temporary(struct upload *upload, int *descriptor, char *name)
{
	if (*name)
		unlinkat(upload->files->root, name, 0); /* may not be there yet */
	*name = '\0';
	if (*descriptor >= 0)
		close_elsewhere(upload->files, *descriptor);
	*descriptor = -1;
}

static void destroy(struct upload *upload)
{
	struct files *files = upload->files;

	for (struct upload **at = &files->first; *at; at = &(*at)->next) {
		if (*at == upload) {
			*at = upload->next;
			files->upload_count--;
			break;
		}
	}
	import_cancel(upload->import);
	drop_temporary(upload, &upload->descriptor, upload->temporary);
	drop_temporary(upload, &upload->text, upload->text_temporary);
	if (upload->settled)
		event_free(upload->settled);
	free(upload->analysis_json);
	free(upload);
}

/* A label: without directories, control bytes and what is not UTF-8; cut between characters. */
static void clean_name(const char *name, char *label)
{
	const char *slash = strrchr(name, '/');
	size_t length = 0;

	for (const char *at = slash ? slash + 1 : name; *at;) {
		size_t bytes = utf8_length(at);
		bool is_bad = bytes == 0 || (unsigned char)*at < 0x20 || *at == 0x7f;

		if (length + bytes + is_bad >= FILE_NAME_MAX_BYTES)
			break;
		if (is_bad) {
			label[length++] = '?';
			at++;
		}
		for (; !is_bad && bytes > 0; bytes--)
			label[length++] = *at++;
	}
	label[length] = '\0';
	if (length == 0)
		strcpy(label, "unnamed.gcode");
}

static int look_at_space(struct files *files, int64_t expected_bytes, struct error *error)
{
	struct files_space space;
	int result = files_space(files, &space);

	if (result != 0) {
		error_set(error, "free space cannot be told: %s", strerror(-result));
		return result;
	}
	if (!space.is_full && space.free_bytes - expected_bytes >= space.floor_bytes)
		return 0;
	error_set(error,
		"the disk is too full for this file: %lld MiB are free and %lld MiB are kept for "
		"running prints",
		(long long)(space.free_bytes >> 20), (long long)(space.floor_bytes >> 20));
	return -ENOSPC;
}

static int too_large(const struct files *files, struct error *error)
{
	error_set(error, "the file is larger than the %lld bytes that are accepted",
		(long long)files->settings.upload_max_bytes);
	return -EFBIG;
}

int upload_begin(struct upload **upload, struct files *files, const char *name,
	int64_t expected_bytes, struct error *error)
{
	if (files->upload_count >= FILES_UPLOADS_MAX) {
		error_set(error, "%d uploads are under way: try again later", FILES_UPLOADS_MAX);
		return -EBUSY;
	}
	if (expected_bytes > files->settings.upload_max_bytes)
		return too_large(files, error);
	int result = look_at_space(files, expected_bytes > 0 ? expected_bytes : 0, error);

	if (result != 0)
		return result;
	struct upload *begun = calloc(1, sizeof *begun);

	if (!begun) {
		error_set(error, "no memory for an upload");
		return -ENOMEM;
	}
	begun->files = files;
	begun->text = -1;
	begun->settled = event_new(files->settings.base, -1, 0, on_settled, begun);
	begun->descriptor = files_make_temporary(files, "upload", begun->temporary);
	if (begun->descriptor < 0 || !begun->settled) {
		result = begun->descriptor < 0 ? begun->descriptor : -ENOMEM;
		error_set(error, "no temporary file for an upload: %s", strerror(-result));
		destroy(begun);
		return result;
	}
	clean_name(name, begun->name);
	crypto_hash_sha256_init(&begun->hash);
	begun->next = files->first;
	files->first = begun;
	files->upload_count++;
	*upload = begun;
	return 0;
}

const char *upload_label(const struct upload *upload)
{
	return upload->name;
}

void upload_choose_plate(struct upload *upload, int32_t plate)
{
	upload->plate = plate;
}

void upload_abort(struct upload *upload)
{
	if (!upload)
		return;
	struct files *files = upload->files;

	switch (upload->state) {
	case UPLOAD_STORING:
		upload->is_aborted = true; /* the writer thread gives it back */
		return;
	case UPLOAD_IMPORTING:
		files->import_count--;
		break;
	case UPLOAD_RECEIVING:
	case UPLOAD_WAITING:
	case UPLOAD_SETTLED:
		break;
	}
	destroy(upload);
	start_waiting(files);
}

/* ---- receiving ------------------------------------------------------------------------------- */

static int write_all(int descriptor, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(descriptor, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

int upload_write(struct upload *upload, const void *bytes, size_t length, struct error *error)
{
	struct files *files = upload->files;

	if (length > INT64_MAX / 2 ||
		(int64_t)length > files->settings.upload_max_bytes - upload->bytes)
		return too_large(files, error);
	if (upload->bytes + (int64_t)length - upload->checked_bytes >= SPACE_EVERY_BYTES) {
		int result = look_at_space(files, (int64_t)length, error);

		if (result != 0)
			return result;
		upload->checked_bytes = upload->bytes;
	}
	int result = write_all(upload->descriptor, bytes, length);

	if (result != 0) {
		error_set(error, "the upload cannot be written: %s", strerror(-result));
		return result;
	}
	upload->bytes += (int64_t)length;
	crypto_hash_sha256_update(&upload->hash, bytes, length);
	return 0;
}

/* ---- the result ------------------------------------------------------------------------------ */

static void on_settled(evutil_socket_t descriptor, short what, void *context)
{
	struct upload *upload = context;
	struct files *files = upload->files;
	struct upload_result result = {
		.error = upload->error,
		.message = upload->message,
		.is_known = upload->is_known,
		.file = upload->error == 0 ? &upload->file : NULL,
		.format = upload->format,
		.analysis_json = upload->analysis_json,
	};

	(void)descriptor;
	(void)what;
	upload->on_done(upload->context, &result);
	destroy(upload);
	start_waiting(files);
}

/* The call-back comes from the loop, never from within upload_finish.  `message` NULL: it is said
 * already. */
static void settle(struct upload *upload, int error, const char *message)
{
	upload->state = UPLOAD_SETTLED;
	upload->error = error;
	if (message)
		snprintf(upload->message, sizeof upload->message, "%s", message);
	event_active(upload->settled, EV_TIMEOUT, 1);
}

/* A refusal without an analysis: the name and why. */
static void refuse(struct upload *upload, const char *why)
{
	char message[512];

	snprintf(message, sizeof message, "%.200s: %s", upload->name, why);
	settle(upload, -EBADMSG, message);
}

/* ---- storing: on the writer thread ------------------------------------------------------------
 */

/* Hashes on; LEDGER_WORK_AGAIN while there is more. */
static int hash_slice(struct upload *upload)
{
	static _Thread_local unsigned char bytes[FILES_READ_BYTES];
	int64_t end = upload->hashed_bytes + FILES_SLICE_BYTES;

	while (upload->hashed_bytes < end) {
		ssize_t got = pread(upload->text, bytes, sizeof bytes, upload->hashed_bytes);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return upload->hashed_bytes == upload->text_bytes ? 0 : -EIO;
		crypto_hash_sha256_update(&upload->hash, bytes, (size_t)got);
		upload->hashed_bytes += got;
	}
	return LEDGER_WORK_AGAIN;
}

static int sync_directory(int root, const char *name)
{
	int descriptor = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (descriptor < 0)
		return -errno;
	int result = fsync(descriptor) == 0 ? 0 : -errno;

	close(descriptor);
	return result;
}

/* From its temporary name to its hash.  Directories and file are synced in any case: what is there
 * already may have been put there a moment before a crash. */
static int put_in_place(struct upload *upload, const char *sha256)
{
	int root = upload->files->root;
	char place[SHA256_HEX_BYTES + 4], directory[3];

	files_place(sha256, place, sizeof place);
	snprintf(directory, sizeof directory, "%.2s", sha256);
	if (mkdirat(root, directory, 0750) != 0 && errno != EEXIST)
		return -errno;
	if (fchmod(upload->text, 0440) != 0 || fsync(upload->text) != 0)
		return -errno;
	if (renameat(root, upload->text_temporary, root, place) != 0)
		return -errno;
	*upload->text_temporary = '\0';
	int result = sync_directory(root, directory);

	return result == 0 ? sync_directory(root, ".") : result;
}

static int store(void *context)
{
	struct upload *upload = context;
	unsigned char hash[crypto_hash_sha256_BYTES];
	char sha256[SHA256_HEX_BYTES];
	int result = hash_slice(upload);

	if (result != 0)
		return result;
	crypto_hash_sha256_final(&upload->hash, hash);
	files_hash_text(hash, sha256);
	result = put_in_place(upload, sha256);
	return result == 0 ? import_result_name(upload, sha256) : result;
}

static void on_stored(void *context, int error)
{
	struct upload *upload = context;
	char message[512];

	upload->state = UPLOAD_SETTLED;
	if (upload->is_aborted) {
		struct files *files = upload->files;

		destroy(upload);
		files_release(files);
		return;
	}
	snprintf(message, sizeof message, "%.200s cannot be stored: %s", upload->name,
		strerror(-error));
	upload->file.stored_s = (int64_t)time(NULL);
	settle(upload, error, error ? message : NULL);
}

static void begin_storing(struct upload *upload)
{
	upload->state = UPLOAD_STORING;
	upload->hashed_bytes = 0;
	crypto_hash_sha256_init(&upload->hash);
	upload->file.bytes = upload->text_bytes;
	snprintf(upload->file.name, sizeof upload->file.name, "%s", upload->name);
	memcpy(upload->file.upload_sha256, upload->upload_sha256, sizeof upload->upload_sha256);
	if (ledger_run(upload->files->settings.ledger, store, on_stored, upload) != 0)
		settle(upload, -ENOMEM, "no memory to store a file");
}

/* ---- importing ------------------------------------------------------------------------------ */

static void judge(struct upload *upload, const char *line, size_t length)
{
	switch (import_result_read(upload, line, length)) {
	case 0:
		begin_storing(upload);
		break;
	case -EBADMSG:
		settle(upload, -EBADMSG, NULL);
		break;
	case -ENOSPC:
		settle(upload, -ENOSPC, "the disk is too full for the text of this file");
		break;
	case -ENOMEM:
		settle(upload, -ENOMEM, "no memory to import a file");
		break;
	default:
		settle(upload, -EIO, "the file could not be read or written while it was imported");
		break;
	}
}

static void on_imported(void *context, enum import_end end, const char *line, size_t length)
{
	struct upload *upload = context;
	struct files *files = upload->files;

	upload->import = NULL;
	files->import_count--;
	/* The text is what counts from here on; the bytes as they came are not kept. */
	drop_temporary(upload, &upload->descriptor, upload->temporary);
	switch (end) {
	case IMPORT_DONE:
		judge(upload, line, length);
		break;
	case IMPORT_CRASHED:
		refuse(upload, "refused: reading it made the import fail");
		break;
	case IMPORT_TOO_LATE:
		refuse(upload, "refused: reading it takes too long");
		break;
	case IMPORT_TOO_LOUD:
		refuse(upload, "refused: reading it found more trouble than can be told");
		break;
	}
	start_waiting(files);
}

static int begin_import(struct upload *upload, struct error *error)
{
	struct files *files = upload->files;
	struct files_space space;
	int result = look_at_space(files, 0, error);

	if (result == 0)
		result = files_space(files, &space);
	if (result != 0)
		return result;
	upload->text = files_make_temporary(files, "text", upload->text_temporary);
	if (upload->text < 0) {
		error_set(error, "no temporary file for a text: %s", strerror(-upload->text));
		return upload->text;
	}
	if (lseek(upload->descriptor, 0, SEEK_SET) != 0)
		return -EIO;
	struct import_settings settings = {
		.base = files->settings.base,
		.program = files->settings.import_program,
		.upload = upload->descriptor,
		.text = upload->text,
		.name = upload->name,
		.plate = upload->plate,
		.rules = files->settings.rules,
		.text_max_bytes = files->settings.text_max_bytes,
		.room_bytes = space.free_bytes - space.floor_bytes + 1,
	};

	return import_start(&upload->import, &settings, on_imported, upload, error);
}

/* The one that has waited longest; new ones are put in front. */
static struct upload *longest_waiting(struct files *files)
{
	struct upload *found = NULL;

	for (struct upload *upload = files->first; upload; upload = upload->next)
		if (upload->state == UPLOAD_WAITING)
			found = upload;
	return found;
}

static void start_waiting(struct files *files)
{
	struct upload *upload;

	while (!files->is_closing && files->import_count < FILES_IMPORTS_MAX &&
		(upload = longest_waiting(files))) {
		struct error error = { "the import cannot be started" };
		int result = begin_import(upload, &error);

		if (result == 0) {
			upload->state = UPLOAD_IMPORTING;
			files->import_count++;
		} else {
			settle(upload, result, error.text);
		}
	}
}

/* Are these very bytes in the store, as one text? */
static bool is_known(struct upload *upload)
{
	const struct files_settings *settings = &upload->files->settings;
	char path[PATH_MAX];

	return settings->find_upload &&
	       settings->find_upload(settings->context, upload->upload_sha256, &upload->file) &&
	       files_path(upload->files, upload->file.sha256, path, sizeof path) == 0;
}

void upload_finish(struct upload *upload,
	void (*on_done)(void *context, const struct upload_result *result), void *context)
{
	struct files *files = upload->files;
	unsigned char hash[crypto_hash_sha256_BYTES];

	upload->on_done = on_done;
	upload->context = context;
	/* Another plate of the same archive is another upload. */
	if (upload->plate > 0)
		crypto_hash_sha256_update(
			&upload->hash, (const unsigned char *)&upload->plate, sizeof upload->plate);
	crypto_hash_sha256_final(&upload->hash, hash);
	files_hash_text(hash, upload->upload_sha256);
	if (is_known(upload)) {
		upload->is_known = true;
		settle(upload, 0, NULL);
		return;
	}
	upload->state = UPLOAD_WAITING;
	start_waiting(files);
}
