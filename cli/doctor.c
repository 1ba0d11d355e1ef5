/* `printfarm doctor`: what is on a port, how good the link is, what to change. */
#include "cli/args.h"
#include "cli/beside.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/doctor_row.h"
#include "cli/doctor_show.h"
#include "cli/flow.h"
#include "cli/profile_match.h"
#include "cli/words.h"

#include <stdlib.h> /* strtod */
#include <string.h>

enum {
	SECONDS_MAX = 3600,
	PAGES_MAX = 400,
	ASKS_MAX = 64,
	USUAL_BAUD = 115200, /* of a port for which nothing else is said (port_serial.c) */
};

struct doctor {
	struct cli *cli;
	const char *path, *name;
	bool config;
	int64_t seconds; /* of noise */
	struct host_port port;
	json_t *found; /* what printfarm-stream --doctor said; NULL: not asked */
	struct doctor_advice advice;
};

/* ---- on a port, without the daemon ------------------------------------------------------- */

/* Runs printfarm-stream --doctor; its standard error is the user's. */
static int ask_stream(struct doctor *doctor)
{
	char seconds[32];
	json_error_t error;

	snprintf(seconds, sizeof seconds, "%lld", (long long)doctor->seconds);
	char *words[] = { "printfarm-stream", "--doctor", doctor->port.device, "--seconds", seconds,
		NULL };
	int status = 0;
	char *text = beside_read(words, &status);

	if (!text)
		return CLI_UNREACHABLE;
	doctor->found = json_loads(text, 0, &error);
	free(text);
	if (doctor->found)
		return CLI_DONE;
	cli_error("printfarm-stream gave no answer (exit %d)", status);
	return CLI_REFUSED;
}

static int check_port(struct doctor *doctor)
{
	if (!doctor->port.error && doctor->port.may_open && doctor->port.holder_count == 0)
		return CLI_DONE;
	if (doctor->config || doctor->cli->json) {
		cli_error("%s: %s", doctor->path,
			doctor->port.error ? strerror(doctor->port.error)
			: doctor->port.may_open
				? "another program holds it; 'printfarm doctor --port' says which"
				: "you may not open it; run this with sudo");
	} else {
		doctor_show_port(&doctor->port);
		doctor_advise_port(&doctor->advice, &doctor->port, false);
		doctor_show_advice(doctor->cli, &doctor->advice);
	}
	return doctor->port.error      ? CLI_NO_FILE
	       : doctor->port.may_open ? CLI_TRY_AGAIN
				       : CLI_NOT_PERMITTED;
}

static void show_port_report(struct doctor *doctor)
{
	const struct cli *cli = doctor->cli;
	struct profile_match match;
	double size_mm[3];

	doctor_show_port(&doctor->port);
	doctor_show_printer(doctor->found);
	if (words_is_true(doctor->found, "answers")) {
		doctor_show_link(cli, doctor->found);
		if (!words_is_true(doctor->found, "programs") &&
			profile_match(words_text(doctor->found, "machine"),
				doctor_row_size(doctor->found, size_mm), &match))
			say(stdout, "  %-12s %s%s\n", "profile", match.profile.name,
				match.by_name ? "" : " (by the size alone)");
	}
	doctor_advise_port(&doctor->advice, &doctor->port, false);
	doctor_advise_link(&doctor->advice, &doctor->port, doctor->found);
	doctor_show_advice(cli, &doctor->advice);
}

static void print_row(const struct doctor *doctor)
{
	const struct doctor_row row = { .port = &doctor->port,
		.found = doctor->found,
		.dialect = words_text(doctor->found, "dialect"),
		.baud = words_integer(doctor->found, "baud") };

	doctor_row_print(&row);
}

static int examine_port(struct doctor *doctor)
{
	int status;

	host_look(doctor->path, &doctor->port);
	status = check_port(doctor);
	if (status == CLI_DONE)
		status = ask_stream(doctor);
	if (status != CLI_DONE)
		return status;
	if (doctor->cli->json)
		words_print_json(doctor->cli, doctor->found);
	else if (doctor->config && words_is_true(doctor->found, "answers"))
		print_row(doctor);
	else if (doctor->config)
		cli_error("%s: %s", doctor->path, words_text(doctor->found, "reason"));
	else
		show_port_report(doctor);
	return words_is_true(doctor->found, "answers") ? CLI_DONE : CLI_REFUSED;
}

