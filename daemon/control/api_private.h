/* What the api_*.c share: one call under way, its answer, and the table of routes. */
#ifndef CONTROL_API_PRIVATE_H
#define CONTROL_API_PRIVATE_H

#include "base/error.h"
#include "daemon/control/api.h"
#include "daemon/control/farm.h"
#include "daemon/control/files.h"
#include "daemon/control/http.h"
#include "daemon/control/json_in.h"
#include "daemon/control/json_out.h"

#include <jansson.h>

enum {
	API_ARGUMENTS_MAX = 2,
	API_ARGUMENT_BYTES = HTTP_TARGET_MAX + 1,
	API_ANSWER_WAIT_S = 5,	  /* for a streamer */
	API_FINDING_WAIT_S = 60,  /* for what has to be planned through */
	API_PLAN_MOVES = 20000,	  /* an answer that shows the plan may make so many */
	API_STATUS_MS = 100,	  /* a status for pollers is not made more often */
	API_STATUS_AGE_MS = 1000, /* nor is one served that is older, whatever changed */
};

/* One call, for the time of its handler. */
struct api_call {
	struct api *api;
	struct farm *farm;
	struct http_request *request;
	char user[NAME_MAX_BYTES];
	char argument[API_ARGUMENTS_MAX][API_ARGUMENT_BYTES]; /* of the path */
	json_t *body;					      /* of a POST: an object */
	/* the answer */
	int status;
	json_t *json;
	uint64_t wire_request; /* a streamer has to answer first; 0: none */
	bool is_question;      /* not a streamer: the farm has to find it out */
	json_t *without;       /* the answer if that takes too long; NULL: an error */
	bool replied;	       /* http_reply was called by the handler itself */
};

/* A handler answers by one of these, or by http itself (then sets replied). */
void api_answer(struct api_call *call, int status, json_t *json);
void api_fail(struct api_call *call, int result, const struct error *error);
void api_fail_with(
	struct api_call *call, int status, const char *code, const char *message, json_t *details);
/* The body as an order; false: it is none, and *error says why. */
bool api_read_wish(struct api_call *call, struct farm_wish *wish, struct error *error);
/* The i-th argument as an id; false: answered with 404. */
bool api_id(struct api_call *call, int i, const char *noun, int64_t *id);

enum {
	API_CREATES = 1, /* honours Idempotency-Key */
	API_UPLOAD = 2,	 /* the body goes to the file store */
	API_DURABLE = 4, /* shows results: waits until what is under way is durable */
	API_COSTLY = 8,	 /* grows with the farm, or plans: takes turns with others like it */
};

struct api_route {
	const char *method;
	const char *pattern; /* ':' stands for one segment, '*' for the rest */
	void (*handle)(struct api_call *call);
	int flags;
};

/* Each ends with a row whose method is NULL. */
extern const struct api_route api_advice_routes[], api_file_routes[], api_order_routes[],
	api_job_routes[], api_printer_routes[], api_record_routes[], api_report_routes[],
	api_status_routes[];

/* The row for this method and path; NULL with *status 404 or 405. */
const struct api_route *api_route_find(const char *method, const char *path,
	char argument[API_ARGUMENTS_MAX][API_ARGUMENT_BYTES], int *status);

struct status_cache {
	char *text;
	size_t length;
	uint64_t facts, reports;
	int64_t made_us;
	int64_t disk_us; /* when the disk was last looked at */
	struct files_space space;
};

struct pending;
struct showing;
struct upload;

struct api {
	struct api_setup setup;
	const struct http *http;
	struct pending *pending;
	struct showing *showings; /* pictures that are awaited */
	struct event *patience;
	struct status_cache status;
	struct {
		uid_t uid;
		char name[NAME_MAX_BYTES];
	} users[16];
	size_t user_count, user_next;
	int64_t refused_calls, answers_late;
};

/* Sums a request up, to know it again. */
void api_fingerprint(const char *method, const char *path, const char *body, size_t length,
	char hex[SHA256_HEX_BYTES]);

/* api_files.c: uploads.  Each as the handler of http of that name. */
enum http_body api_upload_begin(struct api *api, struct http_request *request, const char *name);
bool api_upload_piece(
	struct api *api, struct http_request *request, const char *bytes, size_t length);
void api_upload_ready(struct api *api, struct http_request *request);
void api_upload_gone(struct api *api, struct http_request *request);
/* api_files.c: the client of a picture under way has left. */
void api_picture_gone(struct api *api, struct http_request *request);
/* Answers a request outside a call, at once. */
void api_reply(struct api *api, struct http_request *request, int status, json_t *json);
/* Answers when `ticket` is durable. */
void api_reply_when_durable(
	struct api *api, struct http_request *request, uint64_t ticket, int status, json_t *json);

#endif
