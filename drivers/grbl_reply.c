/* Lines of the grbl family; see grbl_reply.h. */
#include "drivers/grbl_reply.h"

#include "gcode/lexer.h"

#include <string.h> /* memcmp, memchr, memset, strlen */

enum { STATE_NAME_MAX = 16 };

static bool starts(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) &&
	       memcmp(text + length - strlen(with), with, strlen(with)) == 0;
}

/* Digits only, all of the text, at most nine. */
static bool read_whole(const char *text, size_t length, int32_t *value)
{
	*value = 0;
	if (length == 0 || length > 9)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*value = *value * 10 + (text[i] - '0');
	}
	return true;
}

/* Up to `most` numbers with commas between; how many there are, 0 when anything else is there. */
static size_t read_list(const char *text, size_t length, double *value, size_t most)
{
	size_t count = 0, used;

	while (count < most) {
		if (!lexer_number(text, length, &value[count], &used) || used == 0)
			return 0;
		count++;
		text += used;
		length -= used;
		if (length == 0)
			return count;
		if (*text != ',')
			return 0;
		text++;
		length--;
	}
	/* More axes than three. */
	return count;
}

/* ---- status ---- */

static const struct {
	const char *name;
	enum grbl_machine machine;
} machines[] = {
	{ "Idle", GRBL_MACHINE_IDLE },
	{ "Run", GRBL_MACHINE_RUN },
	{ "Hold", GRBL_MACHINE_HOLD },
	{ "Jog", GRBL_MACHINE_JOG },
	{ "Alarm", GRBL_MACHINE_ALARM },
	{ "Door", GRBL_MACHINE_DOOR },
	{ "Check", GRBL_MACHINE_CHECK },
	{ "Home", GRBL_MACHINE_HOME },
	{ "Sleep", GRBL_MACHINE_SLEEP },
	{ "Tool", GRBL_MACHINE_TOOL },
};

const char *grbl_machine_name(enum grbl_machine machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return "unknown";
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_machine(const char *text, size_t length, struct grbl_status *status)
{
	const char *colon = memchr(text, ':', length);
	size_t name = colon ? (size_t)(colon - text) : length;
	int32_t sub;

	status->sub = -1;
	if (colon) {
		if (!read_whole(colon + 1, length - name - 1, &sub))
			return false;
		status->sub = (int)sub;
	}
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (strlen(machines[i].name) == name && starts(text, name, machines[i].name)) {
			status->machine = machines[i].machine;
			return true;
		}
	}
	/* A state that a newer firmware has: not known, but no damage. */
	status->machine = GRBL_MACHINE_UNKNOWN;
	for (size_t i = 0; i < name; i++)
		if (!is_letter(text[i]))
			return false;
	return name >= 2 && name <= STATE_NAME_MAX;
}

static bool read_buffer(const char *text, size_t length, struct grbl_status *status)
{
	const char *comma = memchr(text, ',', length);

	status->has_buffer = true;
	return comma && read_whole(text, (size_t)(comma - text), &status->blocks) &&
	       read_whole(comma + 1, length - (size_t)(comma - text) - 1, &status->bytes);
}

static bool read_speed(const char *text, size_t length, struct grbl_status *status)
{
	double value[3];

	status->has_speed = read_list(text, length, value, 3) >= 2;
	status->rpm = status->has_speed ? value[1] : 0;
	return status->has_speed;
}

/* A field that is not known may say anything. */
static bool read_field(const char *text, size_t length, struct grbl_status *status)
{
	double overrides[3];

	if (starts(text, length, "MPos:") || starts(text, length, "WPos:")) {
		status->is_work = text[0] == 'W';
		status->has_position = read_list(text + 5, length - 5, status->position_mm, 3) >= 2;
		return status->has_position;
	}
	if (starts(text, length, "WCO:")) {
		status->has_offset = read_list(text + 4, length - 4, status->offset_mm, 3) >= 2;
		return status->has_offset;
	}
	if (starts(text, length, "Bf:"))
		return read_buffer(text + 3, length - 3, status);
	if (starts(text, length, "FS:"))
		return read_speed(text + 3, length - 3, status);
	if (starts(text, length, "Ov:")) {
		status->has_overrides = read_list(text + 3, length - 3, overrides, 3) == 3;
		return status->has_overrides;
	}
	if (starts(text, length, "A:"))
		status->spindle = memchr(text, 'S', length) || memchr(text, 'C', length);
	if (starts(text, length, "SD:"))
		status->card = true;
	return true;
}

/* "<Run|MPos:…|FS:…>": what is between the brackets. */
static bool read_status(const char *text, size_t length, struct grbl_status *status)
{
	bool first = true;

	memset(status, 0, sizeof(*status));
	for (;;) {
		const char *bar = memchr(text, '|', length);
		size_t part = bar ? (size_t)(bar - text) : length;

		if (first ? !read_machine(text, part, status) : !read_field(text, part, status))
			return false;
		first = false;
		if (!bar)
			return true;
		text = bar + 1;
		length -= part + 1;
	}
}

static bool looks_like_status(const char *text, size_t length)
{
	return length >= 2 && (text[0] == '<' || text[length - 1] == '>');
}

