/* Holidays from an iCalendar file; see holidays.h. */
#include "daemon/control/holidays.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h> /* strncasecmp */

#include <libical/ical.h>

#include "base/error.h"

enum {
	DAY_S = 86400,
	EVENTS_MAX = 5000,
	MOVED_MAX = 1000, /* occurrences that other events stand for */
	DEPTH_MAX = 8,
	NAME_MAX_CHARS = 32,
};

/* An occurrence of a repeated event that has an event of its own. */
struct moved {
	const char *uid; /* borrowed from the calendar */
	int64_t at_s;
};

struct reader {
	const char *path;
	struct error *error;
	int64_t now_s;
	struct config_spans *spans;
	const char *text;
	size_t event_count;
	int *event_line; /* of each VEVENT; owned */
	size_t moved_count;
	struct moved *moved; /* owned */
	/* Of the event that is being read. */
	int line;
	const char *uid;
	bool is_utc, is_occurrence;
	int64_t length_s;
	char name[CONFIG_SPAN_NAME_MAX];
	int result;
};

static int wrong(struct reader *reader, int line, const char *what)
{
	error_set(reader->error, "%s:%d: %s", reader->path, line, what);
	return -EINVAL;
}

/* ---- the form of the file ----------------------------------------------------------------- */

static int read_file(const char *path, char **text, struct error *error)
{
	FILE *file = fopen(path, "re");
	char *bytes = calloc(1, HOLIDAYS_FILE_MAX_BYTES + 2);
	size_t length = 0;
	int result = file ? 0 : -errno;

	if (!bytes)
		result = -ENOMEM;
	if (result == 0)
		length = fread(bytes, 1, HOLIDAYS_FILE_MAX_BYTES + 1, file);
	if (result == 0 && ferror(file))
		result = -EIO;
	if (result == 0 && length > HOLIDAYS_FILE_MAX_BYTES)
		result = -EFBIG;
	if (file)
		fclose(file);
	if (result == 0 && memchr(bytes, '\0', length)) {
		error_set(error, "%s:1: a NUL byte: this is no iCalendar file", path);
		free(bytes);
		return -EINVAL;
	}
	if (result != 0) {
		error_set(error, "%s cannot be read: %s", path, strerror(-result));
		free(bytes);
		return result;
	}
	*text = bytes;
	return 0;
}

/* "NAME:" or "NAME;PARAMETERS:" */
static bool is_content_line(const char *line, size_t length)
{
	size_t name = 0;

	while (name < length && (isalnum((unsigned char)line[name]) || line[name] == '-'))
		name++;
	return name > 0 && name < length && (line[name] == ':' || line[name] == ';') &&
	       memchr(line, ':', length);
}

static bool begins(const char *line, size_t length, const char *word)
{
	return length >= strlen(word) && strncasecmp(line, word, strlen(word)) == 0;
}

struct nesting {
	int depth;
	char name[DEPTH_MAX][NAME_MAX_CHARS];
	int line[DEPTH_MAX];
};

static int enter(
	struct reader *reader, struct nesting *nesting, const char *name, size_t length, int line)
{
	if (nesting->depth == DEPTH_MAX || length >= NAME_MAX_CHARS)
		return wrong(reader, line, "BEGIN: too deep or too long");
	if (nesting->depth == 0 && !(length == 9 && begins(name, length, "VCALENDAR")))
		return wrong(reader, line, "BEGIN:VCALENDAR is expected");
	snprintf(nesting->name[nesting->depth], NAME_MAX_CHARS, "%.*s", (int)length, name);
	nesting->line[nesting->depth++] = line;
	if (length != 6 || !begins(name, length, "VEVENT"))
		return 0;
	if (reader->event_count == EVENTS_MAX)
		return wrong(reader, line, "too many events: at most 5000");
	reader->event_line[reader->event_count++] = line;
	return 0;
}

