/* See session_rig.h. */
#include "tests/unit/session_rig.h"

#include "daemon/stream/session_private.h"
#include "sim/faults.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Told by the reading thread; one rig at a time. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static int prepared_count;

static void on_prepared(void *context)
{
	(void)context;
	pthread_mutex_lock(&mutex);
	prepared_count++;
	pthread_cond_signal(&told);
	pthread_mutex_unlock(&mutex);
}

/* `wait`: until there is something. */
static bool take_prepared(bool wait)
{
	bool any;

	pthread_mutex_lock(&mutex);
	while (wait && prepared_count == 0)
		pthread_cond_wait(&told, &mutex);
	any = prepared_count > 0;
	prepared_count = 0;
	pthread_mutex_unlock(&mutex);
	return any;
}

static void on_port_opened(void *context, struct session *session, int fd)
{
	struct session_rig *rig = context;

	(void)session;
	(void)fd;
	rig->port_open = true;
	rig->memory.to_host_length = rig->memory.from_host_length = 0;
	sim_printer_opened(rig->printer, rig->now_us);
}

static void on_port_closing(void *context, struct session *session)
{
	struct session_rig *rig = context;

	(void)session;
	rig->port_open = false;
	sim_printer_closed(rig->printer, rig->now_us);
}

static void on_changed(void *context, struct session *session)
{
	struct session_rig *rig = context;

	(void)session;
	rig->changed++;
}

static void on_ended(void *context, struct session *session)
{
	struct session_rig *rig = context;

	(void)session;
	rig->ended++;
}

static void on_power_off(void *context, struct session *session, const char *program)
{
	struct session_rig *rig = context;

	(void)session;
	(void)program;
	rig->powered_off++;
}

static void on_said(void *context, struct session *session, const char *text)
{
	struct session_rig *rig = context;
	size_t length = strlen(rig->said);

	(void)session;
	snprintf(rig->said + length, sizeof(rig->said) - length, "%s\n", text);
}

void session_rig_init(struct session_rig *rig, const char *firmware)
{
	struct sim_settings sim;
	bool known = sim_settings_init(&sim, "p1", firmware);

	assert(known);
	(void)known;
	/* A board that reset when it was opened would hide what happens to its heat. */
	sim.reset_on_open = SIM_RESET_NEVER;
	session_rig_init_with(rig, &sim, 1);
}

void session_rig_init_with(struct session_rig *rig, const struct sim_settings *sim, uint64_t seed)
{
	memset(rig, 0, sizeof(*rig));
	strcpy(rig->directory, "/tmp/test_session.XXXXXX");
	if (!mkdtemp(rig->directory))
		abort();
	snprintf(rig->path, sizeof(rig->path), "%s/a.gcode", rig->directory);
	rig->events = (struct session_events){ .port_opened = on_port_opened,
		.port_closing = on_port_closing,
		.changed = on_changed,
		.ended = on_ended,
		.said = on_said,
		.power_off = on_power_off,
		.prepared = on_prepared };
	rig->settings = (struct wire_settings){ .port = "memory",
		.dialect = "marlin",
		.baud = sim->baud,
		.hotend_max_celsius = 260,
		.bed_max_celsius = 110,
		.park_x_mm = 5,
		.park_y_mm = 5,
		.park_lift_mm = 5 };
	rig->now_us = 1000000;
	rig->printer = sim_printer_create(sim, seed, rig->now_us);
	port_memory_init(&rig->memory);
	port_memory_select(&rig->memory);
	take_prepared(false);
}

void session_rig_finish(struct session_rig *rig)
{
	static const char *const names[] = { "a.gcode", "p1.progress", "p1.recording.1",
		"p1.recording.2", "p1.recording.3", "p1.recording.4" };

	session_destroy(rig->session);
	sim_printer_destroy(rig->printer);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", rig->directory, names[i]);
		unlink(path);
	}
	rmdir(rig->directory);
}

void session_rig_start_streamer(struct session_rig *rig)
{
	struct session_setup setup = { .name = "p1",
		.state_directory = rig->directory,
		.effects = &rig->effects,
		.events = &rig->events,
		.context = rig,
		.seed = 7,
		.dialect = rig->dialect,
		.port_operations = &port_memory,
		.read_at = rig->read_at };
	struct error error = { "" };

	rig->session = session_create(&setup, rig->now_us, &error);
	if (!rig->session) {
		fprintf(stderr, "%s\n", error.text);
		abort();
	}
	session_configure(rig->session, &rig->settings, rig->now_us);
}

void session_rig_kill_streamer(struct session_rig *rig)
{
	session_destroy(rig->session);
	rig->session = NULL;
	if (rig->port_open)
		sim_printer_closed(rig->printer, rig->now_us);
	rig->port_open = false;
}

void session_rig_write_file(struct session_rig *rig, const char *text)
{
	FILE *file = fopen(rig->path, "w");

	if (!file || fputs(text, file) < 0)
		abort();
	rig->bytes = (int64_t)strlen(text);
	fclose(file);
}

