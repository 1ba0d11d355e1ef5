/* Encoding and decoding of the frames described in wire.h, from one table of fields.
 *
 * The encoder never writes what the decoder would refuse: text that is not UTF-8 is made so (a bad
 * byte becomes '?'), a number that is not finite is left out and reads as 0.  The decoder is strict
 * since its peer may be anybody who reaches the socket: a field twice, a text with a NUL, a number
 * of another length, an enumerator that this version does not know all cut the peer off. */
#include "daemon/wire/wire.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
	LENGTH_WORD_BYTES = 4,
	HEAD_BYTES = 4, /* kind and reserved */
	FIELD_HEAD_BYTES = 4,
	NUMBER_BYTES = 8,
};

enum field_type {
	FIELD_I64,
	FIELD_U64,
	FIELD_U32,
	FIELD_BOOL,
	FIELD_DOUBLE,
	FIELD_ENUM,  /* an int from 0 to `limit` */
	FIELD_COUNT, /* an int64_t from 0 to `limit` */
	FIELD_TEXT,  /* a char array of `limit` bytes, NUL-terminated */
};

/* `id` is the number on the wire: append only, never reuse one.  The enumerators above are not. */
struct field {
	uint16_t id;
	uint32_t kinds; /* bit k: kind k carries it */
	enum field_type type;
	size_t offset; /* in struct wire_message */
	size_t limit;
};

#define KIND(name)	(UINT32_C(1) << WIRE_##name)
#define EVERY_KIND	UINT32_MAX
#define AT(member)	offsetof(struct wire_message, member)
#define TEXT_OF(member) FIELD_TEXT, AT(member), sizeof(((struct wire_message *)NULL)->member)

#define HEATER_ROWS(id, i)                                                                         \
	{ id, KIND(PRINTER), TEXT_OF(state.heater[i].name) },                                      \
		{ id + 1, KIND(PRINTER), FIELD_DOUBLE, AT(state.heater[i].celsius), 0 },           \
	{                                                                                          \
		id + 2, KIND(PRINTER), FIELD_DOUBLE, AT(state.heater[i].target_celsius), 0         \
	}

#define PROGRESS_ROWS(id, kind, member)                                                            \
	{ id, kind, FIELD_I64, AT(member.commands_done), 0 },                                      \
		{ id + 1, kind, FIELD_I64, AT(member.commands), 0 },                               \
		{ id + 2, kind, FIELD_I64, AT(member.lines_sent), 0 },                             \
		{ id + 3, kind, FIELD_I64, AT(member.resends), 0 },                                \
		{ id + 4, kind, FIELD_I64, AT(member.bytes_sent), 0 },                             \
		{ id + 5, kind, FIELD_I64, AT(member.lost_acknowledgements), 0 },                  \
		{ id + 6, kind, FIELD_I64, AT(member.surplus_acknowledgements), 0 },               \
	{                                                                                          \
		id + 7, kind, FIELD_I64, AT(member.print_us), 0                                    \
	}

#define TELEMETRY_ROW(id, kind, member, name)                                                      \
	{                                                                                          \
		id, kind, FIELD_I64, AT(member.telemetry.name), 0                                  \
	}
#define TELEMETRY_ROWS(id, kind, member)                                                           \
	TELEMETRY_ROW(id, kind, member, starved_us),                                               \
		TELEMETRY_ROW(id + 1, kind, member, stall_us[0]),                                  \
		TELEMETRY_ROW(id + 2, kind, member, stall_us[1]),                                  \
		TELEMETRY_ROW(id + 3, kind, member, stall_us[2]),                                  \
		TELEMETRY_ROW(id + 4, kind, member, stall_us[3]),                                  \
		TELEMETRY_ROW(id + 5, kind, member, stall_us[4]),                                  \
		TELEMETRY_ROW(id + 6, kind, member, starved_count),                                \
		TELEMETRY_ROW(id + 7, kind, member, line_errors),                                  \
		TELEMETRY_ROW(id + 8, kind, member, unreadable_lines),                             \
		TELEMETRY_ROW(id + 9, kind, member, lines_per_s_milli),                            \
		TELEMETRY_ROW(id + 10, kind, member, in_flight_lines),                             \
		TELEMETRY_ROW(id + 11, kind, member, in_flight_bytes),                             \
		TELEMETRY_ROW(id + 12, kind, member, in_flight_bytes_max),                         \
		TELEMETRY_ROW(id + 13, kind, member, answer_us),                                   \
		TELEMETRY_ROW(id + 14, kind, member, answer_min_us),                               \
		TELEMETRY_ROW(id + 15, kind, member, planner_free),                                \
		TELEMETRY_ROW(id + 16, kind, member, planner_size),                                \
		TELEMETRY_ROW(id + 17, kind, member, queue_free),                                  \
		TELEMETRY_ROW(id + 18, kind, member, queue_size)

