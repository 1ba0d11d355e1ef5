/* Questions that take the farm a while: how an order could be in time, what the night yields. */
#include "daemon/control/api_private.h"
#include "daemon/control/farm_questions.h"

#include <errno.h>
#include <string.h>

/* The answer is given when the farm has found it out. */
static void answer_later(
	struct api_call *call, int result, uint64_t request, const struct error *error)
{
	if (result) {
		api_fail(call, result, error);
		return;
	}
	api_answer(call, 200, json_object());
	call->wire_request = request;
	call->is_question = true;
	/* So that the loop knows that there is something to do; a POST's turn is ended anyway. */
	if (strcmp(http_method(call->request), "POST") != 0)
		call->api->setup.leave(call->api->setup.context);
}

static void advise_on_order(struct api_call *call)
{
	int64_t id;
	uint64_t request = 0;
	struct error error = { "" };
	if (api_id(call, 0, "order", &id)) {
		int result = farm_ask_advice(call->farm, id, &request, &error);
		answer_later(call, result, request, &error);
	}
}

static void advise_on_wish(struct api_call *call)
{
	struct farm_wish wish;
	uint64_t request = 0;
	struct error error = { "" };
	int result = api_read_wish(call, &wish, &error)
			     ? farm_ask_advice_for_wish(call->farm, &wish, &request, &error)
			     : -EINVAL;
	answer_later(call, result, request, &error);
}

static void tell_night(struct api_call *call)
{
	uint64_t request = 0;
	struct error error = { "" };
	int result = farm_ask_night(call->farm, &request, &error);
	answer_later(call, result, request, &error);
}

const struct api_route api_advice_routes[] = {
	{ "GET", "/api/v1/orders/:/advice", advise_on_order, API_COSTLY },
	{ "POST", "/api/v1/quote/advice", advise_on_wish, API_COSTLY },
	{ "GET", "/api/v1/plan/night", tell_night, API_COSTLY },
	{ NULL, NULL, NULL, 0 },
};
