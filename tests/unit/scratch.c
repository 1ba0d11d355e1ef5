/* Scratch directories of tests; see scratch.h. */
#include "tests/unit/scratch.h"

#include <assert.h>
#include <dirent.h> /* opendir */
#include <ftw.h>    /* nftw */
#include <stdio.h>
#include <stdlib.h> /* mkdtemp */
#include <string.h>
#include <unistd.h>

void scratch_make(struct scratch *scratch)
{
	const char *base = getenv("TMPDIR");

	snprintf(scratch->directory, sizeof scratch->directory, "%s/printfarm-test-XXXXXX",
		base ? base : "/tmp");
	char *made = mkdtemp(scratch->directory);

	assert(made);
	(void)made;
}

static int remove_one(const char *path, const struct stat *status, int what, struct FTW *where)
{
	(void)status;
	(void)what;
	(void)where;
	return remove(path);
}

void scratch_remove(struct scratch *scratch)
{
	nftw(scratch->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(struct scratch *scratch, const char *name)
{
	snprintf(scratch->path, sizeof scratch->path, "%s/%s", scratch->directory, name);
	return scratch->path;
}

void scratch_write(struct scratch *scratch, const char *name, const void *bytes, size_t length)
{
	FILE *file = fopen(scratch_path(scratch, name), "wb");

	assert(file);
	size_t written = fwrite(bytes, 1, length, file);

	assert(written == length);
	(void)written;
	fclose(file);
}

char *scratch_read(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return NULL;
	size_t size = 0, room = 4096;
	char *bytes = malloc(room + 1);

	assert(bytes);
	for (size_t got; (got = fread(bytes + size, 1, room - size, file)) > 0;) {
		size += got;
		if (size == room) {
			room *= 2;
			bytes = realloc(bytes, room + 1);
			assert(bytes);
		}
	}
	fclose(file);
	bytes[size] = '\0';
	if (length)
		*length = size;
	return bytes;
}

int scratch_count(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	if (!directory)
		return -1;
	for (struct dirent *entry; (entry = readdir(directory));)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(directory);
	return count;
}
