/* Files that are whole or not there; see new_file.h. */
#include "cli/new_file.h"

#include "cli/cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h> /* unlink */

int new_file_open(struct new_file *file, const char *path)
{
	file->stream = stdout;
	file->part[0] = '\0';
	snprintf(file->path, sizeof file->path, "%s", path);
	if (strcmp(path, "-") == 0)
		return CLI_DONE;
	errno = ENAMETOOLONG;
	if ((size_t)snprintf(file->part, sizeof file->part, "%s.part", path) < sizeof file->part)
		file->stream = fopen(file->part, "wb");
	else
		file->stream = NULL;
	if (file->stream)
		return CLI_DONE;
	cli_error("%s: %s", file->part, strerror(errno));
	return CLI_NO_FILE;
}

int new_file_close(struct new_file *file)
{
	bool is_written = fflush(file->stream) == 0 && !ferror(file->stream);

	if (!file->part[0]) {
		if (!is_written)
			cli_error("standard output: %s", strerror(errno));
		return is_written ? CLI_DONE : CLI_NO_FILE;
	}
	is_written = fclose(file->stream) == 0 && is_written;
	if (is_written && rename(file->part, file->path) == 0)
		return CLI_DONE;
	cli_error("%s: could not be written: %s", file->path, strerror(errno));
	unlink(file->part);
	return CLI_REFUSED;
}

void new_file_drop(struct new_file *file)
{
	if (!file->part[0])
		return;
	fclose(file->stream);
	unlink(file->part);
}