static int leave(
	struct reader *reader, struct nesting *nesting, const char *name, size_t length, int line)
{
	const char *open = nesting->depth > 0 ? nesting->name[nesting->depth - 1] : "";
	char what[96];

	if (strlen(open) == length && strncasecmp(open, name, length) == 0) {
		nesting->depth--;
		return 0;
	}
	snprintf(what, sizeof what, "END:%.*s does not end what is open here%s%s",
		(int)(length < 24 ? length : 24), name, *open ? ": " : "", open);
	for (char *at = what; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return wrong(reader, line, what);
}

/* What libical would pass over in silence. */
static int check_form(struct reader *reader)
{
	struct nesting nesting = { 0 };
	const char *line = reader->text;
	int number = 1, result = 0;

	if (begins(line, strlen(line), "\xef\xbb\xbf"))
		line += 3;
	for (; *line && result == 0; number++) {
		size_t length = strcspn(line, "\r\n");

		if (length == 0 || *line == ' ' || *line == '\t')
			; /* empty, or the line before goes on */
		else if (!is_content_line(line, length))
			result = wrong(reader, number, "NAME:VALUE is expected");
		else if (begins(line, length, "BEGIN:"))
			result = enter(reader, &nesting, line + 6, length - 6, number);
		else if (begins(line, length, "END:"))
			result = leave(reader, &nesting, line + 4, length - 4, number);
		else if (nesting.depth == 0)
			result = wrong(reader, number, "BEGIN:VCALENDAR is expected");
		line += length;
		line += strncmp(line, "\r\n", 2) == 0 ? 2 : *line ? 1 : 0;
	}
	if (result == 0 && nesting.depth > 0) {
		char what[64];

		snprintf(what, sizeof what, "BEGIN:%s has no END", nesting.name[nesting.depth - 1]);
		result = wrong(reader, nesting.line[nesting.depth - 1], what);
	}
	if (result == 0 && !strstr(reader->text, "VCALENDAR"))
		result = wrong(reader, 1, "BEGIN:VCALENDAR is expected");
	return result;
}

/* The line of a property within the event that begins at `from`; `from` when it is not there. */
static int line_of(const struct reader *reader, int from, const char *name)
{
	const char *line = reader->text;

	for (int number = 1; *line; number++) {
		size_t length = strcspn(line, "\r\n");

		if (number > from && begins(line, length, "END:VEVENT"))
			return from;
		if (number > from && begins(line, length, name) &&
			(line[strlen(name)] == ':' || line[strlen(name)] == ';'))
			return number;
		line += length;
		line += strncmp(line, "\r\n", 2) == 0 ? 2 : *line ? 1 : 0;
	}
	return from;
}

static int wrong_property(struct reader *reader, const char *name, const char *what)
{
	char text[160];

	snprintf(text, sizeof text, "%s: %s", name, what);
	return wrong(reader, line_of(reader, reader->line, name), text);
}

/* ---- events -------------------------------------------------------------------------------- */

static bool add_span(struct config_spans *spans, const struct config_span *span)
{
	if (spans->count == CONFIG_SPANS_MAX)
		return false;
	if (spans->count == spans->room) {
		size_t room = spans->room ? 2 * spans->room : 64;
		struct config_span *bigger = reallocarray(spans->span, room, sizeof *bigger);

		if (!bigger)
			return false;
		spans->span = bigger;
		spans->room = room;
	}
	spans->span[spans->count++] = *span;
	return true;
}

static bool is_moved(const struct reader *reader, int64_t at_s)
{
	for (size_t i = 0; i < reader->moved_count; i++)
		if (reader->moved[i].at_s == at_s && strcmp(reader->moved[i].uid, reader->uid) == 0)
			return true;
	return false;
}

static void each_occurrence(icalcomponent *event, struct icaltime_span *occurrence, void *data)
{
	struct reader *reader = data;
	struct config_span span = {
		.begin_s = occurrence->start,
		.end_s = occurrence->start + reader->length_s,
		.is_utc = reader->is_utc,
	};

	(void)event;
	if (span.end_s < reader->now_s - HOLIDAYS_BEFORE_S ||
		(!reader->is_occurrence && is_moved(reader, span.begin_s)))
		return;
	snprintf(span.name, sizeof span.name, "%s", reader->name);
	if (!add_span(reader->spans, &span) && reader->result == 0)
		reader->result = wrong(reader, reader->line, "too many events within five years");
}

/* The first property that libical could not read, if there is one. */
static int check_properties(struct reader *reader, icalcomponent *event)
{
	icalproperty *trouble = icalcomponent_get_first_property(event, ICAL_XLICERROR_PROPERTY);
	static const char *const names[] = { "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE",
		"EXDATE", "RECURRENCE-ID", "STATUS" };
	const char *text = trouble ? icalproperty_get_xlicerror(trouble) : NULL;

	if (!trouble)
		return 0;
	for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
		if (strstr(text, names[i]))
			return wrong_property(reader, names[i], "this value cannot be read");
	/* What does not say when is of no concern. */
	return icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY)
		       ? 0
		       : wrong_property(reader, "DTSTART", "this value cannot be read");
}