static void status_line(const char *text, size_t length, struct grbl_reply *reply)
{
	bool whole =
		text[0] == '<' && text[length - 1] == '>' && !memchr(text + 1, '<', length - 1);

	if (whole && read_status(text + 1, length - 2, &reply->status)) {
		reply->kind = GRBL_REPLY_STATUS;
		return;
	}
	reply->kind = GRBL_REPLY_DAMAGED_STATUS;
	if (text[0] == '<' && ends(text, length, "ok"))
		reply->oks = 1;
	else if (starts(text, length, "ok") && text[length - 1] == '>')
		reply->oks = 1;
}

/* ---- brackets ---- */

static void options_line(const char *text, size_t length, struct grbl_reply *reply)
{
	const char *comma = memchr(text, ',', length);
	double value[2];

	reply->kind = GRBL_REPLY_OPTIONS;
	if (!comma)
		return;
	size_t rest = length - (size_t)(comma - text) - 1;
	if (read_list(comma + 1, rest, value, 2) < 2 || value[0] < 0 || value[0] > 10000 ||
		value[1] < 0 || value[1] > 1000000)
		return;
	reply->blocks = (int32_t)value[0];
	reply->bytes = (int32_t)value[1];
}

static void bracket_line(const char *text, size_t length, struct grbl_reply *reply)
{
	static const struct {
		const char *start;
		enum grbl_reply_kind kind;
	} known[] = {
		{ "[VER:", GRBL_REPLY_VERSION },
		{ "[FIRMWARE:", GRBL_REPLY_FIRMWARE },
		{ "[GC:", GRBL_REPLY_PARSER },
		{ "[MSG:", GRBL_REPLY_MESSAGE },
		{ "[OPT:", GRBL_REPLY_OPTIONS },
	};

	reply->kind = GRBL_REPLY_PUSH;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!starts(text, length, known[i].start))
			continue;
		size_t skip = strlen(known[i].start);
		reply->kind = known[i].kind;
		reply->text = text + skip;
		reply->length = length - skip - (text[length - 1] == ']');
		if (reply->kind == GRBL_REPLY_OPTIONS)
			options_line(reply->text, reply->length, reply);
		return;
	}
}

/* "$32=1", "$132=200.000 (text)". */
static bool setting_line(const char *text, size_t length, struct grbl_reply *reply)
{
	const char *equals = memchr(text, '=', length);
	size_t used;

	if (!equals)
		return false;
	size_t name = (size_t)(equals - text);
	size_t rest = length - name - 1;
	reply->kind = GRBL_REPLY_PUSH;
	if (read_whole(text + 1, name - 1, &reply->number) &&
		lexer_number(equals + 1, rest, &reply->value, &used) && used > 0)
		reply->kind = GRBL_REPLY_SETTING;
	return true;
}

/* ---- the line ---- */

static bool is_foreign(const char *text, size_t length)
{
	static const char *const words[] = { "start", "echo:", "Error:", "Marlin",
		"FIRMWARE_NAME:", "wait", "T:", "ok T:", "Resend:", "Cap:", "//", "!!", "Klipper" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (starts(text, length, words[i]))
			return true;
	return false;
}

static bool is_banner(const char *text, size_t length)
{
	return starts(text, length, "Grbl ") || starts(text, length, "GrblHAL ") ||
	       starts(text, length, "grblHAL ");
}

static bool numbered(const char *text, size_t length, const char *start, enum grbl_reply_kind kind,
	struct grbl_reply *reply)
{
	size_t skip = strlen(start);

	if (!starts(text, length, start) || !read_whole(text + skip, length - skip, &reply->number))
		return false;
	reply->kind = kind;
	return true;
}

void grbl_reply_read(const struct reply_line *line, struct grbl_reply *reply)
{
	const char *text = line->text;
	size_t length = line->length;

	memset(reply, 0, sizeof(*reply));
	reply->text = text;
	reply->length = length;
	reply->kind = GRBL_REPLY_UNREADABLE;
	if (length == 0) {
		reply->kind = GRBL_REPLY_EMPTY;
	} else if (length == 2 && starts(text, length, "ok")) {
		reply->kind = GRBL_REPLY_OK;
		reply->oks = 1;
	} else if (length == 4 && starts(text, length, "okok")) {
		reply->kind = GRBL_REPLY_OK;
		reply->oks = 2;
	} else if (numbered(text, length, "error:", GRBL_REPLY_ERROR, reply) ||
		   numbered(text, length, "ALARM:", GRBL_REPLY_ALARM, reply)) {
		return;
	} else if (is_banner(text, length)) {
		reply->kind = GRBL_REPLY_BANNER;
	} else if (looks_like_status(text, length)) {
		status_line(text, length, reply);
	} else if (text[0] == '[') {
		if (text[length - 1] == ']')
			bracket_line(text, length, reply);
	} else if (text[0] == '>') {
		reply->kind = GRBL_REPLY_PUSH; /* ">G54G20:ok": the ok is its own */
	} else if (text[0] == '$' && setting_line(text, length, reply)) {
		return;
	} else if (is_foreign(text, length)) {
		reply->kind = GRBL_REPLY_FOREIGN;
	}
}
