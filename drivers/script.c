/* See script.h. */
#include "drivers/script.h"

#include <math.h> /* isfinite, llround, fabs */

void script_clear(struct script *script)
{
	script->count = script->next = 0;
}

/* The longest program is far shorter than the room for it. */
static struct script_step *add(struct script *script, enum script_kind kind)
{
	struct script_step *step = &script->step[script->count];

	if (script->count + 1 < SCRIPT_STEPS_MAX)
		script->count++;
	step->kind = kind;
	step->length = 0;
	return step;
}

static void put_text(struct script_step *step, const char *text)
{
	for (; *text != '\0' && step->length < SCRIPT_TEXT_MAX; text++)
		step->text[step->length++] = *text;
}

void script_barrier(struct script *script)
{
	add(script, SCRIPT_BARRIER);
}

void script_cold(struct script *script)
{
	add(script, SCRIPT_COLD);
}

struct script_step *script_line(struct script *script, const char *text)
{
	struct script_step *step = add(script, SCRIPT_LINE);

	put_text(step, text);
	return step;
}

void script_word(struct script_step *step, const char *letters, double value)
{
	long long thousandths = isfinite(value) && fabs(value) < 1e9 ? llround(value * 1000) : 0;
	char digits[24];
	size_t at = sizeof(digits);
	int decimals = 3;

	put_text(step, letters);
	if (thousandths < 0)
		put_text(step, "-");
	thousandths = thousandths < 0 ? -thousandths : thousandths;
	for (; decimals > 0 && thousandths % 10 == 0; decimals--)
		thousandths /= 10;
	digits[--at] = '\0';
	for (int i = 0; i < decimals; i++, thousandths /= 10)
		digits[--at] = (char)('0' + thousandths % 10);
	if (decimals > 0)
		digits[--at] = '.';
	do {
		digits[--at] = (char)('0' + thousandths % 10);
		thousandths /= 10;
	} while (thousandths > 0);
	put_text(step, digits + at);
}