/* ---- a printer of the farm --------------------------------------------------------------- */

/* Round trips out of the flight recorder: lines that were answered before another one was sent. */
struct trips {
	json_t *us;
	double asked_s[ASKS_MAX];
	size_t asked;
	bool is_long; /* the latest line: the printer answers when it is done */
	bool is_open; /* its end has not been sent */
	double latest_s;
	int64_t lines, refusals;
	/* As the port was opened the last time. */
	char dialect[WORDS_MAX]; /* empty: not told */
	int64_t baud;
};

/* A printer answers these when they are done, and moves when its planner has room. */
static bool takes_long(const char *row)
{
	static const char *const words[] = { " G28", " G29", " G4", " M109", " M190", " M191",
		" M400", " M600", " M0", " M1 " };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(row, words[i]))
			return true;
	return false;
}

static void take_sent(struct trips *trips, const char *bytes, double at_s)
{
	bool is_end = strcmp(bytes, " \\n") == 0, was_open = trips->is_open;

	/* A newline that was held back belongs to the row before; an empty line is not answered. */
	if (!is_end)
		trips->is_long = takes_long(bytes);
	trips->is_open = strstr(bytes, "\\n") == NULL;
	if (trips->is_open || (is_end && !was_open))
		return;
	/* Whatever was not answered by now never was. */
	if (trips->asked > 0 && at_s - trips->latest_s > 5)
		trips->asked = 0;
	trips->latest_s = at_s;
	trips->lines++;
	if (trips->asked < ASKS_MAX)
		trips->asked_s[trips->asked++] = trips->is_long ? -1 : at_s;
}

/* "do open DIALECT window=.. baud=..", a remark of the streamer. */
static void take_remark(struct trips *trips, const char *text)
{
	const char *baud = strstr(text, " baud=");
	char dialect[32];

	if (sscanf(text, " do %*[a-z] %31s window=", dialect) != 1 || !baud)
		return;
	snprintf(trips->dialect, sizeof trips->dialect, "%s", dialect);
	trips->baud = strtoll(baud + 6, NULL, 10);
}

static void take_row(struct trips *trips, const char *row)
{
	char *end;
	double at_s = strtod(row, &end);

	if (end == row || end[0] != ' ' || !end[1])
		return;
	if (end[1] == '#')
		take_remark(trips, end + 2);
	if (end[1] == '>')
		take_sent(trips, end + 2, at_s);
	/* Our own questions for the line counter are refused too, for their number. */
	if (end[1] == '<' && strncmp(end + 2, " Error:", 7) == 0 && strstr(end, "hecksum"))
		trips->refusals++;
	if (end[1] != '<' || strncmp(end + 2, " ok", 3) != 0 || trips->asked == 0)
		return;
	if (trips->asked_s[0] >= 0 && trips->asked == 1)
		json_array_append_new(
			trips->us, json_integer((json_int_t)((at_s - trips->asked_s[0]) * 1e6)));
	memmove(trips->asked_s, trips->asked_s + 1, --trips->asked * sizeof trips->asked_s[0]);
}

static int read_recording(struct doctor *doctor, struct trips *trips)
{
	char path[CLIENT_PATH_MAX], cursor[80] = "";
	bool more = true;

	for (int page = 0; more && page < PAGES_MAX; page++) {
		struct client_answer answer;
		const json_t *row;
		size_t length, index;
		int status;

		client_path(path, "printers", doctor->name, "recording");
		length = strlen(path);
		if (*cursor)
			snprintf(path + length, sizeof path - length, "?after=%s", cursor);
		status = client_get(doctor->cli, path, &answer);
		if (status)
			return status;
		json_array_foreach (words_items(answer.json), index, row)
			take_row(trips, json_string_value(row) ? json_string_value(row) : "");
		more = words_is_true(answer.json, "more");
		snprintf(cursor, sizeof cursor, "%s", words_text(answer.json, "next"));
		client_answer_finish(&answer);
	}
	return CLI_DONE;
}

