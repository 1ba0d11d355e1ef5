/* Any bytes as lines of a printer: nothing is read outside a line, and what comes out is inside. */
#include "drivers/reply.h"
#include "drivers/reply_reader.h"
#include "drivers/report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const struct reply_line *line)
{
	struct driver_heaters heaters = { .count = 0 };
	struct driver_identity identity = { .advanced_ok = false };
	struct reply reply;
	char *copy = malloc(line->length + (line->length == 0));

	if (!copy)
		return;
	memcpy(copy, line->text, line->length);
	reply_classify(copy, line->length, &reply);
	if (reply.text < copy || reply.text + reply.text_length > copy + line->length)
		abort();
	if (reply.number < -1 || reply.oks < 0 || reply.oks > 2)
		abort();
	report_temperatures(copy, line->length, &heaters);
	if (heaters.count > DRIVER_HEATERS_MAX)
		abort();
	report_identity(copy, line->length, &identity);
	report_capability(copy, line->length, &identity);
	for (const char *c = identity.firmware; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			abort();
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply_reader reader;
	const char *bytes = (const char *)data;
	struct reply_line line;

	reply_reader_init(&reader);
	while (reply_reader_next(&reader, &bytes, &size, &line))
		check_line(&line);
	return 0;
}
