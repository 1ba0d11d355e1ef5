/* The kept plan's file; see plan_file.h. */
#include "daemon/control/plan_file.h"

#include "daemon/control/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = CONFIG_PATH_MAX + 16 };

int plan_file_write(const char *folder, const char *text, size_t size)
{
	char path[PATH_BYTES], temporary[PATH_BYTES];
	snprintf(path, sizeof(path), "%s/plan", folder);
	snprintf(temporary, sizeof(temporary), "%s/plan.new", folder);
	FILE *file = fopen(temporary, "wbe");
	if (!file)
		return -errno;
	bool is_written = fwrite(text, 1, size, file) == size;
	if (fclose(file) == 0 && is_written && rename(temporary, path) == 0)
		return 0;
	int result = errno ? -errno : -EIO;
	unlink(temporary);
	return result;
}

char *plan_file_read(const char *folder, size_t *size)
{
	char path[PATH_BYTES];
	snprintf(path, sizeof(path), "%s/plan", folder);
	FILE *file = fopen(path, "rbe");
	char *text = file ? malloc(PLAN_FILE_MAX + 1) : NULL;
	*size = text ? fread(text, 1, PLAN_FILE_MAX, file) : 0;
	if (text)
		text[*size] = '\0';
	if (file)
		fclose(file);
	return text;
}
