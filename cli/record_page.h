/* The production record as a page for people: one file, nothing from elsewhere, fit to be printed.
 */
#ifndef CLI_RECORD_PAGE_H
#define CLI_RECORD_PAGE_H

#include <jansson.h> /* json_t */

/* `record` as the API gives it, with the jobs of all pages.  "-": to standard output.  Returns an
 * exit code, after a sentence where it is not CLI_DONE. */
int record_page_write(const json_t *record, const char *path);

#endif
