/* What happened to a printer and how it is, as one line of JSON without the line end. */
#ifndef SIM_SUMMARY_H
#define SIM_SUMMARY_H

#include "sim/printer.h"

enum { SUMMARY_TEXT_MAX = 3072 };

/* Both return the length of the text, NUL-terminated. */
size_t summary_text(const struct sim_printer *printer, char text[SUMMARY_TEXT_MAX]);

#endif