static const struct field fields[] = {
	{ 1, EVERY_KIND, FIELD_U64, AT(request), 0 },
	{ 2, EVERY_KIND, TEXT_OF(printer) },
	{ 3, EVERY_KIND, TEXT_OF(attempt) },
	{ 4, KIND(ANSWER), FIELD_I64, AT(error), 0 },
	{ 5, KIND(ANSWER) | KIND(SAID) | KIND(MANUAL), TEXT_OF(text) },

	{ 10, KIND(HELLO), FIELD_U32, AT(hello.version), 0 },
	{ 11, KIND(HELLO), FIELD_I64, AT(hello.process_id), 0 },
	{ 12, KIND(HELLO), TEXT_OF(hello.program) },

	{ 20, KIND(SET_PRINTER), TEXT_OF(settings.port) },
	{ 21, KIND(SET_PRINTER), TEXT_OF(settings.dialect) },
	{ 22, KIND(SET_PRINTER), FIELD_I64, AT(settings.baud), 0 },
	{ 23, KIND(SET_PRINTER), FIELD_I64, AT(settings.window_lines), 0 },
	{ 24, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.hotend_max_celsius), 0 },
	{ 25, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.bed_max_celsius), 0 },
	{ 26, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.volume_min_mm[0]), 0 },
	{ 27, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.volume_min_mm[1]), 0 },
	{ 28, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.volume_min_mm[2]), 0 },
	{ 29, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.volume_max_mm[0]), 0 },
	{ 30, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.volume_max_mm[1]), 0 },
	{ 31, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.volume_max_mm[2]), 0 },
	{ 32, KIND(SET_PRINTER), FIELD_BOOL, AT(settings.can_reset_line), 0 },
	{ 33, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.park_x_mm), 0 },
	{ 34, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.park_y_mm), 0 },
	{ 35, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.park_lift_mm), 0 },
	{ 36, KIND(SET_PRINTER), FIELD_DOUBLE, AT(settings.hotend_standby_celsius), 0 },
	{ 37, KIND(SET_PRINTER), TEXT_OF(settings.side_port) },
	{ 38, KIND(SET_PRINTER), FIELD_BOOL, AT(settings.meatpack), 0 },
	{ 40, KIND(SET_PRINTER), FIELD_I64, AT(settings.window_bytes), 0 },
	{ 41, KIND(SET_PRINTER), FIELD_BOOL, AT(settings.short_numbers), 0 },
	{ 150, KIND(SET_PRINTER), FIELD_BOOL, AT(settings.no_adoption), 0 },
	{ 151, KIND(SET_PRINTER), TEXT_OF(settings.uuid) },
	{ 152, KIND(SET_PRINTER), FIELD_I64, AT(settings.pause_heat_s), 0 },
	{ 153, KIND(SET_PRINTER), FIELD_I64, AT(settings.dead_man_s), 0 },
	{ 154, KIND(SET_PRINTER), TEXT_OF(settings.power_off) },
	{ 39, KIND(SET_PRINTER), FIELD_I64, AT(settings.machine_kind), 0 },
	{ 155, KIND(SET_PRINTER), TEXT_OF(settings.rules) },
	{ 156, KIND(SET_PRINTER), FIELD_I64, AT(settings.tools), 0 },
	{ 157, KIND(SET_PRINTER), FIELD_I64, AT(settings.firmware), 0 },
	{ 158, KIND(SET_PRINTER), FIELD_BOOL, AT(settings.reset_on_connect), 0 },

	{ 45, KIND(CONNECT), FIELD_BOOL, AT(reset), 0 },

	{ 50, KIND(START), TEXT_OF(start.path) },
	{ 51, KIND(START), FIELD_I64, AT(start.bytes), 0 },
	{ 52, KIND(START), FIELD_I64, AT(start.commands), 0 },

	{ 60, KIND(PRINTER), FIELD_ENUM, AT(state.link), WIRE_ONLINE },
	{ 61, KIND(PRINTER), FIELD_ENUM, AT(state.activity), WIRE_BY_HAND },
	{ 62, KIND(PRINTER), TEXT_OF(state.attempt) },
	{ 63, KIND(PRINTER), TEXT_OF(state.reason) },
	{ 64, KIND(PRINTER), FIELD_I64, AT(state.fault), 0 },
	{ 65, KIND(PRINTER), TEXT_OF(state.firmware) },
	{ 66, KIND(PRINTER), TEXT_OF(state.machine) },
	{ 67, KIND(PRINTER), TEXT_OF(state.uuid) },
	{ 68, KIND(PRINTER), FIELD_I64, AT(state.heaters_age_us), 0 },
	{ 69, KIND(PRINTER), FIELD_COUNT, AT(state.heater_count), WIRE_HEATERS_MAX },
	{ 70, KIND(PRINTER), FIELD_BOOL, AT(state.hot_by_us), 0 },
	{ 71, KIND(PRINTER), TEXT_OF(state.window) },
	{ 160, KIND(PRINTER), FIELD_BOOL, AT(state.no_remote_stop), 0 },
	HEATER_ROWS(80, 0),
	HEATER_ROWS(83, 1),
	HEATER_ROWS(86, 2),
	HEATER_ROWS(89, 3),
	PROGRESS_ROWS(100, KIND(PRINTER), state.progress),

	{ 120, KIND(ENDED), TEXT_OF(ended.attempt) },
	{ 121, KIND(ENDED), FIELD_ENUM, AT(ended.result), WIRE_SUSPECT },
	{ 122, KIND(ENDED), FIELD_I64, AT(ended.fault), 0 },
	{ 123, KIND(ENDED), TEXT_OF(ended.reason) },
	PROGRESS_ROWS(130, KIND(ENDED), ended.progress),

	{ 150, KIND(RECORDING) | KIND(ANSWER), FIELD_I64, AT(recording.next[0]), 0 },
	{ 151, KIND(RECORDING) | KIND(ANSWER), FIELD_I64, AT(recording.next[1]), 0 },
	{ 152, KIND(RECORDING) | KIND(ANSWER), FIELD_I64, AT(recording.next[2]), 0 },
	{ 153, KIND(ANSWER), FIELD_BOOL, AT(recording.more), 0 },
	{ 154, KIND(ANSWER), FIELD_BOOL, AT(recording.filled), 0 },
	{ 155, KIND(ANSWER), TEXT_OF(recording.text) },

	TELEMETRY_ROWS(200, KIND(PRINTER), state.progress),
	TELEMETRY_ROWS(230, KIND(ENDED), ended.progress),
};

