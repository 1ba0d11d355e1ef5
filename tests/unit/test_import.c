/* The import child: limits that hold, descriptors it does not get, and answers that are taken for
 * what they are, a stranger's words. */
#include "daemon/control/import.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h> /* SIGSYS */
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "base/error.h"
#include "daemon/control/files_internal.h"
#include "daemon/control/import_filter.h"
#include "tests/unit/scratch.h"

/* The sanitizers need more than the filter gives. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FILTER_CAN_BE_TRIED 0
#else
#define FILTER_CAN_BE_TRIED 1
#endif

struct bench {
	struct scratch scratch;
	struct event_base *base;
	struct import_settings settings;
	int calls;
	enum import_end end;
	char *line;
};

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	scratch_make(&bench->scratch);
	bench->base = event_base_new();
	bench->settings = (struct import_settings){
		.base = bench->base,
		.upload = open(scratch_path(&bench->scratch, "upload"),
			O_RDWR | O_CREAT | O_CLOEXEC, 0600),
		.text = open(
			scratch_path(&bench->scratch, "text"), O_RDWR | O_CREAT | O_CLOEXEC, 0600),
		.name = "upload",
		.text_max_bytes = 1 << 20,
		.room_bytes = 1 << 20,
	};
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	close(bench->settings.upload);
	close(bench->settings.text);
	event_base_free(bench->base);
	scratch_remove(&bench->scratch);
	free(bench->line);
	free(bench);
	return 0;
}

static void on_done(void *context, enum import_end end, const char *line, size_t length)
{
	struct bench *bench = context;

	bench->calls++;
	bench->end = end;
	free(bench->line);
	bench->line = strndup(line, length);
}

static void upload(struct bench *bench, const char *text)
{
	assert_int_equal(write(bench->settings.upload, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(bench->settings.upload, 0, SEEK_SET), 0);
}

static struct import *start(struct bench *bench)
{
	struct import *import = NULL;
	struct error error = { "" };

	bench->calls = 0;
	if (import_start(&import, &bench->settings, on_done, bench, &error) != 0)
		fail_msg("%s", error.text);
	return import;
}

static enum import_end run(struct bench *bench)
{
	start(bench);
	while (bench->calls == 0)
		event_base_loop(bench->base, EVLOOP_ONCE);
	return bench->end;
}

static enum import_end run_script(struct bench *bench, const char *script)
{
	scratch_write(&bench->scratch, "program", script, strlen(script));
	chmod(bench->scratch.path, 0700);
	bench->settings.program = bench->scratch.path;
	return run(bench);
}

/* ---- the child ---------------------------------------------------------------------------------
 */

static void test_the_checked_text_is_written_and_the_analysis_told(void **state)
{
	struct bench *bench = *state;

	upload(bench, "G28\r\nG1 X1 Y1 E1 F600\r\n");
	assert_int_equal(run(bench), IMPORT_DONE);
	assert_non_null(strstr(bench->line, "{\"error\":\"none\""));
	assert_non_null(strstr(bench->line, "\"commands\":2"));
	assert_int_equal(bench->line[strlen(bench->line) - 1], '\n');
	char *text = scratch_read(scratch_path(&bench->scratch, "text"), NULL);

	assert_non_null(strstr(text, "G1 X1 Y1 E1 F600"));
	free(text);
}

static void test_a_text_beyond_the_room_is_told_apart_from_a_bad_file(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 20000; i++)
		assert_int_equal(write(bench->settings.upload, "G1 X1 Y1\n", 9), 9);
	lseek(bench->settings.upload, 0, SEEK_SET);
	bench->settings.room_bytes = 4096;
	assert_int_equal(run(bench), IMPORT_DONE);
	assert_non_null(strstr(bench->line, "\"error\":\"no_room\""));
	struct stat status;

	assert_int_equal(fstat(bench->settings.text, &status), 0);
	assert_true(status.st_size <= 4096);
}

static void test_what_is_not_for_it_does_not_reach_the_child(void **state)
{
	struct bench *bench = *state;
	int secret = open("/dev/null", O_RDONLY); /* not even close-on-exec */

	/* A shell keeps its script open as number 10. */
	upload(bench, "G28\n");
	assert_int_equal(run_script(bench,
				 "#!/bin/sh\nfor n in 3 4 5 6 7 8 9 11 12 13 14 15 16 17 18 19; do "
				 "[ -e /proc/$$/fd/$n ] && printf '%s ' $n >&5; done\necho >&5\n"),
		IMPORT_DONE);
	assert_string_equal(bench->line, "3 4 5 \n");
	assert_in_range(secret, 6, 19);
	close(secret);
}

static void test_called_by_hand_it_explains_itself(void **state)
{
	char program[] = "printfarmd", flag[] = "--import", nonsense[] = "x";
	char *rows[][4] = { { program, flag, NULL, NULL }, { program, flag, nonsense, nonsense } };

	(void)state;
	assert_int_equal(import_child_main(2, rows[0]), 64);
	assert_int_equal(import_child_main(4, rows[1]), 64);
}