/* Holidays repeat by the day at most: a rule by the second would never come to an end. */
static int check_rules(struct reader *reader, icalcomponent *event)
{
	icalproperty *rule = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);

	for (; rule; rule = icalcomponent_get_next_property(event, ICAL_RRULE_PROPERTY)) {
		struct icalrecurrencetype type = icalproperty_get_rrule(rule);

		if (type.freq == ICAL_NO_RECURRENCE)
			return wrong_property(reader, "RRULE", "this value cannot be read");
		if (type.freq == ICAL_SECONDLY_RECURRENCE ||
			type.freq == ICAL_MINUTELY_RECURRENCE ||
			type.freq == ICAL_HOURLY_RECURRENCE)
			return wrong_property(reader, "RRULE",
				"holidays repeat DAILY, WEEKLY, MONTHLY or YEARLY");
	}
	return 0;
}

/* Local time is counted as if it were UTC. */
static int64_t seconds_of(struct icaltimetype time)
{
	return time.zone ? (int64_t)icaltime_as_timet_with_zone(time, time.zone)
			 : (int64_t)icaltime_as_timet(time);
}

/* libical takes the 24th of a 13th month for what it would be. */
static bool is_a_time(struct icaltimetype time)
{
	return !icaltime_is_null_time(time) && time.year >= 1601 && time.year <= 9999 &&
	       time.month >= 1 && time.month <= 12 && time.day >= 1 &&
	       time.day <= icaltime_days_in_month(time.month, time.year) && time.hour >= 0 &&
	       time.hour <= 23 && time.minute >= 0 && time.minute <= 59 && time.second >= 0 &&
	       time.second <= 60;
}

/* A time in a zone that neither the file nor the system knows would be taken for the farm's own. */
static int check_zone(struct reader *reader, icalcomponent *event, struct icaltimetype start)
{
	icalproperty *property = icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
	icalparameter *zone = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
	char what[96];

	if (!zone || start.zone || start.is_date)
		return 0;
	snprintf(what, sizeof what, "the time zone %.40s is not known",
		icalparameter_get_tzid(zone));
	for (char *at = what; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return wrong_property(reader, "DTSTART", what);
}

static int measure(struct reader *reader, icalcomponent *event, struct icaltimetype start)
{
	bool has_end = icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY) ||
		       icalcomponent_get_first_property(event, ICAL_DURATION_PROPERTY);
	struct icaltimetype end = icalcomponent_get_dtend(event);

	reader->is_utc = start.zone != NULL;
	reader->length_s = start.is_date ? DAY_S : 0;
	if (has_end && (!is_a_time(end)))
		return wrong_property(reader, "DTEND", "this value cannot be read");
	if (has_end)
		reader->length_s = seconds_of(end) - seconds_of(start);
	if (reader->length_s < 0)
		return wrong_property(reader, "DTEND", "ends before it begins");
	if (start.is_date && reader->length_s < DAY_S)
		reader->length_s = DAY_S;
	return 0;
}

