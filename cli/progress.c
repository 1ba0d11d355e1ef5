/* Progress bars; see progress.h. */
#include "cli/progress.h"
#include "cli/cli.h"
#include "cli/text.h"

#include <string.h>
#include <time.h>   /* clock_gettime */
#include <unistd.h> /* isatty */

enum { FIRST_US = 1000000, EVERY_US = 100000, BAR_WIDTH = 40, WIDTH_MAX = 100 };

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void progress_init(struct progress *progress, const struct cli *cli)
{
	*progress = (struct progress){
		.is_on = !cli->quiet && isatty(STDERR_FILENO),
		.has_utf8 = cli->has_utf8,
		.begun_us = now_us(),
	};
}

void progress_bar(char bar[PROGRESS_BAR_MAX], size_t width, double share, bool utf8)
{
	const char *full = utf8 ? "\xe2\x96\x88" : "#", *empty = utf8 ? "\xe2\x96\x91" : ".";
	size_t used = 0, filled;

	if (width > WIDTH_MAX)
		width = WIDTH_MAX;
	if (!(share > 0))
		share = 0;
	filled = share >= 1 ? width : (size_t)(share * (double)width);
	for (size_t i = 0; i < width; i++) {
		const char *part = i < filled ? full : empty;

		memcpy(bar + used, part, strlen(part));
		used += strlen(part);
	}
	bar[used] = '\0';
}

void progress_share(struct progress *progress, double share, const char *what)
{
	char bar[PROGRESS_BAR_MAX];
	int64_t at_us = now_us();

	if (!progress->is_on || at_us - progress->begun_us < FIRST_US ||
		at_us - progress->drawn_us < EVERY_US)
		return;
	progress->drawn_us = at_us;
	progress->is_shown = true;
	progress_bar(bar, BAR_WIDTH, share, progress->has_utf8);
	fprintf(stderr, "\r%s %s %3d %%\033[K", what, bar, (int)(100 * (share < 1 ? share : 1)));
}

void progress_finish(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = false;
}

void progress_block(
	struct progress *progress, FILE *to, const char *const *lines, size_t count, size_t columns)
{
	if (progress->line_count > 0)
		fprintf(to, "\033[%zuA", progress->line_count);
	for (size_t i = 0; i < count; i++) {
		size_t bytes = text_fit(lines[i], columns);

		fwrite(lines[i], 1, bytes, to);
		fputs("\033[K\n", to);
	}
	/* A block that has become shorter leaves nothing behind. */
	fputs("\033[J", to);
	progress->line_count = count;
	fflush(to);
}
