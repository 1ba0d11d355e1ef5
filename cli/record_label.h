/* The label of a lot, to be stuck on its box: a QR code and what a person wants to read, as SVG of
 * 62 x 29 mm, which is what label printers have. */
#ifndef CLI_RECORD_LABEL_H
#define CLI_RECORD_LABEL_H

#include <jansson.h> /* json_t */
#include <stdbool.h>
#include <stdio.h>

/* What the code says; `size` bytes are enough where the configuration is ours. */
void record_label_text(const json_t *record, char *text, size_t size);

/* `record` as record_gather gives it.  False: the code's text is too long; that has been said. */
bool record_label_put(FILE *file, const json_t *record);
/* Into a file;  "-": to standard output.  Returns an exit code, after a
 * sentence where it is not CLI_DONE. */
int record_label_write(const json_t *record, const char *path);

/* The code alone, as an SVG element of so many units ("mm"; "": those of the picture around it).
 * False: the text is too long for a code. */
bool record_label_code(FILE *file, const char *text, int side, const char *unit);

#endif
