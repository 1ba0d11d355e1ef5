#include "daemon/stream/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char magic[8] = "pfprog\n";

struct progress_page {
	char magic[8];
	uint64_t version;
	struct progress_facts facts[2];
	struct progress_counts counts[2];
	struct progress_trail trail;
};

/* Other programs may lay the driver's state out otherwise. */
static uint64_t version(void)
{
	return PROGRESS_VERSION | (uint64_t)sizeof(struct progress_page) << 16;
}

/* Words at a time: the counts are summed with every line.  Not for strangers, only for tears. */
static uint64_t checksum(const void *data, size_t bytes)
{
	const char *at = data;
	uint64_t sum = UINT64_C(0xCBF29CE484222325), word;

	for (; bytes >= sizeof(word); bytes -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum = (sum ^ word) * UINT64_C(0x100000001B3);
		sum ^= sum >> 29;
	}
	return sum;
}

_Static_assert(sizeof(struct progress_facts) % 8 == 0, "the checksum reads whole words");
_Static_assert(sizeof(struct progress_counts) % 8 == 0, "the checksum reads whole words");
_Static_assert(WIRE_ID_MAX % 8 == 0, "the checksum reads whole words");

static uint64_t facts_sum(const struct progress_facts *facts)
{
	return checksum(facts, offsetof(struct progress_facts, checksum));
}

static uint64_t counts_sum(const struct progress_counts *counts)
{
	return checksum(counts, offsetof(struct progress_counts, checksum));
}

static void end_texts(struct progress_facts *facts)
{
	facts->attempt[sizeof(facts->attempt) - 1] = '\0';
	facts->path[sizeof(facts->path) - 1] = '\0';
	facts->fault_text[sizeof(facts->fault_text) - 1] = '\0';
	facts->boot[sizeof(facts->boot) - 1] = '\0';
	facts->uuid[sizeof(facts->uuid) - 1] = '\0';
	facts->dialect[sizeof(facts->dialect) - 1] = '\0';
	for (int i = 0; i < PROGRESS_ENDED_MAX; i++) {
		struct progress_ended *ended = &facts->ended[i];

		ended->attempt[sizeof(ended->attempt) - 1] = '\0';
		ended->reason[sizeof(ended->reason) - 1] = '\0';
	}
}

/* The newest readable slot of each part. */
static void read_page(struct progress *progress)
{
	static const struct progress_page nothing;
	const struct progress_page *page = progress->page;
	bool found = false;

	if (memcmp(page, &nothing, sizeof(page->magic) + sizeof(page->version)) == 0)
		return;
	if (memcmp(page->magic, magic, sizeof(magic)) != 0 || page->version != version()) {
		progress->torn = true;
		return;
	}
	for (int i = 0; i < 2; i++) {
		const struct progress_facts *facts = &page->facts[i];
		const struct progress_counts *counts = &page->counts[i];

		if (facts->sequence > progress->facts.sequence &&
			facts->checksum == facts_sum(facts)) {
			progress->facts = *facts;
			found = true;
		}
		if (counts->sequence > progress->counts.sequence &&
			counts->checksum == counts_sum(counts))
			progress->counts = *counts;
	}
	progress->torn = !found;
	end_texts(&progress->facts);
	if (progress->counts.attempt !=
		checksum(progress->facts.attempt, sizeof(progress->facts.attempt)))
		progress->counts.commands_sent = progress->counts.commands_acknowledged = 0;
}

int progress_open(struct progress *progress, const char *path, struct error *error)
{
	void *page;
	int code;

	memset(progress, 0, sizeof(*progress));
	progress->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (progress->fd < 0) {
		code = errno;
		error_set(error, "progress page %s: %s", path, strerror(code));
		return -code;
	}
	code = posix_fallocate(progress->fd, 0, sizeof(struct progress_page));
	if (code != 0) {
		error_set(error, "progress page %s: reserving %zu bytes: %s", path,
			sizeof(struct progress_page), strerror(code));
		goto close_file;
	}
	page = mmap(NULL, sizeof(struct progress_page), PROT_READ | PROT_WRITE, MAP_SHARED,
		progress->fd, 0);
	if (page == MAP_FAILED) {
		code = errno;
		error_set(error, "progress page %s: mapping it: %s", path, strerror(code));
		goto close_file;
	}
	progress->page = page;
	read_page(progress);
	if (progress->torn)
		memset(&progress->page->trail, 0, sizeof(progress->page->trail));
	progress_trail_open(&progress->page->trail, &progress->trail);
	progress_store(progress);
	memcpy(progress->page->magic, magic, sizeof(magic));
	progress->page->version = version();
	return 0;
close_file:
	close(progress->fd);
	progress->fd = -1;
	return -code;
}

