/* Folders that are whole or not there; see export_files.h. */
#include "cli/export_files.h"

#include "cli/cli.h"
#include "cli/upload.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h> /* mkdir */
#include <unistd.h>   /* unlink, rmdir */

void export_name(const char *from, char name[EXPORT_NAME_MAX])
{
	char stem[UPLOAD_NAME_MAX];
	size_t length = 0;

	upload_design_name(from, stem);
	for (const char *at = stem; *at && length + 24 < EXPORT_NAME_MAX; at++) {
		bool is_good = isalnum((unsigned char)*at) || *at == '_' ||
			       (length > 0 && (*at == '.' || *at == '-'));

		if (is_good || (length > 0 && name[length - 1] != '_'))
			name[length++] = is_good ? *at : '_';
	}
	name[length] = '\0';
	if (length == 0)
		snprintf(name, EXPORT_NAME_MAX, "plate");
}

static int complain(const char *path)
{
	int error = errno;

	cli_error("%s: %s", path, strerror(error));
	return error == ENOENT || error == ENOTDIR ? CLI_NO_FILE : CLI_REFUSED;
}

int export_begin(struct export *export, const char *folder)
{
	size_t length = strlen(folder);
	struct stat status;

	while (length > 1 && folder[length - 1] == '/')
		length--;
	export->count = 0;
	export->file.stream = NULL;
	if (length + sizeof ".part/" + EXPORT_NAME_MAX + 32 > sizeof export->part) {
		errno = ENAMETOOLONG;
		return complain(folder);
	}
	snprintf(export->folder, sizeof export->folder, "%.*s", (int)length, folder);
	snprintf(export->part, sizeof export->part, "%.*s.part", (int)length, folder);
	if (lstat(export->folder, &status) == 0) {
		cli_error("%s is there already; an export makes a new folder", export->folder);
		return CLI_REFUSED;
	}
	return mkdir(export->part, 0777) == 0 ? CLI_DONE : complain(export->part);
}

static void path_in(const struct export *export, const char *name, char path[PATH_MAX])
{
	size_t length = strlen(export->part);

	memcpy(path, export->part, length);
	snprintf(path + length, PATH_MAX - length, "/%s", name);
}

static char *format_name(const char *format, va_list arguments)
	__attribute__((format(printf, 1, 0)));

static char *format_name(const char *format, va_list arguments)
{
	char *name = NULL;

	return vasprintf(&name, format, arguments) < 0 ? NULL : name;
}

/* Takes the name over. */
static int open_file(struct export *export, char *name)
{
	char path[PATH_MAX];
	char *slash = name ? strchr(name, '/') : NULL;

	if (!name || export->count == EXPORT_FILES_MAX) {
		free(name);
		cli_error("%s: too many files", export->folder);
		return CLI_REFUSED;
	}
	export->name[export->count] = name;
	if (slash) {
		*slash = '\0';
		path_in(export, name, path);
		*slash = '/';
		if (mkdir(path, 0777) != 0 && errno != EEXIST) {
			free(name);
			return complain(path);
		}
	}
	path_in(export, name, path);
	export->file.stream = fopen(path, "wxb");
	if (export->file.stream)
		return CLI_DONE;
	free(name);
	return complain(path);
}

int export_open(struct export *export, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *name = format_name(format, arguments);

	va_end(arguments);
	return open_file(export, name);
}

int export_close(struct export *export, char hash[FILE_HASH_BYTES])
{
	FILE *stream = export->file.stream;
	bool is_written = fflush(stream) == 0 && !ferror(stream);
	char path[PATH_MAX];

	export->file.stream = NULL;
	path_in(export, export->name[export->count], path);
	is_written = fclose(stream) == 0 && is_written;
	if (!is_written) {
		cli_error("%s: could not be written: %s", path, strerror(errno));
		return CLI_REFUSED;
	}
	int result = file_hash(path, export->hash[export->count]);

	if (result != 0) {
		errno = -result;
		return complain(path);
	}
	if (hash)
		memcpy(hash, export->hash[export->count], FILE_HASH_BYTES);
	export->count++;
	return CLI_DONE;
}

int export_text(struct export *export, const char *name, const char *format, ...)
{
	va_list arguments;
	int status = export_open(export, "%s", name);

	if (status != CLI_DONE)
		return status;
	va_start(arguments, format);
	vfprintf(export->file.stream, format, arguments);
	va_end(arguments);
	return export_close(export, NULL);
}

int export_bytes(struct export *export, const char *bytes, size_t length, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *name = format_name(format, arguments);

	va_end(arguments);
	int status = open_file(export, name);

	if (status != CLI_DONE)
		return status;
	fwrite(bytes, 1, length, export->file.stream);
	return export_close(export, NULL);
}

bool export_has(const struct export *export, const char *format, ...)
{
	va_list arguments;
	bool found = false;

	va_start(arguments, format);
	char *name = format_name(format, arguments);

	va_end(arguments);
	for (size_t i = 0; name && i < export->count; i++)
		found = found || strcmp(export->name[i], name) == 0;
	free(name);
	return found;
}

static void free_names(struct export *export)
{
	for (size_t i = 0; i < export->count; i++)
		free(export->name[i]);
	export->count = 0;
}

int export_end(struct export *export)
{
	size_t count = export->count;
	int status = export_open(export, "SHA256SUMS");

	for (size_t i = 0; status == CLI_DONE && i < count; i++)
		fprintf(export->file.stream, "%s  %s\n", export->hash[i], export->name[i]);
	if (status == CLI_DONE)
		status = export_close(export, NULL);
	if (status == CLI_DONE && rename(export->part, export->folder) != 0)
		status = complain(export->folder);
	if (status != CLI_DONE) {
		export_drop(export);
		return status;
	}
	free_names(export);
	return CLI_DONE;
}

void export_drop(struct export *export)
{
	static const char *const folders[] = { "plates", "settings", "profiles", "photos",
		"approval" };
	char path[PATH_MAX];

	/* The one under way was named before it was counted. */
	if (export->file.stream) {
		fclose(export->file.stream);
		export->file.stream = NULL;
		export->count++;
	}
	for (size_t i = 0; i < export->count; i++) {
		path_in(export, export->name[i], path);
		unlink(path);
	}
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		path_in(export, folders[i], path);
		rmdir(path);
	}
	rmdir(export->part);
	free_names(export);
}
