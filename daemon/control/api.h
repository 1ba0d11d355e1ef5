/* The API of API v1: routes, answers, waiting for durability.  Every face of the farm comes through
 * here and through the same functions of farm.h; no rule of its own stands here. */
#ifndef CONTROL_API_H
#define CONTROL_API_H

#include <stdint.h>

struct api;
struct error;
struct event_base;
struct events;
struct farm;
struct files;
struct http;
struct http_handlers;
struct ledger;
struct photos;
struct wire_recording;
struct farm_finding;

struct api_setup {
	struct event_base *base;
	struct farm *farm;
	struct ledger *ledger;
	struct files *files;
	struct photos *photos;
	struct events *events;
	int64_t started_s;
	void *context;
	/* Before and after the farm is touched: sets its clock; ends its turn. */
	void (*enter)(void *context);
	uint64_t (*leave)(void *context);
	/* POST reload: 0 or a negative errno with a sentence. */
	int (*reload)(void *context, struct error *error);
};

/* Everything is borrowed. NULL without memory. */
struct api *api_create(const struct api_setup *setup);
void api_destroy(struct api *api);

/* What http needs, and whose counters are shown in the status. */
void api_http_handlers(struct api *api, struct http_handlers *handlers);
void api_set_http(struct api *api, const struct http *http);

/* The farm's ticket is durable (error 0), or nothing will be any more. */
void api_durable(struct api *api, uint64_t ticket, int error, const char *reason);
/* A streamer has answered an act. */
void api_answered(struct api *api, uint64_t request, int error, const char *text);
/* The farm has found out what was asked. */
void api_found_out(struct api *api, uint64_t request, const struct farm_finding *finding);
/* It has sent a page of a flight recorder. */
void api_recorded(struct api *api, uint64_t request, const struct wire_recording *page);

#endif
