/* Control's link to a streamer, against a streamer that this test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "daemon/control/streamer_link.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TURNS_MAX = 2000 }; /* of 5 ms: what is waited for never comes */

struct bench {
	struct scratch scratch;
	struct event_base *base;
	struct streamer_link *link;
	struct streamer_link_counters counters;
	int listening, connection;
	uint8_t bytes[8192];
	size_t length;
	/* the other side's answers */
	int64_t refuse_settings, refuse_removal; /* so often */
	/* what came */
	int settings, removals, shutdowns;
	int attached, detached;
	char why[WIRE_TEXT_MAX];
};

static void on_attached(void *context, const char *printer, int64_t alive_since_s)
{
	struct bench *bench = context;
	assert_string_equal(printer, "p1");
	assert_true(alive_since_s > 0);
	bench->attached++;
}

static void on_detached(void *context, const char *printer, const char *why)
{
	struct bench *bench = context;
	assert_string_equal(printer, "p1");
	bench->detached++;
	snprintf(bench->why, sizeof(bench->why), "%s", why);
}

static void on_message(void *context, const struct wire_message *message)
{
	(void)context;
	(void)message;
}

static bool on_settings(void *context, const char *printer, struct wire_settings *settings)
{
	(void)context;
	(void)printer;
	memset(settings, 0, sizeof(*settings));
	snprintf(settings->port, sizeof(settings->port), "/dev/null");
	return true;
}

static void on_absent(void *context, const char *streamer)
{
	(void)context;
	(void)streamer;
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scratch_make(&bench->scratch);
	const char *path = scratch_path(&bench->scratch, "p1.stream");
	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", path);
	bench->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	bench->connection = -1;
	assert_int_equal(bind(bench->listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(bench->listening, 1), 0);
	const struct streamer_link_handlers handlers = { bench, on_attached, on_detached,
		on_message, on_settings, on_absent };
	bench->base = event_base_new();
	bench->link = streamer_link_create(bench->base, "p1", path, &handlers, &bench->counters);
	assert_non_null(bench->link);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;
	streamer_link_destroy(bench->link);
	event_base_free(bench->base);
	if (bench->connection >= 0)
		close(bench->connection);
	close(bench->listening);
	scratch_remove(&bench->scratch);
	free(bench);
	return 0;
}

/* ---- the other side ---- */

static void reply(struct bench *bench, const struct wire_message *message)
{
	uint8_t frame[WIRE_FRAME_MAX + 4];
	size_t length = wire_encode(message, frame, sizeof(frame));
	assert_true(length > 0);
	assert_int_equal(write(bench->connection, frame, length), length);
}

static void obey(struct bench *bench, const struct wire_message *message)
{
	struct wire_message answer = { .kind = WIRE_ANSWER, .request = message->request };
	switch ((int)message->kind) {
	case WIRE_HELLO:
		answer = (struct wire_message){ .kind = WIRE_HELLO };
		answer.hello.version = WIRE_VERSION;
		break;
	case WIRE_SET_PRINTER:
		bench->settings++;
		answer.error = bench->refuse_settings-- > 0 ? -ENOSPC : 0;
		break;
	case WIRE_REMOVE_PRINTER:
		bench->removals++;
		answer.error = bench->refuse_removal-- > 0 ? -EBUSY : 0;
		break;
	case WIRE_SHUTDOWN:
		bench->shutdowns++;
		return;
	default:
		fail_msg("unexpected message %d", (int)message->kind);
	}
	reply(bench, &answer);
}

static void listen_once(struct bench *bench)
{
	struct wire_message message;
	size_t used;
	if (bench->connection < 0)
		bench->connection = accept4(bench->listening, NULL, NULL, SOCK_NONBLOCK);
	if (bench->connection < 0)
		return;
	ssize_t count = read(bench->connection, bench->bytes + bench->length,
		sizeof(bench->bytes) - bench->length);
	if (count > 0)
		bench->length += (size_t)count;
	while (wire_decode(bench->bytes, bench->length, &message, &used) == WIRE_OK) {
		bench->length -= used;
		memmove(bench->bytes, bench->bytes + used, bench->length);
		obey(bench, &message);
	}
}

/* Until *count has come to `wanted`. */
static void run_until(struct bench *bench, const int *count, int wanted)
{
	for (int turn = 0; turn < TURNS_MAX && *count < wanted; turn++) {
		event_base_loop(bench->base, EVLOOP_NONBLOCK);
		listen_once(bench);
		usleep(5000);
	}
	assert_int_equal(*count, wanted);
}

static void test_settings_that_were_refused_are_sent_again(void **state)
{
	struct bench *bench = *state;
	bench->refuse_settings = 1;
	assert_true(streamer_link_set_printer(bench->link, "p1"));
	run_until(bench, &bench->detached, 1);
	assert_non_null(strstr(bench->why, "refused the settings"));
	run_until(bench, &bench->attached, 1);
	assert_int_equal(bench->settings, 2);
}

static void test_settings_refused_later_detach_and_attach_again(void **state)
{
	struct bench *bench = *state;
	assert_true(streamer_link_set_printer(bench->link, "p1"));
	run_until(bench, &bench->attached, 1);
	bench->refuse_settings = 1;
	assert_true(streamer_link_set_printer(bench->link, "p1")); /* a reload */
	run_until(bench, &bench->detached, 1);
	run_until(bench, &bench->attached, 2);
}

static void test_a_printer_is_served_until_its_streamer_lets_go(void **state)
{
	struct bench *bench = *state;
	assert_true(streamer_link_set_printer(bench->link, "p1"));
	run_until(bench, &bench->attached, 1);
	bench->refuse_removal = 1; /* it cools */
	streamer_link_remove_printer(bench->link, "p1");
	streamer_link_remove_printer(bench->link, "p1"); /* not asked twice at a time */
	run_until(bench, &bench->removals, 1);
	event_base_loop(bench->base, EVLOOP_NONBLOCK);
	assert_true(streamer_link_serves(bench->link, "p1"));
	assert_int_equal(bench->detached, 0);
	streamer_link_remove_printer(bench->link, "p1");
	run_until(bench, &bench->detached, 1);
	assert_int_equal(bench->removals, 2);
	assert_true(streamer_link_is_empty(bench->link));
}

static void test_a_printer_configured_again_is_not_let_go(void **state)
{
	struct bench *bench = *state;
	assert_true(streamer_link_set_printer(bench->link, "p1"));
	run_until(bench, &bench->attached, 1);
	bench->refuse_removal = 1;
	streamer_link_remove_printer(bench->link, "p1");
	run_until(bench, &bench->removals, 1);
	assert_true(streamer_link_set_printer(bench->link, "p1"));
	run_until(bench, &bench->settings, 2);
	assert_true(streamer_link_serves(bench->link, "p1"));
	assert_int_equal(bench->detached, 0);
}

static void test_the_word_to_end_arrives_though_the_link_goes(void **state)
{
	struct bench *bench = *state;
	assert_true(streamer_link_set_printer(bench->link, "p1"));
	run_until(bench, &bench->attached, 1);
	streamer_link_shut_down(bench->link);
	streamer_link_destroy(bench->link);
	bench->link = NULL;
	run_until(bench, &bench->shutdowns, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_settings_that_were_refused_are_sent_again),
		TEST(test_settings_refused_later_detach_and_attach_again),
		TEST(test_a_printer_is_served_until_its_streamer_lets_go),
		TEST(test_a_printer_configured_again_is_not_let_go),
		TEST(test_the_word_to_end_arrives_though_the_link_goes),
	};
	return cmocka_run_group_tests_name("streamer_link", tests, NULL, NULL);
}
