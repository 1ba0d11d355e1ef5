/* What the doctor found, for people: the picture of the link, and what to change. */
#ifndef CLI_DOCTOR_SHOW_H
#define CLI_DOCTOR_SHOW_H

#include "cli/cli.h"
#include "cli/doctor_host.h"

#include <jansson.h> /* json_t */

enum { DOCTOR_ADVICE_MAX = 16, DOCTOR_ADVICE_BYTES = 400 };

struct doctor_advice {
	int count;
	char text[DOCTOR_ADVICE_MAX][DOCTOR_ADVICE_BYTES];
};

void doctor_advise(struct doctor_advice *advice, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void doctor_show_port(const struct host_port *port);
/* What printfarm-stream --doctor answered. */
void doctor_show_printer(const json_t *found);
void doctor_show_link(const struct cli *cli, const json_t *found);
/* A list of whole numbers, microseconds, in any order. */
void doctor_show_round_trips(const struct cli *cli, const json_t *microseconds);

/* `is_ours`: a streamer of ours may hold it. */
void doctor_advise_port(struct doctor_advice *advice, const struct host_port *port, bool is_ours);
void doctor_advise_link(
	struct doctor_advice *advice, const struct host_port *port, const json_t *found);
void doctor_show_advice(const struct cli *cli, const struct doctor_advice *advice);

#endif