enum { FIELD_ROWS = sizeof(fields) / sizeof(fields[0]) };

static const char *const kind_names[] = {
	[WIRE_NONE] = "none",
	[WIRE_HELLO] = "hello",
	[WIRE_SET_PRINTER] = "set printer",
	[WIRE_REMOVE_PRINTER] = "remove printer",
	[WIRE_START] = "start",
	[WIRE_PAUSE] = "pause",
	[WIRE_RESUME] = "resume",
	[WIRE_CANCEL] = "cancel",
	[WIRE_MANUAL] = "manual",
	[WIRE_CONNECT] = "connect",
	[WIRE_ESTOP] = "estop",
	[WIRE_BOOKED] = "booked",
	[WIRE_SHUTDOWN] = "shutdown",
	[WIRE_ANSWER] = "answer",
	[WIRE_PRINTER] = "printer",
	[WIRE_ENDED] = "ended",
	[WIRE_SAID] = "said",
	[WIRE_RECORDING] = "recording",
};

const char *wire_kind_name(enum wire_kind kind)
{
	if ((unsigned int)kind > WIRE_KIND_LAST)
		return "unknown";
	return kind_names[kind];
}

static void put_number(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_number(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

/* Bytes of the UTF-8 character at the start of text, 0 when there is none (RFC 3629: shortest
 * forms only, no surrogates, nothing above U+10FFFF). */
static size_t utf8_length(const uint8_t *text, size_t length)
{
	uint8_t first = text[0], low = 0x80, high = 0xBF;
	size_t bytes;

	if (first < 0x80)
		return 1;
	if (first >= 0xC2 && first <= 0xDF)
		bytes = 2;
	else if (first >= 0xE0 && first <= 0xEF)
		bytes = 3;
	else if (first >= 0xF0 && first <= 0xF4)
		bytes = 4;
	else
		return 0;
	if (first == 0xE0)
		low = 0xA0;
	else if (first == 0xED)
		high = 0x9F;
	else if (first == 0xF0)
		low = 0x90;
	else if (first == 0xF4)
		high = 0x8F;
	if (length < bytes || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < bytes; i++)
		if (text[i] < 0x80 || text[i] > 0xBF)
			return 0;
	return bytes;
}

/* ---- encoding ---------------------------------------------------------------- */

/* Copies text, replacing what is not UTF-8; the length stays the same. */
static void copy_as_utf8(uint8_t *to, const uint8_t *from, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t bytes = utf8_length(from + at, length - at);

		if (bytes == 0)
			to[at++] = '?';
		else
			for (; bytes > 0; bytes--, at++)
				to[at] = from[at];
	}
}

/* The 8 bytes of a field that is not text. */
static uint64_t number_of(const struct field *field, const char *value)
{
	uint64_t bits = 0;
	double number;

	switch (field->type) {
	case FIELD_I64:
	case FIELD_U64:
	case FIELD_COUNT:
		memcpy(&bits, value, sizeof(bits));
		return bits;
	case FIELD_U32: {
		uint32_t word;

		memcpy(&word, value, sizeof(word));
		return word;
	}
	case FIELD_ENUM: {
		unsigned int number_of_enumerator;

		memcpy(&number_of_enumerator, value, sizeof(number_of_enumerator));
		return number_of_enumerator;
	}
	case FIELD_BOOL: {
		bool flag;

		memcpy(&flag, value, sizeof(flag));
		return flag ? 1 : 0;
	}
	case FIELD_DOUBLE:
		memcpy(&number, value, sizeof(number));
		if (isfinite(number))
			memcpy(&bits, value, sizeof(bits));
		return bits;
	case FIELD_TEXT:
		break;
	}
	assert(!"a text has no number");
	return 0;
}

/* Writes one field; returns its bytes, 0 when it is empty or does not fit (then *fits is false). */
static size_t put_field(const struct field *field, const struct wire_message *message, uint8_t *at,
	size_t room, bool *fits)
{
	const char *value = (const char *)message + field->offset;
	uint64_t number = 0;
	size_t length = NUMBER_BYTES;

	if (field->type == FIELD_TEXT) {
		const char *end = memchr(value, '\0', field->limit);

		length = end ? (size_t)(end - value) : field->limit - 1;
		if (length == 0)
			return 0;
	} else {
		number = number_of(field, value);
		if (number == 0)
			return 0;
	}
	if (room < FIELD_HEAD_BYTES + length) {
		*fits = false;
		return 0;
	}
	put_number(at, field->id, 2);
	put_number(at + 2, length, 2);
	if (field->type == FIELD_TEXT)
		copy_as_utf8(at + FIELD_HEAD_BYTES, (const uint8_t *)value, length);
	else
		put_number(at + FIELD_HEAD_BYTES, number, NUMBER_BYTES);
	return FIELD_HEAD_BYTES + length;
}

size_t wire_encode(const struct wire_message *message, uint8_t *bytes, size_t size)
{
	size_t at = LENGTH_WORD_BYTES + HEAD_BYTES;
	bool fits = true;

	if (message->kind <= WIRE_NONE || message->kind > WIRE_KIND_LAST || size < at)
		return 0;
	if (size > LENGTH_WORD_BYTES + WIRE_FRAME_MAX)
		size = LENGTH_WORD_BYTES + WIRE_FRAME_MAX;
	for (size_t i = 0; i < FIELD_ROWS; i++)
		if (fields[i].kinds & (UINT32_C(1) << message->kind))
			at += put_field(&fields[i], message, bytes + at, size - at, &fits);
	if (!fits)
		return 0;
	put_number(bytes, at - LENGTH_WORD_BYTES, 4);
	put_number(bytes + 4, (uint64_t)message->kind, 2);
	put_number(bytes + 6, 0, 2);
	return at;
}

/* ---- decoding ---------------------------------------------------------------- */

static bool take_text(const struct field *field, const uint8_t *from, size_t length, char *value)
{
	if (length >= field->limit)
		return false;
	for (size_t at = 0; at < length;) {
		size_t bytes = from[at] == '\0' ? 0 : utf8_length(from + at, length - at);

		if (bytes == 0)
			return false;
		at += bytes;
	}
	memcpy(value, from, length);
	value[length] = '\0';
	return true;
}

static bool take_number(const struct field *field, uint64_t number, char *value)
{
	double real;

	switch (field->type) {
	case FIELD_COUNT:
		if (number > field->limit)
			return false;
		memcpy(value, &number, sizeof(number));
		return true;
	case FIELD_I64:
	case FIELD_U64:
		memcpy(value, &number, sizeof(number));
		return true;
	case FIELD_U32: {
		uint32_t word = (uint32_t)number;

		if (number > UINT32_MAX)
			return false;
		memcpy(value, &word, sizeof(word));
		return true;
	}
	case FIELD_ENUM: {
		unsigned int enumerator = (unsigned int)number;

		if (number > field->limit)
			return false;
		memcpy(value, &enumerator, sizeof(enumerator));
		return true;
	}
	case FIELD_BOOL: {
		bool flag = number != 0;

		if (number > 1)
			return false;
		memcpy(value, &flag, sizeof(flag));
		return true;
	}
	case FIELD_DOUBLE:
		memcpy(&real, &number, sizeof(real));
		if (!isfinite(real))
			return false;
		memcpy(value, &real, sizeof(real));
		return true;
	case FIELD_TEXT:
		break;
	}
	return false;
}

static const struct field *find_field(uint64_t id, enum wire_kind kind)
{
	for (size_t i = 0; i < FIELD_ROWS; i++)
		if (fields[i].id == id && (fields[i].kinds & (UINT32_C(1) << kind)))
			return &fields[i];
	return NULL;
}

static bool take_fields(const uint8_t *at, size_t left, struct wire_message *message)
{
	bool seen[FIELD_ROWS] = { false };

	while (left > 0) {
		const struct field *field;
		size_t length;
		char *value;

		if (left < FIELD_HEAD_BYTES)
			return false;
		length = (size_t)get_number(at + 2, 2);
		if (length > left - FIELD_HEAD_BYTES)
			return false;
		field = find_field(get_number(at, 2), message->kind);
		at += FIELD_HEAD_BYTES;
		left -= FIELD_HEAD_BYTES + length;
		if (field) {
			if (seen[field - fields])
				return false;
			seen[field - fields] = true;
			value = (char *)message + field->offset;
			if (field->type == FIELD_TEXT) {
				if (!take_text(field, at, length, value))
					return false;
			} else if (length != NUMBER_BYTES ||
				   !take_number(field, get_number(at, NUMBER_BYTES), value)) {
				return false;
			}
		}
		at += length;
	}
	return true;
}

enum wire_result_code wire_decode(
	const uint8_t *bytes, size_t length, struct wire_message *message, size_t *used)
{
	struct wire_message taken;
	uint64_t frame, kind;

	if (length < LENGTH_WORD_BYTES)
		return WIRE_INCOMPLETE;
	frame = get_number(bytes, 4);
	if (frame < HEAD_BYTES || frame > WIRE_FRAME_MAX)
		return WIRE_BAD;
	if (length - LENGTH_WORD_BYTES < frame)
		return WIRE_INCOMPLETE;
	kind = get_number(bytes + 4, 2);
	if (get_number(bytes + 6, 2) != 0)
		return WIRE_BAD;
	memset(&taken, 0, sizeof(taken));
	if (kind > WIRE_NONE && kind <= WIRE_KIND_LAST) {
		taken.kind = (enum wire_kind)kind;
		if (!take_fields(bytes + LENGTH_WORD_BYTES + HEAD_BYTES, (size_t)frame - HEAD_BYTES,
			    &taken))
			return WIRE_BAD;
	}
	*message = taken;
	*used = LENGTH_WORD_BYTES + (size_t)frame;
	return WIRE_OK;
}

static size_t encode_settings(const struct wire_settings *settings, uint8_t *bytes, size_t size)
{
	struct wire_message message = { .kind = WIRE_SET_PRINTER };

	message.settings = *settings;
	return wire_encode(&message, bytes, size);
}

bool wire_settings_are_equal(const struct wire_settings *a, const struct wire_settings *b)
{
	uint8_t bytes_a[LENGTH_WORD_BYTES + WIRE_FRAME_MAX], bytes_b[sizeof bytes_a];
	size_t length_a = encode_settings(a, bytes_a, sizeof bytes_a);
	size_t length_b = encode_settings(b, bytes_b, sizeof bytes_b);

	return length_a == length_b && memcmp(bytes_a, bytes_b, length_a) == 0;
}