/* ---- its end
 * --------------------------------------------------------------------------------------- */

static void test_every_bad_end_is_told_apart(void **state)
{
	static const struct {
		const char *script;
		enum import_end end;
	} rows[] = {
		{ "#!/bin/sh\necho fine >&5\n", IMPORT_DONE },
		{ "#!/bin/sh\necho fine >&5\nexit 1\n", IMPORT_CRASHED },
		{ "#!/bin/sh\necho fine >&5\nkill -SEGV $$\n", IMPORT_CRASHED },
		{ "#!/bin/sh\nkill -XCPU $$\n", IMPORT_TOO_LATE },
		{ "#!/bin/sh\nprintf half >&5\n", IMPORT_CRASHED },
		{ "#!/bin/sh\nexit 0\n", IMPORT_CRASHED },
		{ "#!/bin/sh\nexec cat /dev/zero >&5\n", IMPORT_TOO_LOUD },
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (run_script(bench, rows[i].script) != rows[i].end)
			fail_msg("%s: %d", rows[i].script, (int)bench->end);
}

static void test_a_child_that_hangs_is_killed(void **state)
{
	struct bench *bench = *state;

	bench->settings.wall_s = 1;
	/* Closing the pipe does not help it. */
	assert_int_equal(
		run_script(bench, "#!/bin/sh\nexec 5>&-\nexec sleep 100\n"), IMPORT_TOO_LATE);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
	assert_int_equal(errno, ECHILD);
}

static void test_a_cancelled_import_does_not_call_back(void **state)
{
	struct bench *bench = *state;

	upload(bench, "G28\n");
	import_cancel(start(bench));
	event_base_loop(bench->base, EVLOOP_NONBLOCK);
	assert_int_equal(bench->calls, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_a_program_that_is_not_there_is_a_sentence(void **state)
{
	struct bench *bench = *state;
	struct import *import = NULL;
	struct error error = { "" };

	/* valgrind makes a fork of a vfork, which loses the error of exec. */
	if (getenv("PRINTFARM_UNDER") && *getenv("PRINTFARM_UNDER"))
		skip();
	bench->settings.program = "/nonexistent/printfarmd";
	assert_int_equal(import_start(&import, &bench->settings, on_done, bench, &error), -ENOENT);
	assert_non_null(strstr(error.text, "cannot be started"));
}

/* ---- what it says
 * ------------------------------------------------------------------------------------ */

#define SAYS(analysis) "{\"error\":\"none\",\"text_bytes\":5,\"analysis\":" analysis "}\n"

static void test_a_lying_childs_words_are_refused_or_tamed(void **state)
{
	static const struct {
		const char *line;
		int result;
	} rows[] = {
		{ "", -EIO },
		{ "\n", -EIO },
		{ "[]\n", -EIO },
		{ "{}\n", -EIO },
		{ "{\"error\":\"none\",\"analysis\":3}\n", -EIO },
		{ SAYS("{}"), -EIO },
		{ SAYS("{\"verdict\":7}"), -EIO },
		{ SAYS("{\"verdict\":\"ok\"}"), 0 },
		{ SAYS("{\"verdict\":\"warn\"}"), 0 },
		{ SAYS("{\"verdict\":\"fine\"}"), -EBADMSG },
		{ SAYS("{\"verdict\":\"refuse\",\"problems\":[{\"severity\":3},{}]}"), -EBADMSG },
		{ SAYS("{\"verdict\":\"ok\",\"verdict\":\"ok\"}"), -EIO },
		{ SAYS("{\"verdict\":\"ok\",\"layers\":99999999999,\"commands\":-5}"), 0 },
		{ SAYS("{\"verdict\":\"ok\",\"tools\":[1,\"x\",{\"filament_mm\":1e400}]}"), -EIO },
		{ SAYS("{\"verdict\":\"ok\",\"bbox_print_mm\":{\"min\":[1,2],\"max\":[1,2,3]}}"),
			0 },
		{ SAYS("{\"verdict\":\"ok\",\"slicer\":\"a\\u0000b\"}"), -EIO },
		{ "{\"error\":\"no_room\",\"analysis\":{\"verdict\":\"ok\"}}\n", -ENOSPC },
		{ "{\"error\":\"disk\",\"analysis\":{\"verdict\":\"ok\"}}\n", -EIO },
		{ "{\"error\":\"other\",\"analysis\":{\"verdict\":\"ok\"}}\n", -EIO },
		{ "\xff\xfe\n", -EIO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upload upload = { .name = "a.gcode" };
		int result = import_result_read(&upload, rows[i].line, strlen(rows[i].line));

		if (result != rows[i].result)
			fail_msg("%s: %d", rows[i].line, result);
		if (result == -EBADMSG)
			assert_memory_equal(upload.message, "a.gcode", 7);
		assert_false(upload.file.has_print_box);
		assert_true(upload.file.commands >= 0 && upload.file.layers >= 0);
		free(upload.analysis_json);
	}
}

static void test_a_long_text_is_cut_between_characters(void **state)
{
	struct upload upload = { .name = "a.gcode" };
	char line[512] = "{\"error\":\"none\",\"text_bytes\":5,\"analysis\":{\"verdict\":\"ok\","
			 "\"machine\":\"";

	(void)state;
	for (int i = 0; i < 40; i++)
		strcat(line, "\xc3\xa9");
	strcat(line, "\"}}");
	assert_int_equal(import_result_read(&upload, line, strlen(line)), 0);
	assert_int_equal(strlen(upload.file.machine), NAME_MAX_BYTES - 2);
	free(upload.analysis_json);
}

/* ---- the filter --------------------------------------------------------------------------- */

static int try_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int try_program(void)
{
	char name[] = "/bin/true";
	char *words[] = { name, NULL };

	return execv(name, words);
}

static int try_fork(void)
{
	return fork() == 0 ? 0 : 1;
}

static int try_kill(void)
{
	return kill(getppid(), 0);
}

static int try_rename(void)
{
	return rename("/nowhere/a", "/nowhere/b");
}

/* What the filter must not let through. */
static const struct {
	const char *name;
	int (*attempt)(void);
} forbidden[] = {
	{ "socket", try_socket },
	{ "exec", try_program },
	{ "fork", try_fork },
	{ "kill", try_kill },
	{ "rename", try_rename },
};

/* In a process of its own: exit code 0 when reading, writing and memory still work and files do
 * not open; an attempt at something else should never come back. */
static int under_the_filter(const char *name)
{
	static char buffer[1 << 20];
	int zero = open("/dev/zero", O_RDWR);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !import_filter_install())
		return 2;
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		if (strcmp(name, forbidden[i].name) == 0) {
			forbidden[i].attempt();
			return 3;
		}
	char *memory = malloc(64 << 20);
	bool works = memory && read(zero, buffer, sizeof buffer) == (ssize_t)sizeof buffer &&
		     write(zero, buffer, 1) == 1;

	free(memory);
	return works && open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 4;
}

static int status_under_the_filter(const char *name)
{
	char own[] = "/proc/self/exe", flag[] = "--filter", *word = strdup(name);
	char *words[] = { own, flag, word, NULL };
	pid_t child;
	int status;

	assert_int_equal(posix_spawn(&child, own, NULL, NULL, words, environ), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	free(word);
	return status;
}

static void test_under_the_filter_bytes_move_and_nothing_else(void **state)
{
	int status;

	(void)state;
	if (!FILTER_CAN_BE_TRIED)
		skip();
	status = status_under_the_filter("memory and descriptors");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
		status = status_under_the_filter(forbidden[i].name);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %#x", forbidden[i].name, status);
	}
}

/* The child waits for the bytes of a pipe meanwhile. */
static void test_the_child_reads_a_strangers_bytes_under_the_filter(void **state)
{
	struct bench *bench = *state;
	int ends[2], upload_file = bench->settings.upload;
	char path[64], line[128];
	bool is_filtered = false;
	pid_t child = -1;

	if (!FILTER_CAN_BE_TRIED)
		skip();
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	bench->settings.upload = ends[0];
	struct import *import = start(bench);

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *children = fopen(path, "r");

	assert_non_null(children);
	assert_int_equal(fscanf(children, "%d", &child), 1);
	fclose(children);
	snprintf(path, sizeof path, "/proc/%d/status", (int)child);
	for (int tries = 0; tries < 1000 && !is_filtered; tries++) {
		FILE *status = fopen(path, "r");

		assert_non_null(status);
		while (fgets(line, sizeof line, status))
			is_filtered |= strcmp(line, "Seccomp:\t2\n") == 0;
		fclose(status);
		usleep(10000);
	}
	assert_true(is_filtered);
	import_cancel(import);
	close(ends[0]);
	close(ends[1]);
	bench->settings.upload = upload_file;
}

int main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_the_checked_text_is_written_and_the_analysis_told),
		TEST(test_a_text_beyond_the_room_is_told_apart_from_a_bad_file),
		TEST(test_every_bad_end_is_told_apart),
		TEST(test_a_child_that_hangs_is_killed),
		TEST(test_a_cancelled_import_does_not_call_back),
		TEST(test_what_is_not_for_it_does_not_reach_the_child),
		TEST(test_the_child_reads_a_strangers_bytes_under_the_filter),
		cmocka_unit_test(test_under_the_filter_bytes_move_and_nothing_else),
		TEST(test_a_program_that_is_not_there_is_a_sentence),
		cmocka_unit_test(test_a_lying_childs_words_are_refused_or_tamed),
		cmocka_unit_test(test_a_long_text_is_cut_between_characters),
		cmocka_unit_test(test_called_by_hand_it_explains_itself),
	};

	if (argc > 2 && strcmp(argv[1], "--filter") == 0)
		return under_the_filter(argv[2]);
	if (argc > 1 && strcmp(argv[1], "--import") == 0)
		return import_child_main(argc, argv);
	return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
