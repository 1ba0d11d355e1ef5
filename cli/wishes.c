/* The options of an order; see wishes.h. */
#include "cli/wishes.h"

struct wishes wishes_usual(void)
{
	return (struct wishes){
		.units = 1,
		.priority = 50,
		.retries = -1,
		.material = "",
		.color = "",
		.printer = "",
		.tag = "",
		.user = "",
		.project = "",
		.after = "",
	};
}

json_t *wishes_body(const struct wishes *wishes, const char *design)
{
	json_t *body =
		json_pack("{s:s, s:I, s:I, s:s?, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}",
			"design", design, "units", (json_int_t)wishes->units, "priority",
			(json_int_t)wishes->priority, "due", wishes->due, "material",
			wishes->material, "color", wishes->color, "printer", wishes->printer, "tag",
			wishes->tag, "user", wishes->user, "project", wishes->project, "after",
			wishes->after, "hold", wishes->hold, "test", wishes->test);

	if (body && wishes->retries >= 0)
		json_object_set_new(body, "retries", json_integer(wishes->retries));
	if (!body)
		cli_error("an option's text is not UTF-8");
	return body;
}