void progress_close(struct progress *progress)
{
	if (!progress->page)
		return;
	munmap(progress->page, sizeof(struct progress_page));
	close(progress->fd);
	progress->page = NULL;
}

void progress_store(struct progress *progress)
{
	struct progress_facts *facts = &progress->facts;

	facts->sequence++;
	facts->checksum = facts_sum(facts);
	memcpy(&progress->page->facts[facts->sequence & 1], facts, sizeof(*facts));
	/* The other slot must not be touched before this one is whole. */
	atomic_signal_fence(memory_order_seq_cst);
}

void progress_count(
	struct progress *progress, int64_t commands_sent, int64_t acknowledged, int64_t line_number)
{
	struct progress_counts *counts = &progress->counts;

	counts->sequence++;
	counts->commands_sent = commands_sent;
	counts->commands_acknowledged = acknowledged;
	counts->line_number = line_number;
	counts->checksum = counts_sum(counts);
	memcpy(&progress->page->counts[counts->sequence & 1], counts, sizeof(*counts));
	atomic_signal_fence(memory_order_seq_cst);
}

void progress_alive(struct progress *progress, int64_t now_us)
{
	progress->page->trail.alive_us = now_us;
}

void progress_line(struct progress *progress, const struct progress_line *line, const char *text,
	size_t length)
{
	progress_trail_line(&progress->page->trail, &progress->trail, line, text, length);
}

void progress_mark(struct progress *progress, struct progress_mark *mark)
{
	mark->attempt = progress->counts.attempt;
	progress_trail_mark(&progress->page->trail, &progress->trail, mark);
}

bool progress_find_mark(const struct progress *progress, struct progress_mark *mark)
{
	return progress_trail_find_mark(&progress->page->trail,
		checksum(progress->facts.attempt, sizeof(progress->facts.attempt)),
		progress->counts.commands_acknowledged, mark);
}

const struct progress_trail *progress_trail(const struct progress *progress)
{
	return &progress->page->trail;
}

void progress_begin_counts(struct progress *progress)
{
	progress->counts.attempt =
		checksum(progress->facts.attempt, sizeof(progress->facts.attempt));
	progress_count(progress, 0, 0, 0);
}

/* A free slot, else that of the oldest booked end, else of the oldest. */
static struct progress_ended *slot_for_end(struct progress_facts *facts)
{
	struct progress_ended *best = &facts->ended[0];

	for (int i = 0; i < PROGRESS_ENDED_MAX; i++) {
		struct progress_ended *ended = &facts->ended[i];

		if (!ended->attempt[0])
			return ended;
		if (ended->booked > best->booked ||
			(ended->booked == best->booked && ended->order < best->order))
			best = ended;
	}
	return best;
}

void progress_end(struct progress *progress, enum wire_result result, int64_t fault,
	const char *reason, const struct wire_progress *numbers)
{
	struct progress_facts *facts = &progress->facts;
	struct progress_ended *ended = slot_for_end(facts);

	memset(ended, 0, sizeof(*ended));
	memcpy(ended->attempt, facts->attempt, sizeof(ended->attempt));
	ended->result = result;
	ended->fault = fault;
	strncpy(ended->reason, reason, sizeof(ended->reason) - 1);
	ended->numbers = *numbers;
	ended->order = (int64_t)facts->sequence;
	facts->state = PROGRESS_NONE;
	memset(facts->attempt, 0, sizeof(facts->attempt));
	memset(facts->path, 0, sizeof(facts->path));
	facts->bytes = facts->commands = facts->start_us = facts->pause_wanted = 0;
	progress_store(progress);
}

struct progress_ended *progress_find_ended(struct progress *progress, const char *attempt)
{
	for (int i = 0; i < PROGRESS_ENDED_MAX; i++) {
		struct progress_ended *ended = &progress->facts.ended[i];

		if (ended->attempt[0] && strcmp(ended->attempt, attempt) == 0)
			return ended;
	}
	return NULL;
}

int progress_unbooked(const struct progress *progress)
{
	int count = 0;

	for (int i = 0; i < PROGRESS_ENDED_MAX; i++)
		if (progress->facts.ended[i].attempt[0] && !progress->facts.ended[i].booked)
			count++;
	return count;
}
