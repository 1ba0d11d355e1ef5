#include "daemon/stream/supervisor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void supervisor_init(
	struct supervisor *supervisor, double hotend_max_celsius, double bed_max_celsius)
{
	memset(supervisor, 0, sizeof(*supervisor));
	supervisor->hotend_max_celsius = hotend_max_celsius;
	supervisor->bed_max_celsius = bed_max_celsius;
}

void supervisor_heard(struct supervisor *supervisor, int64_t now_us)
{
	supervisor->heard_us = now_us;
}

__attribute__((format(printf, 3, 4))) static enum supervisor_verdict judge(
	struct supervisor *supervisor, enum supervisor_verdict verdict, const char *format, ...)
{
	va_list arguments;

	if (supervisor->verdict != SUPERVISOR_FINE)
		return supervisor->verdict;
	supervisor->verdict = verdict;
	va_start(arguments, format);
	vsnprintf(supervisor->text, sizeof(supervisor->text), format, arguments);
	va_end(arguments);
	return verdict;
}

/* Temperatures in sentences are whole degrees: no locale, no surprise. */
static int whole(double celsius)
{
	if (!(celsius > -1000))
		return -1000;
	return celsius < 10000 ? (int)lround(celsius) : 10000;
}

static bool is_bed(const struct supervisor_heater *heater)
{
	return heater->name[0] == 'B';
}

/* A chamber is warmed by the bed, so its temperature says nothing about its own heater. */
static bool is_chamber(const struct supervisor_heater *heater)
{
	return heater->name[0] == 'C';
}

static const char *heater_words(const struct supervisor_heater *heater)
{
	return is_bed(heater) ? "bed" : is_chamber(heater) ? "chamber" : "hot end";
}

static struct supervisor_heater *find_heater(struct supervisor *supervisor, const char *name)
{
	struct supervisor_heater *heater;

	for (size_t i = 0; i < supervisor->count; i++)
		if (strcmp(supervisor->heater[i].name, name) == 0)
			return &supervisor->heater[i];
	if (supervisor->count == DRIVER_HEATERS_MAX)
		return NULL;
	heater = &supervisor->heater[supervisor->count++];
	memset(heater, 0, sizeof(*heater));
	memcpy(heater->name, name, sizeof(heater->name));
	heater->target_celsius = -1;
	return heater;
}

/* Near it, or on the other side of it than the last reading (they may be far apart). */
static bool reaches(const struct supervisor_heater *heater, double celsius, double target)
{
	double before = heater->celsius - target, after = celsius - target;

	return fabs(after) <= SUPERVISOR_REACHED_CELSIUS || (before < 0) != (after < 0);
}

static void note_target(struct supervisor_heater *heater, const struct driver_heater *reading)
{
	if (reading->target_celsius == heater->target_celsius)
		return;
	heater->target_celsius = reading->target_celsius;
	heater->celsius = heater->lowest_celsius = reading->celsius;
	heater->reached = false;
	heater->over_since_us = heater->rise_since_us = 0;
}

/* One reading over the maximum may be noise; two are not. */
static void check_max(struct supervisor *supervisor, struct supervisor_heater *heater)
{
	double limit =
		is_bed(heater) ? supervisor->bed_max_celsius : supervisor->hotend_max_celsius;

	if (is_chamber(heater) || limit <= 0 ||
		heater->celsius <= limit + SUPERVISOR_OVER_MAX_CELSIUS) {
		heater->over_max = 0;
		return;
	}
	if (++heater->over_max >= 2)
		judge(supervisor, SUPERVISOR_OVER_MAX,
			"%s at %d degrees, above the profile's maximum of %d", heater_words(heater),
			whole(heater->celsius), whole(limit));
}

/* Above its target counts only when it had been there since the target changed, or has risen since:
 * cooling down is no alarm. Below SUPERVISOR_HOT_CELSIUS a neighbour may have warmed it. */
static void check_over(
	struct supervisor *supervisor, struct supervisor_heater *heater, int64_t now_us)
{
	bool risen = heater->celsius > heater->lowest_celsius + SUPERVISOR_OVER_CELSIUS;
	bool over = heater->celsius > heater->target_celsius + SUPERVISOR_OVER_CELSIUS &&
		    heater->celsius >= SUPERVISOR_HOT_CELSIUS && (heater->reached || risen);

