/* See effects.h. */
#include "drivers/effects.h"

#include "drivers/report.h"

#include <stdarg.h>
#include <stdio.h> /* vsnprintf, of strings and whole numbers only */
#include <string.h>

struct driver_effect *effects_add(struct driver_effects *effects, enum driver_effect_kind kind)
{
	if (effects->count >= DRIVER_EFFECTS_MAX)
		return NULL;
	struct driver_effect *effect = &effects->effect[effects->count++];

	effect->kind = kind;
	effect->state = DRIVER_CLOSED;
	effect->fault = DRIVER_FAULT_NONE;
	effect->time_us = 0;
	effect->index = -1;
	effect->line_number = 0;
	effect->line = DRIVER_LINE_COMMAND;
	effect->write_offset = 0;
	effect->write_length = 0;
	effect->text[0] = '\0';
	return effect;
}

static void write_bytes(struct driver_effects *effects, enum driver_effect_kind kind,
	const char *bytes, size_t length)
{
	struct driver_effect *effect =
		effects->count > 0 ? &effects->effect[effects->count - 1] : NULL;

	if (length > DRIVER_WRITE_MAX - effects->byte_count)
		return;
	if (!effect || effect->kind != kind) {
		effect = effects_add(effects, kind);
		if (!effect)
			return;
		effect->write_offset = effects->byte_count;
	}
	memcpy(effects->bytes + effects->byte_count, bytes, length);
	effects->byte_count += length;
	effect->write_length += length;
}

void effects_write(struct driver_effects *effects, const char *bytes, size_t length)
{
	write_bytes(effects, DRIVER_WRITE, bytes, length);
}

void effects_side_write(struct driver_effects *effects, const char *bytes, size_t length)
{
	write_bytes(effects, DRIVER_SIDE_WRITE, bytes, length);
}

static size_t count_kind(const struct driver_effects *effects, enum driver_effect_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < effects->count; i++)
		count += effects->effect[i].kind == kind;
	return count;
}

void effects_text(struct driver_effects *effects, enum driver_effect_kind kind, const char *text,
	size_t length)
{
	if (kind == DRIVER_SAID && count_kind(effects, kind) >= EFFECTS_SAID_MAX)
		return;
	struct driver_effect *effect = effects_add(effects, kind);

	if (effect)
		report_escape(text, length, effect->text, sizeof(effect->text));
}

void effects_said(struct driver_effects *effects, const char *format, ...)
{
	char text[DRIVER_REASON_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	effects_text(effects, DRIVER_SAID, text, strlen(text));
}

void effects_fault(struct driver_effects *effects, enum driver_effect_kind kind,
	enum driver_fault fault, const char *text)
{
	struct driver_effect *effect = effects_add(effects, kind);

	if (!effect)
		return;
	effect->fault = fault;
	report_escape(text, strlen(text), effect->text, sizeof(effect->text));
}