static void take_name(struct reader *reader, icalcomponent *event)
{
	const char *summary = icalcomponent_get_summary(event);
	char *at = reader->name;

	snprintf(
		reader->name, sizeof reader->name, "%s", summary && *summary ? summary : "holiday");
	for (; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
}

static int read_event(struct reader *reader, icalcomponent *event)
{
	struct icaltimetype start = icalcomponent_get_dtstart(event);
	struct icaltimetype from, until;
	const char *uid = icalcomponent_get_uid(event);
	int result = check_properties(reader, event);

	if (result == 0 && !is_a_time(start))
		result = wrong_property(reader, "DTSTART", "when it begins must be said");
	if (result == 0)
		result = check_zone(reader, event, start);
	if (result == 0)
		result = check_rules(reader, event);
	if (result == 0)
		result = measure(reader, event, start);
	if (result != 0 || icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED)
		return result;
	reader->uid = uid ? uid : "";
	reader->is_occurrence =
		icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY) != NULL;
	take_name(reader, event);
	from = icaltime_from_timet_with_zone(
		(time_t)(reader->now_s - HOLIDAYS_BEFORE_S - reader->length_s), false,
		icaltimezone_get_utc_timezone());
	until = icaltime_from_timet_with_zone(
		(time_t)(reader->now_s + HOLIDAYS_AHEAD_S), false, icaltimezone_get_utc_timezone());
	icalcomponent_foreach_recurrence(event, from, until, each_occurrence, reader);
	return reader->result;
}

static void note_moved(struct reader *reader, icalcomponent *event)
{
	const char *uid = icalcomponent_get_uid(event);

	if (!uid || reader->moved_count == MOVED_MAX ||
		!icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY))
		return;
	reader->moved[reader->moved_count++] =
		(struct moved){ uid, seconds_of(icalcomponent_get_recurrenceid(event)) };
}

static int read_events(struct reader *reader, icalcomponent *calendar)
{
	icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
	size_t index = 0;
	int result = 0;

	for (; event; event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT))
		note_moved(reader, event);
	event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
	for (; event && result == 0 && index < reader->event_count; index++) {
		reader->line = reader->event_line[index];
		result = read_event(reader, event);
		event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT);
	}
	return result;
}

static int read_calendar(struct reader *reader)
{
	int result = check_form(reader);

	if (result != 0)
		return result;
	icalerror_set_errors_are_fatal(false);

	icalcomponent *calendar = icalcomponent_new_from_string(reader->text);

	if (!calendar)
		return wrong(reader, 1, "this cannot be read as an iCalendar file");
	result = icalcomponent_isa(calendar) == ICAL_VCALENDAR_COMPONENT
			 ? read_events(reader, calendar)
			 : wrong(reader, 1, "one BEGIN:VCALENDAR is expected, and nothing else");
	icalcomponent_free(calendar);
	return result;
}

int holidays_load(const char *path, int64_t now_s, struct config_spans *spans, struct error *error)
{
	struct reader reader = { .path = path, .error = error, .now_s = now_s, .spans = spans };
	char *text = NULL;
	int result = read_file(path, &text, error);

	if (result != 0)
		return result;
	reader.text = text;
	reader.event_line = calloc(EVENTS_MAX, sizeof *reader.event_line);
	reader.moved = calloc(MOVED_MAX, sizeof *reader.moved);
	if (reader.event_line && reader.moved)
		result = read_calendar(&reader);
	else
		result = -ENOMEM;
	free(reader.event_line);
	free(reader.moved);
	free(text);
	icalmemory_free_ring();
	return result;
}
