/* The kept plan's file; see plan_file.h. */
#include "daemon/control/plan_file.h"

#include "daemon/control/config.h"
#include "daemon/control/ledger.h"
#include "daemon/control/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = CONFIG_PATH_MAX + 16 };

struct text {
	char *bytes; /* owned; NULL: none */
	size_t size;
};

struct plan_file {
	struct ledger *ledger;
	char folder[CONFIG_PATH_MAX];
	struct text writing; /* the writer thread's */
	struct text waiting;
	int told; /* the trouble that was logged last; 0: none */
};

struct plan_file *plan_file_create(struct ledger *ledger, const char *folder)
{
	struct plan_file *plan_file = calloc(1, sizeof(*plan_file));
	if (!plan_file)
		return NULL;
	plan_file->ledger = ledger;
	snprintf(plan_file->folder, sizeof(plan_file->folder), "%s", folder);
	return plan_file;
}

void plan_file_destroy(struct plan_file *plan_file)
{
	if (!plan_file)
		return;
	free(plan_file->writing.bytes);
	free(plan_file->waiting.bytes);
	free(plan_file);
}

static int write_work(void *context)
{
	const struct plan_file *plan_file = context;
	const struct text *text = &plan_file->writing;
	char path[PATH_BYTES], temporary[PATH_BYTES];
	snprintf(path, sizeof(path), "%s/plan", plan_file->folder);
	snprintf(temporary, sizeof(temporary), "%s/plan.new", plan_file->folder);
	FILE *file = fopen(temporary, "wbe");
	if (!file)
		return -errno;
	bool is_written = fwrite(text->bytes, 1, text->size, file) == text->size;
	if (fclose(file) == 0 && is_written && rename(temporary, path) == 0)
		return 0;
	int result = errno ? -errno : -EIO;
	unlink(temporary);
	return result;
}

static void begin(struct plan_file *plan_file);

static void on_written(void *context, int error)
{
	struct plan_file *plan_file = context;
	if (error && error != plan_file->told && error != -ESHUTDOWN)
		log_warning("plan", "the plan cannot be kept in %s: %s", plan_file->folder,
			strerror(-error));
	plan_file->told = error;
	free(plan_file->writing.bytes);
	plan_file->writing = (struct text){ 0 };
	if (error != -ESHUTDOWN)
		begin(plan_file);
}

static void begin(struct plan_file *plan_file)
{
	if (!plan_file->waiting.bytes)
		return;
	plan_file->writing = plan_file->waiting;
	plan_file->waiting = (struct text){ 0 };
	int result = ledger_run(plan_file->ledger, write_work, on_written, plan_file);
	if (result)
		on_written(plan_file, result);
}

void plan_file_keep(struct plan_file *plan_file, const char *text, size_t size)
{
	char *copy = malloc(size + 1);
	if (!copy)
		return;
	memcpy(copy, text, size);
	free(plan_file->waiting.bytes);
	plan_file->waiting = (struct text){ copy, size };
	if (!plan_file->writing.bytes)
		begin(plan_file);
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
