/* Commands that are one POST for each name on the command line: "order hold 3 4". */
#ifndef CLI_ACT_H
#define CLI_ACT_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

/* Sends `body` (borrowed, may be NULL) to /api/v1/NOUN/NAME/ACTION for every name, shows each
 * answer.  With --json: the one answer, or an array of several.  Goes on after a refusal; returns
 * the first exit code that is not CLI_DONE. */
int act_on_each(struct cli *cli, const char *noun, const char *action, json_t *body, int count,
	char **names, void (*show)(const struct cli *cli, const json_t *answer));

/* A command of only names. */
int act(struct cli *cli, int argc, char **argv, const char *noun, const char *action,
	void (*show)(const struct cli *cli, const json_t *answer));

/* Sentences after an act on an order, a job, a printer. */
/* What a person should know about an order without asking. */
void act_say_warnings(const struct cli *cli, const json_t *order);
void act_show_order(const struct cli *cli, const json_t *order);
void act_show_job(const struct cli *cli, const json_t *job);
void act_show_printer(const struct cli *cli, const json_t *printer);

#endif