static void show_printer_report(struct doctor *doctor, const json_t *printer, struct trips *trips)
{
	const struct cli *cli = doctor->cli;

	say(stdout, "%s: %s\n", doctor->name, words_text(printer, "link"));
	doctor_show_port(&doctor->port);
	say(stdout, "  %-12s %s\n", "firmware", words_text(printer, "firmware"));
	say(stdout, "  %-12s %s\n", "window", words_text(printer, "window"));
	doctor_show_round_trips(cli, trips->us);
	say(stdout, "  %-12s of the last %lld lines %lld arrived damaged\n", "noise",
		(long long)trips->lines, (long long)trips->refusals);
	flow_show(cli, printer);
	doctor_advise_port(&doctor->advice, &doctor->port, true);
	if (strcmp(words_text(printer, "link"), "online") != 0)
		doctor_advise(&doctor->advice,
			"%s: with the daemon stopped 'printfarm doctor --port "
			"%s' asks the port itself",
			*words_text(printer, "reason") ? words_text(printer, "reason")
						       : "it does not answer",
			doctor->path);
	if (trips->refusals > 0)
		doctor_advise(&doctor->advice,
			"lines arrive damaged: a shorter, shielded cable, another port or hub");
	doctor_show_advice(cli, &doctor->advice);
}

static void print_printer_row(
	const struct doctor *doctor, const json_t *printer, const struct trips *trips)
{
	const struct doctor_row row = { .port = &doctor->port,
		.printer = printer,
		.dialect = *trips->dialect ? trips->dialect : "auto",
		.baud = trips->baud > 0 || !*trips->dialect ? trips->baud : USUAL_BAUD };

	if (!*trips->dialect)
		cli_error(
			"%s has not been heard since its streamer began: its dialect is not known",
			doctor->name);
	doctor_row_print(&row);
}

static int examine_printer(struct doctor *doctor)
{
	struct trips trips = { .us = json_array() };
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int status =
		client_get(doctor->cli, client_path(path, "printers", doctor->name, NULL), &answer);

	if (status == CLI_DONE) {
		doctor->path = words_text(answer.json, "port");
		host_look(doctor->path, &doctor->port);
		status = read_recording(doctor, &trips);
		if (status == CLI_DONE && doctor->config)
			print_printer_row(doctor, answer.json, &trips);
		else if (status == CLI_DONE && doctor->cli->json)
			words_print_json(doctor->cli,
				json_object_set(answer.json, "round_trips_us", trips.us) == 0
					? answer.json
					: answer.json);
		else if (status == CLI_DONE)
			show_printer_report(doctor, answer.json, &trips);
		client_answer_finish(&answer);
	}
	json_decref(trips.us);
	return status;
}

/* ---- which ------------------------------------------------------------------------------- */

static void list_port(void *context, const char *path)
{
	int *count = context;
	struct host_port port;

	host_look(path, &port);
	++*count;
	say(stdout, "  %s\n      %s%s%s\n", path, port.device,
		port.holder_count ? ", held by " : "",
		port.holder_count ? port.holder[0].name : "");
}

/* Without a name: what could be meant. */
static int list_ports(void)
{
	int count = 0;

	say(stdout, "serial ports of this computer:\n");
	host_each_port(list_port, &count);
	if (count == 0)
		say(stdout, "  none: is a printer plugged in and switched on?\n");
	else
		say(stdout, "'printfarm doctor --port PATH' looks at one of them\n");
	return CLI_DONE;
}

int command_doctor(struct cli *cli, int argc, char **argv)
{
	struct doctor doctor = { .cli = cli, .seconds = -1 };
	const struct args_option options[] = {
		{ "port", 0, ARGS_TEXT, &doctor.path, 0, 0 },
		{ "config", 0, ARGS_FLAG, &doctor.config, 0, 0 },
		{ "seconds", 0, ARGS_NUMBER, &doctor.seconds, 0, SECONDS_MAX },
		{ 0 },
	};
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 0, 1, &count);

	if (status)
		return status;
	doctor.name = count > 0 ? argv[1] : NULL;
	if (doctor.seconds < 0)
		doctor.seconds = doctor.config ? 0 : 60;
	if (doctor.name && !doctor.path)
		return examine_printer(&doctor);
	if (!doctor.path)
		return list_ports();
	status = examine_port(&doctor);
	json_decref(doctor.found);
	return status;
}
