/* The progress page: whatever kills the streamer, what it was doing can be read afterwards. */
#include "daemon/stream/progress.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[64], path[80];

static int set_up(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/test_progress.XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/p1.progress", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void open_page(struct progress *progress)
{
	struct error error;

	if (progress_open(progress, path, &error) < 0)
		fail_msg("%s", error.text);
}

static void begin(struct progress *progress, const char *attempt)
{
	memset(progress->facts.attempt, 0, sizeof(progress->facts.attempt));
	strcpy(progress->facts.attempt, attempt);
	progress->facts.state = PROGRESS_PRINTING;
	progress->facts.hot_by_us = 1;
	progress_begin_counts(progress);
	progress_store(progress);
}

/* Lets `change` loose on the mapped file behind the program's back. */
static void damage(void (*change)(char *bytes, size_t length))
{
	int fd = open(path, O_RDWR);
	struct stat status;
	char *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(bytes != MAP_FAILED);
	change(bytes, (size_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
	close(fd);
}

static void test_what_was_printing_is_known_to_the_next_streamer(void **state)
{
	struct progress progress;

	(void)state;
	open_page(&progress);
	assert_false(progress.torn);
	assert_string_equal(progress.facts.attempt, "");
	begin(&progress, "attempt-1");
	progress_count(&progress, 1234, 1230, 1240);
	progress_close(&progress);
	open_page(&progress);
	assert_false(progress.torn);
	assert_string_equal(progress.facts.attempt, "attempt-1");
	assert_int_equal(progress.facts.state, PROGRESS_PRINTING);
	assert_int_equal(progress.facts.hot_by_us, 1);
	assert_int_equal(progress.counts.commands_sent, 1234);
	assert_int_equal(progress.counts.commands_acknowledged, 1230);
	assert_int_equal(progress.counts.line_number, 1240);
	progress_close(&progress);
}

/* The child changes facts and counts as fast as it can; both carry the same number in several
 * places, so a half-written slot that was believed would show. */
static void write_for_ever(void)
{
	struct progress progress;
	struct error error;

	if (progress_open(&progress, path, &error) < 0)
		_exit(1);
	for (int64_t i = 1;; i++) {
		char attempt[WIRE_ID_MAX];

		snprintf(attempt, sizeof(attempt), "attempt-%lld", (long long)i);
		memset(progress.facts.path, 'a' + (int)(i % 26), sizeof(progress.facts.path) - 1);
		progress.facts.bytes = i;
		progress.facts.commands = i;
		begin(&progress, attempt);
		progress_count(&progress, i, i, i);
	}
}

static void test_a_streamer_killed_at_any_instant_leaves_a_readable_page(void **state)
{
	(void)state;
	for (int round = 0; round < 40; round++) {
		pid_t child = fork();
		struct progress progress;
		char attempt[WIRE_ID_MAX];
		int status;

		assert_true(child >= 0);
		if (child == 0)
			write_for_ever();
		usleep(1000 + 137 * (unsigned int)round);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		assert_true(WIFSIGNALED(status));
		open_page(&progress);
		assert_false(progress.torn);
		assert_int_equal(progress.facts.bytes, progress.facts.commands);
		snprintf(attempt, sizeof(attempt), "attempt-%lld", (long long)progress.facts.bytes);
		if (progress.facts.bytes > 0) {
			assert_string_equal(progress.facts.attempt, attempt);
			assert_int_equal(progress.facts.path[0],
				progress.facts.path[sizeof(progress.facts.path) - 2]);
		}
		assert_int_equal(
			progress.counts.commands_sent, progress.counts.commands_acknowledged);
		assert_true(progress.counts.commands_sent == 0 ||
			    progress.counts.commands_sent == progress.facts.bytes);
		progress_close(&progress);
		unlink(path);
	}
}

static void tear_newest(char *bytes, size_t length)
{
	struct progress_facts facts[2];
	size_t at = 16 + 100, newest;

	assert_true(length >= 16 + sizeof(facts));
	memcpy(facts, bytes + 16, sizeof(facts));
	newest = facts[1].sequence > facts[0].sequence ? 1 : 0;
	bytes[at + newest * sizeof(facts[0])] ^= 0x20;
}

static void tear_both(char *bytes, size_t length)
{
	tear_newest(bytes, length);
	bytes[16 + 100] = 'x';
	bytes[16 + 100 + sizeof(struct progress_facts)] = 'x';
}

static void other_version(char *bytes, size_t length)
{
	(void)length;
	bytes[8]++;
}

static void test_a_torn_slot_gives_way_to_the_one_before(void **state)
{
	struct progress progress;

	(void)state;
	open_page(&progress);
	begin(&progress, "attempt-1");
	begin(&progress, "attempt-2");
	progress_close(&progress);
	damage(tear_newest);
	open_page(&progress);
	assert_false(progress.torn);
	assert_string_equal(progress.facts.attempt, "attempt-1");
	progress_close(&progress);
}

static void test_a_page_torn_in_both_slots_or_of_another_version_is_noticed(void **state)
{
	static void (*const ways[])(char *, size_t) = { tear_both, other_version };

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct progress progress;

		open_page(&progress);
		begin(&progress, "attempt-1");
		progress_close(&progress);
		damage(ways[i]);
		open_page(&progress);
		assert_true(progress.torn);
		assert_string_equal(progress.facts.attempt, "");
		progress_close(&progress);
		open_page(&progress);
		assert_false(progress.torn);
		progress_close(&progress);
		unlink(path);
	}
}

static void test_counts_of_an_earlier_attempt_are_not_those_of_this_one(void **state)
{
	struct progress progress;

	(void)state;
	open_page(&progress);
	begin(&progress, "attempt-1");
	progress_count(&progress, 10, 10, 10);
	memset(progress.facts.attempt, 0, sizeof(progress.facts.attempt));
	strcpy(progress.facts.attempt, "attempt-2");
	progress_store(&progress);
	progress_close(&progress);
	open_page(&progress);
	assert_int_equal(progress.counts.commands_acknowledged, 0);
	progress_close(&progress);
}

static void test_an_unbooked_end_outlives_booked_ones(void **state)
{
	struct wire_progress numbers = { .commands_done = 7 };
	struct progress progress;
	char attempt[WIRE_ID_MAX];

	(void)state;
	open_page(&progress);
	for (int i = 0; i < 10; i++) {
		snprintf(attempt, sizeof(attempt), "attempt-%d", i);
		begin(&progress, attempt);
		progress_end(&progress, WIRE_PRINTED, 0, "", &numbers);
		assert_string_equal(progress.facts.attempt, "");
		if (i != 2)
			progress_find_ended(&progress, attempt)->booked = 1;
	}
	assert_int_equal(progress_unbooked(&progress), 1);
	progress_close(&progress);
	open_page(&progress);
	assert_non_null(progress_find_ended(&progress, "attempt-2"));
	assert_int_equal(progress_find_ended(&progress, "attempt-2")->numbers.commands_done, 7);
	assert_non_null(progress_find_ended(&progress, "attempt-9"));
	assert_null(progress_find_ended(&progress, "attempt-1"));
	progress_close(&progress);
}

static void test_a_page_that_cannot_be_made_is_an_error_with_a_sentence(void **state)
{
	struct progress progress;
	struct error error = { "" };

	(void)state;
	assert_true(progress_open(&progress, "/nonexistent/p1.progress", &error) < 0);
	assert_non_null(strstr(error.text, "/nonexistent/p1.progress"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_was_printing_is_known_to_the_next_streamer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_streamer_killed_at_any_instant_leaves_a_readable_page, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_torn_slot_gives_way_to_the_one_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_page_torn_in_both_slots_or_of_another_version_is_noticed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_counts_of_an_earlier_attempt_are_not_those_of_this_one, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_an_unbooked_end_outlives_booked_ones, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_page_that_cannot_be_made_is_an_error_with_a_sentence, set_up,
			tear_down),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
