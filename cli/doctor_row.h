/* A row for `printers` in printfarm.conf, out of what the doctor knows. */
#ifndef CLI_DOCTOR_ROW_H
#define CLI_DOCTOR_ROW_H

#include "cli/doctor_host.h"

#include <jansson.h> /* json_t */

struct doctor_row {
	const struct host_port *port;
	/* Either what printfarm-stream --doctor answered, or the printer as the daemon tells it. */
	const json_t *found, *printer;
	const char *dialect;
	int64_t baud; /* 0: the usual one */
};

/* The range of X, Y, Z where the firmware tells it; NULL: it does not. */
const double *doctor_row_size(const json_t *found, double size_mm[3]);

/* On standard output; begins with a comma behind a row that stands in the file already. */
void doctor_row_print(const struct doctor_row *row);

#endif
