#include "daemon/stream/settings_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char ending[] = ".printer";

/* A cut name would be another file. */
static int file_name(char *name, const char *directory, const char *printer, const char *suffix,
	struct error *error)
{
	int length = snprintf(name, PATH_MAX, "%s/%s%s%s", directory, printer, ending, suffix);

	if (length > 0 && length < PATH_MAX)
		return 0;
	error_set(error, "state directory %s: its name is too long", directory);
	return -ENAMETOOLONG;
}

/* Not synced: losing the file to a power cut costs nothing, control sends the settings again. */
static int write_file(const char *name, const uint8_t *bytes, size_t length)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640), code = 0;
	ssize_t count;

	if (fd < 0)
		return -errno;
	count = write(fd, bytes, length);
	if (count < 0)
		code = -errno;
	else if ((size_t)count != length)
		code = -ENOSPC;
	close(fd);
	return code;
}

int settings_file_save(const char *directory, const char *printer,
	const struct wire_settings *settings, struct error *error)
{
	struct wire_message message = { .kind = WIRE_SET_PRINTER, .settings = *settings };
	char name[PATH_MAX], temporary[PATH_MAX];
	uint8_t bytes[4 + WIRE_FRAME_MAX];
	size_t length;
	int code;

	strncpy(message.printer, printer, sizeof(message.printer) - 1);
	length = wire_encode(&message, bytes, sizeof(bytes));
	code = file_name(name, directory, printer, "", error);
	if (code == 0)
		code = file_name(temporary, directory, printer, ".new", error);
	if (code < 0)
		return code;
	code = write_file(temporary, bytes, length);
	if (code == 0 && rename(temporary, name) < 0)
		code = -errno;
	if (code < 0) {
		error_set(error, "saving %s: %s", name, strerror(-code));
		unlink(temporary);
	}
	return code;
}

int settings_file_remove(const char *directory, const char *printer, struct error *error)
{
	char name[PATH_MAX];
	int code = file_name(name, directory, printer, "", error);

	if (code == 0 && unlink(name) < 0 && errno != ENOENT) {
		code = -errno;
		error_set(error, "removing %s: %s", name, strerror(-code));
	}
	return code;
}

static void load(
	const char *directory, const char *printer, const struct settings_file_visitor *visitor)
{
	struct wire_message message;
	uint8_t bytes[4 + WIRE_FRAME_MAX];
	struct error error;
	char name[PATH_MAX];
	size_t used = 0;
	ssize_t count = -1;
	int fd;

	if (file_name(name, directory, printer, "", &error) < 0)
		return;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		count = read(fd, bytes, sizeof(bytes));
		close(fd);
	}
	if (count > 0 && wire_decode(bytes, (size_t)count, &message, &used) == WIRE_OK &&
		message.kind == WIRE_SET_PRINTER && strcmp(message.printer, printer) == 0) {
		visitor->each(visitor->context, printer, &message.settings);
		return;
	}
	error_set(&error, "%s: not the settings of printer %s; waiting for control", name, printer);
	visitor->refused(visitor->context, error.text);
}

int settings_file_load_all(
	const char *directory, const struct settings_file_visitor *visitor, struct error *error)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;

	if (!entries) {
		int code = errno;

		error_set(error, "state directory %s: %s", directory, strerror(code));
		return -code;
	}
	while ((entry = readdir(entries))) {
		size_t length = strlen(entry->d_name);
		char printer[WIRE_NAME_MAX];

		if (length <= strlen(ending) || length - strlen(ending) >= sizeof(printer) ||
			strcmp(entry->d_name + length - strlen(ending), ending) != 0)
			continue;
		length -= strlen(ending);
		memcpy(printer, entry->d_name, length);
		printer[length] = '\0';
		load(directory, printer, visitor);
	}
	closedir(entries);
	return 0;
}
