/* Progress bars: one that appears when something takes longer than a second, and blocks of lines
 * that are drawn over themselves.  None of it on anything but a terminal, nor with -q. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cli;

enum { PROGRESS_BAR_MAX = 512 };

struct progress {
	bool is_on, is_shown, has_utf8;
	int64_t begun_us, drawn_us;
	size_t line_count; /* of the block that stands on the terminal */
};

void progress_init(struct progress *progress, const struct cli *cli);

/* Draws "what [####....] 42 %" on stderr, at most ten times a second and not in the first second.
 */
void progress_share(struct progress *progress, double share, const char *what);

/* Clears a bar that stands there. */
void progress_finish(struct progress *progress);

/* A bar of `width` columns, filled to `share` (cut to 0..1; what is no number is 0). */
void progress_bar(char bar[PROGRESS_BAR_MAX], size_t width, double share, bool utf8);

/* Draws lines (clean text) over the block drawn before. */
void progress_block(struct progress *progress, FILE *to, const char *const *lines, size_t count,
	size_t columns);

#endif
