/* Lines of two hosts held against each other, and what is said about them. */
#include "daemon/stream/replay_private.h"

#include <string.h>

void replay_tell(struct replay *replay, const char *what, const char *text)
{
	int64_t units = (replay->now_us - replay->shift_us) / 1000;

	if (replay->out)
		fprintf(replay->out, "%6lld.%03lld  %-9s %s\n", (long long)(units / 1000),
			(long long)(units < 0 ? 0 : units % 1000), what, text);
}

/* Bytes of the recording are hostile. */
static void show(const char *text, char *to, size_t size)
{
	size_t at = 0;

	for (; *text && at + 5 < size; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte <= 0x7e)
			to[at++] = (char)byte;
		else
			at += (size_t)snprintf(to + at, size - at, "\\x%02x", byte);
	}
	to[at] = '\0';
}

void replay_differ(struct replay *replay, const char *what, const char *text)
{
	char shown[LINE_BYTES];

	if (!replay->report->own || ++replay->differences > DIFFERENCES_SHOWN)
		return;
	show(text, shown, sizeof(shown));
	replay_tell(replay, what, shown);
}

const char *replay_find_nonce(const char *text)
{
	for (; *text; text++)
		if ((strncmp(text, "pf", 2) == 0 || strncmp(text, "no", 2) == 0) &&
			strspn(text + 2, "0123456789abcdef") >= NONCE_BYTES - 2)
			return text;
	return NULL;
}

/* Blanks do not count: what grbl gets has none. */
bool replay_same_words(const char *ours, const char *theirs)
{
	for (;; ours++, theirs++) {
		ours += strspn(ours, " ");
		theirs += strspn(theirs, " ");
		if (*ours != *theirs || !*ours)
			return *ours == *theirs;
	}
}

/* The same but for the nonce. */
bool replay_same_text(struct replay *replay, const char *ours, const char *theirs)
{
	const char *nonce = replay_find_nonce(ours), *recorded = replay_find_nonce(theirs);

	if (!nonce || !recorded || nonce - ours != recorded - theirs)
		return replay_same_words(ours, theirs);
	if (strncmp(ours, theirs, (size_t)(nonce - ours)) != 0 ||
		strcmp(nonce + NONCE_BYTES, recorded + NONCE_BYTES) != 0)
		return false;
	if (*nonce == 'p') {
		memcpy(replay->nonce, nonce, NONCE_BYTES);
		memcpy(replay->recorded_nonce, recorded, NONCE_BYTES);
	}
	return true;
}
