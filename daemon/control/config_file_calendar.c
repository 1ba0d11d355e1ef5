/* The part of the configuration that says when somebody is there. */
#include "daemon/control/config_file_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "daemon/control/dates.h"
#include "daemon/control/holidays_child.h"
#include "daemon/control/hours.h"
#include "daemon/control/opening.h"

/* "sat 10:00-14:00", or { when = "sat 10:00-14:00"; operators = 1; }. */
static bool read_row(const config_setting_t *setting, const struct option *option,
	const char **when, int *operators)
{
	*operators = 0;
	*when = config_setting_get_string(setting);
	if (*when || option->type != OPTION_STAFF || !config_setting_is_group(setting))
		return *when != NULL;
	if (!config_setting_lookup_string(setting, "when", when))
		return false;
	return config_setting_length(setting) == 1 ||
	       (config_setting_length(setting) == 2 &&
		       config_setting_lookup_int(setting, "operators", operators) &&
		       *operators > 0 && *operators <= 1000);
}

int config_read_hours(struct config_place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	struct config_hours *hours = (void *)(record + option->offset);
	size_t count = 0;

	if (!config_is_sequence(setting))
		return config_not_accepted(place, setting, option);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
		const char *text = NULL;
		int operators;
		size_t before = count;
		bool is_row = read_row(element, option, &text, &operators);
		enum hours_result result = is_row ? hours_parse(text, hours, &count) : HOURS_BAD;

		if (result == HOURS_TOO_MANY)
			return config_wrong(place, element, "too many windows: at most 64 a week");
		if (result != HOURS_OK && is_row && config_setting_is_group(element))
			element = config_setting_get_member(element, "when");
		if (result != HOURS_OK)
			return config_not_accepted(place, element, option);
		for (; before < count; before++)
			hours[before].operators = operators;
	}
	hours_join(hours, &count);
	memcpy(record + option->count_offset, &count, sizeof count);
	return 0;
}

int config_read_dates(struct config_place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	struct config_span *span = (void *)(record + option->offset);
	size_t count = (size_t)config_setting_length(setting);

	if (!config_is_sequence(setting) || (double)count > option->max)
		return config_not_accepted(place, setting, option);
	for (size_t i = 0; i < count; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
		const char *text = config_setting_get_string(element);

		if (!text || !dates_parse(text, &span[i]))
			return config_not_accepted(place, element, option);
	}
	memcpy(record + option->count_offset, &count, sizeof count);
	return 0;
}

static int read_holidays(struct config_place *place, struct config *config, int64_t now_s)
{
	struct error trouble = { "" };
	int result = config->holidays_file[0] ? holidays_load_apart(config->holidays_file, now_s,
							&config->holidays, &trouble)
					      : 0;

	if (result == 0 || result == -ENOMEM)
		return result;
	error_set(place->error, "%s", trouble.text);
	return -EINVAL;
}

int config_fill_calendar(struct config_place *place, const config_t *file, struct config *config)
{
	int64_t now_s = (int64_t)time(NULL);
	struct opening staff = { 0 }, noise = { 0 };
	int result = read_holidays(place, config, now_s);

	if (result != 0)
		return result;
	if (!opening_of_staff(&staff, config, now_s) || !opening_of_noise(&noise, config, now_s))
		result = -ENOMEM;
	snprintf(place->key, sizeof place->key, "farm");
	if (result == 0 && !opening_opens(&staff, now_s))
		result = config_wrong(place, config_lookup(file, "farm"),
			"this calendar never opens: hours, closed and holidays leave no time "
			"within a year");
	if (result == 0 && !opening_opens(&noise, now_s))
		result = config_wrong(place, config_lookup(file, "farm.quiet_hours"),
			"quiet_hours leave no time of the week: noisy printers would never run");
	opening_finish(&staff);
	opening_finish(&noise);
	return result;
}