void session_rig_start(struct session_rig *rig, const char *attempt)
{
	struct wire_start start = { .bytes = rig->bytes, .commands = 0 };
	struct error error = { "" };

	snprintf(start.path, sizeof(start.path), "%s", rig->path);
	if (session_start(rig->session, attempt, &start, rig->now_us, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		abort();
	}
}

static void take_executed(struct session_rig *rig)
{
	struct sim_executed executed;

	while (sim_printer_next_executed(rig->printer, &executed)) {
		if (rig->executed_count == SESSION_RIG_EXECUTED_MAX)
			abort();
		rig->numbered[rig->executed_count] = executed.number != SIM_UNNUMBERED;
		memcpy(rig->executed[rig->executed_count++], executed.command, SIM_COMMAND_MAX);
	}
}

static bool is_garbled(const struct session_rig *rig)
{
	int32_t baud = rig->memory.baud > 0 ? rig->memory.baud : 115200;

	return rig->baud > 0 && rig->port_open && baud != rig->baud;
}

static void garble(char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (char)(0x80 | bytes[i]);
}

/* Bytes between the port and the printer; true when any came from the printer. */
static bool exchange(struct session_rig *rig)
{
	struct port_memory *memory = &rig->memory;
	size_t room = sizeof(memory->to_host) - memory->to_host_length, taken, given;

	if (is_garbled(rig))
		garble(memory->from_host, memory->from_host_length);
	taken = sim_printer_receive(
		rig->printer, memory->from_host, memory->from_host_length, rig->now_us);

	memory->from_host_length -= taken;
	memmove(memory->from_host, memory->from_host + taken, memory->from_host_length);
	sim_printer_advance(rig->printer, rig->now_us);
	take_executed(rig);
	given = sim_printer_take_output(
		rig->printer, memory->to_host + memory->to_host_length, room);
	if (is_garbled(rig))
		garble(memory->to_host + memory->to_host_length, given);
	memory->to_host_length += given;
	memory->hung_up = session_rig_truth(rig).unplugged;
	memory->open_error = memory->hung_up ? -ENODEV : 0;
	return memory->to_host_length > 0 || memory->hung_up;
}

static void step(struct session_rig *rig, int64_t end_us)
{
	const struct session_job *job = rig->session ? &rig->session->job : NULL;
	int64_t next_us = sim_printer_next_event_us(rig->printer);

	/* The reading thread may hand out command after command: however long a busy machine takes
	 * for that, no time passes in here. */
	while (rig->session && job->active && job->starving_since_us != 0 && !rig->read_at) {
		take_prepared(true);
		session_on_prepared(rig->session, rig->now_us);
	}
	if (rig->session && take_prepared(false))
		session_on_prepared(rig->session, rig->now_us);
	if (rig->session && session_wake_us(rig->session) < next_us)
		next_us = session_wake_us(rig->session);
	if (next_us > end_us)
		next_us = end_us;
	if (next_us > rig->now_us)
		rig->now_us = next_us;
	/* While the port is closed nobody listens. */
	if (exchange(rig) && rig->session && rig->port_open)
		session_on_readable(rig->session, rig->now_us);
	if (!rig->port_open)
		rig->memory.to_host_length = 0;
	if (rig->session && session_wake_us(rig->session) <= rig->now_us)
		session_on_wake(rig->session, rig->now_us);
	exchange(rig);
}

bool session_rig_run(
	struct session_rig *rig, int64_t limit_s, bool (*until)(struct session_rig *rig))
{
	int64_t end_us = rig->now_us + limit_s * 1000000;

	while (rig->now_us < end_us) {
		if (until && until(rig))
			return true;
		step(rig, end_us);
	}
	return until && until(rig);
}

void session_rig_fault(struct session_rig *rig, const char *line)
{
	char text[128], *words[8];
	struct error error = { "" };
	struct sim_fault fault;

	snprintf(text, sizeof(text), "%s", line);
	if (!sim_fault_from_words(&fault, words, sim_words(text, words, 8), &error)) {
		fprintf(stderr, "%s\n", error.text);
		abort();
	}
	sim_printer_apply(rig->printer, &fault, rig->now_us);
}

struct wire_printer_state session_rig_state(const struct session_rig *rig)
{
	struct wire_printer_state state;

	session_describe(rig->session, rig->now_us, &state);
	return state;
}

struct sim_status session_rig_truth(const struct session_rig *rig)
{
	struct sim_status status;

	sim_printer_status(rig->printer, &status);
	return status;
}

bool session_rig_is_ready(struct session_rig *rig)
{
	struct wire_printer_state state = session_rig_state(rig);

	return state.link == WIRE_ONLINE && state.activity == WIRE_IDLE && !state.hot_by_us &&
	       rig->session->state == DRIVER_READY;
}

bool session_rig_is_idle(struct session_rig *rig)
{
	return session_rig_state(rig).attempt[0] == '\0';
}

bool session_rig_has_executed(const struct session_rig *rig, const char *command)
{
	for (size_t i = 0; i < rig->executed_count; i++)
		if (rig->numbered[i] && strcmp(rig->executed[i], command) == 0)
			return true;
	return false;
}

const char session_rig_cold_print[] = "G28\nG1 X10 Y10 F3000\nG1 X20 Y10\nG1 X20 Y20\nM117 half\n"
				      "G1 X10 Y20\nG1 X10 Y10\n";
const char session_rig_hot_print[] = "M140 S60\nM104 S200\nM109 S200\nG28\nG1 X10 Y10 F3000\n"
				     "G1 X20 Y10\nG1 X20 Y20\nG1 X10 Y20\nM104 S0\nM140 S0\n";

const struct progress_ended *session_rig_only_end(struct session_rig *rig)
{
	int index = 0;
	const struct progress_ended *ended = session_next_ended(rig->session, rig->now_us, &index);

	if (!ended)
		fail_msg("no end; said:\n%s", rig->said);
	assert_null(session_next_ended(rig->session, rig->now_us, &index));
	return ended;
}

bool session_rig_heaters_are_off(const struct session_rig *rig)
{
	struct sim_status truth = session_rig_truth(rig);

	return truth.hotend_target_celsius == 0 && truth.bed_target_celsius == 0;
}

bool session_rig_is_hot(struct session_rig *rig)
{
	return session_rig_truth(rig).hotend_celsius > 100;
}
