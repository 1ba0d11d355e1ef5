/* Talks HTTP to printfarmd over its Unix socket; the only home of libcurl in the command line.
 *
 * What goes wrong is said on stderr here, and becomes the exit code of interfaces.md. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

enum { CLIENT_PATH_MAX = 1024 };

struct client_request {
	const char *method; /* "GET", "POST" */
	const char *path;   /* "/api/v1/..." */
	json_t *body;	    /* borrowed; NULL: none */
	const char *file;   /* "PUT": this file's bytes */
	bool creates;	    /* send an Idempotency-Key, and try again when the connection breaks */
	bool is_quiet;	    /* say nothing when the daemon cannot be reached */
};

struct client_answer {
	long status;
	/* NULL when the body is no JSON.  Unless --json was given, its texts are clean. */
	json_t *json; /* owned */
};

/* Returns an exit code: CLI_DONE for a status of 2xx, with *answer filled (to be finished);
 * otherwise the reason has been said and there is nothing to finish. */
int client_send(
	struct cli *cli, const struct client_request *request, struct client_answer *answer);
void client_answer_finish(struct client_answer *answer);

int client_get(struct cli *cli, const char *path, struct client_answer *answer);
int client_post(struct cli *cli, const char *path, json_t *body, struct client_answer *answer);
int client_create(struct cli *cli, const char *path, json_t *body, struct client_answer *answer);

/* The body goes to `to` as it comes; *is_missing: 404, which is no failure here. */
int client_fetch(struct cli *cli, const char *path, FILE *to, bool *is_missing);

/* Like client_post, and leaves the refusals to the caller: *answer is filled for every status that
 * is not about reaching the daemon.  CLI_DONE or the exit code that the status stands for. */
int client_try(struct cli *cli, const struct client_request *request, struct client_answer *answer);
/* Says the reason of an answer that client_try gave, and finishes it. */
void client_complain(struct client_answer *answer);

/* "/api/v1/NOUN/NAME/ACTION", the name escaped; action NULL: none.  Returns `path`. */
const char *client_path(
	char path[CLIENT_PATH_MAX], const char *noun, const char *name, const char *action);

#endif
