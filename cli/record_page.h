/* The production record as a page for people: one file, nothing from elsewhere, fit to be printed
 * on A4 and put on a wall. */
#ifndef CLI_RECORD_PAGE_H
#define CLI_RECORD_PAGE_H

#include <jansson.h> /* json_t */
#include <stdio.h>

struct record_images;

/* `record` and `images` as record_gather.h gives them. */
void record_page_put(FILE *file, const json_t *record, const struct record_images *images);

/* The same into a file; "-": to standard output.  Returns an exit code, after a sentence where it
 * is not CLI_DONE. */
int record_page_write(const json_t *record, const struct record_images *images, const char *path);

/* record_page_jobs.c: the part about jobs and their attempts. */
void record_page_jobs(FILE *file, const json_t *record, const struct record_images *images);

#endif
