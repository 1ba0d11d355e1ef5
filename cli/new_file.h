/* A file that is there whole or not at all: what bears its name is complete. */
#ifndef CLI_NEW_FILE_H
#define CLI_NEW_FILE_H

#include <limits.h> /* PATH_MAX */
#include <stdio.h>

struct new_file {
	FILE *stream;
	char path[PATH_MAX], part[PATH_MAX]; /* part empty: standard output */
};

/* "-": standard output.  Each returns an exit code, after a sentence where it is not CLI_DONE. */
int new_file_open(struct new_file *file, const char *path);
/* Gives it its name; an older file of that name is replaced. */
int new_file_close(struct new_file *file);
/* Nothing is left of it. */
void new_file_drop(struct new_file *file);

#endif