	if (is_chamber(heater) || !over) {
		heater->over_since_us = 0;
		return;
	}
	if (heater->over_since_us == 0)
		heater->over_since_us = now_us;
	if (now_us - heater->over_since_us >= SUPERVISOR_OVER_US)
		judge(supervisor, SUPERVISOR_OVER_TARGET,
			"%s at %d degrees for 10 s, its target is %d", heater_words(heater),
			whole(heater->celsius), whole(heater->target_celsius));
}

static void check_rise(
	struct supervisor *supervisor, struct supervisor_heater *heater, int64_t now_us)
{
	int64_t limit_us = is_bed(heater) ? SUPERVISOR_BED_RISE_US : SUPERVISOR_HOTEND_RISE_US;
	bool heating = heater->target_celsius > 0 &&
		       heater->celsius < heater->target_celsius - SUPERVISOR_NEAR_CELSIUS;

	if (is_chamber(heater) || !heating) {
		heater->rise_since_us = 0;
		return;
	}
	if (heater->rise_since_us == 0 ||
		heater->celsius >= heater->rise_from_celsius + SUPERVISOR_RISE_CELSIUS) {
		heater->rise_since_us = now_us;
		heater->rise_from_celsius = heater->celsius;
		return;
	}
	if (now_us - heater->rise_since_us >= limit_us)
		judge(supervisor, SUPERVISOR_NO_RISE,
			"%s stays at %d degrees for %d s though its target is %d",
			heater_words(heater), whole(heater->celsius), (int)(limit_us / 1000000),
			whole(heater->target_celsius));
}

static void forget_gone(struct supervisor *supervisor, int64_t now_us)
{
	size_t kept = 0;

	for (size_t i = 0; i < supervisor->count; i++)
		if (now_us - supervisor->heater[i].seen_us < SUPERVISOR_GONE_US)
			supervisor->heater[kept++] = supervisor->heater[i];
	supervisor->count = kept;
}

enum supervisor_verdict supervisor_reading(
	struct supervisor *supervisor, int64_t now_us, const struct driver_heaters *heaters)
{
	supervisor->reading_us = now_us;
	for (size_t i = 0; i < heaters->count && i < DRIVER_HEATERS_MAX; i++) {
		const struct driver_heater *reading = &heaters->heater[i];
		struct supervisor_heater *heater = find_heater(supervisor, reading->name);

		if (!heater)
			continue;
		heater->seen_us = now_us;
		if (reading->target_unsaid) {
			heater->celsius = reading->celsius;
			check_max(supervisor, heater);
			continue;
		}
		note_target(heater, reading);
		if (reaches(heater, reading->celsius, reading->target_celsius))
			heater->reached = true;
		heater->celsius = reading->celsius;
		if (heater->celsius < heater->lowest_celsius)
			heater->lowest_celsius = heater->celsius;
		check_max(supervisor, heater);
		check_over(supervisor, heater, now_us);
		check_rise(supervisor, heater, now_us);
	}
	if (heaters->count > 1)
		forget_gone(supervisor, now_us);
	return supervisor->verdict;
}

bool supervisor_is_heating(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->count; i++)
		if (supervisor->heater[i].target_celsius > 0)
			return true;
	return false;
}

bool supervisor_is_hot(const struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->count; i++)
		if (supervisor->heater[i].celsius >= SUPERVISOR_HOT_CELSIUS)
			return true;
	return supervisor_is_heating(supervisor);
}

enum supervisor_verdict supervisor_check(
	struct supervisor *supervisor, int64_t now_us, bool long_command)
{
	int64_t stale_us = long_command ? SUPERVISOR_LONG_US : SUPERVISOR_STALE_US;

	supervisor->long_command = long_command;
	if (!supervisor_is_hot(supervisor))
		return supervisor->verdict;
	if (now_us - supervisor->heard_us >= SUPERVISOR_SILENCE_US)
		return judge(supervisor, SUPERVISOR_SILENT,
			"hot, and not a byte from the printer for 10 s");
	if (now_us - supervisor->reading_us >= stale_us)
		return judge(supervisor, SUPERVISOR_STALE,
			"hot, and no temperature from the printer for %d s",
			(int)(stale_us / 1000000));
	return supervisor->verdict;
}

int64_t supervisor_due_us(const struct supervisor *supervisor)
{
	int64_t silent_us = supervisor->heard_us + SUPERVISOR_SILENCE_US;
	int64_t stale_us = supervisor->reading_us +
			   (supervisor->long_command ? SUPERVISOR_LONG_US : SUPERVISOR_STALE_US);

	if (!supervisor_is_hot(supervisor) || supervisor->verdict != SUPERVISOR_FINE)
		return INT64_MAX;
	return silent_us < stale_us ? silent_us : stale_us;
}
