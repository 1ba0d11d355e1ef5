/* The table of commands, and finding one in it; see cli.h. */
#include "cli/commands.h"
#include "cli/args.h"
#include "cli/check.h"

#include <string.h>

static int run_check(struct cli *cli, int argc, char **argv)
{
	return command_check(argc, argv, cli->json);
}

#define ORDER_OPTIONS                                                                              \
	"  -n, --units UNITS   good units wanted (1)\n"                                            \
	"  --due TIME          fri, 'fri 12:00', tomorrow, 2026-11-27T18:00, +3h, +2d\n"            \
	"  --priority 0..100   higher first (50)\n"                                                \
	"  --material M[,M...] print with one of these, best first\n"                              \
	"  --color C[,C...]    print in one of these, best first; light, dark, any\n"              \
	"  --printer NAME      only on this printer\n"                                             \
	"  --tag TAG           only on printers with this tag\n"                                   \
	"  --hold              do not start it before 'order release'\n"                           \
	"  --test              a test print: one plate, even if nobody has approved it\n"          \
	"  --user USER         who it is for\n"                                                    \
	"  --project NAME      what it is for\n"                                                   \
	"  --after ORDER[,...] start when these orders are done\n"                                 \
	"  --retries N         try failed prints again so often in all before asking\n"

static const struct command design_commands[] = {
	{ "add", "NAME --plate FILE[#N][:YIELD] [...] [--revise]", "a design of one or more plates",
		"A plate is a G-code file that makes YIELD units (1) at once.  The planner\n"
		"chooses the mix of plates that is done soonest.  FILE#2 is the second plate of\n"
		"an archive.\n"
		"  --revise     NAME exists with other plates: make NAME@2 of these\n\n"
		"example: printfarm design add visor --plate visor.gcode --plate four.gcode:4\n",
		command_design_add, NULL },
	{ "approve", "NAME [--evidence TEXT] [--sign KEYFILE]",
		"this content of it may be produced",
		"  --evidence TEXT  such as the order of a test print\n"
		"  --sign KEYFILE   with the key that 'design key' made\n\n"
		"example: printfarm design approve visor --evidence \"order 12, fits\"\n",
		command_design_approve, NULL },
	{ "import", "FOLDER [--name NAME] [--revise]",
		"a design from a folder of 'record --export'",
		"Every hash is compared before and after.  An approval is not taken over.\n"
		"  --name NAME  what it is called here\n"
		"  --revise     the name exists with other plates: make its next revision\n\n"
		"example: printfarm design import visor-of-the-other-lab\n",
		command_design_import, NULL },
	{ "key", "FILE", "makes a key to sign approvals with", NULL, command_design_key, NULL },
	{ "list", "", "every design", NULL, command_design_list, NULL },
	{ "revise", "NAME --plate FILE[#N][:YIELD] [...]",
		"other plates: the next revision, NAME@2",
		"The revisions before it stay as they are, with their approvals; an order of\n"
		"NAME is made from the newest one that may be produced.\n\n"
		"example: printfarm design revise visor --plate visor-v2.gcode\n",
		command_design_revise, NULL },
	{ "revoke", "NAME --why TEXT", "what has not started waits; lists what has been made", NULL,
		command_design_revoke, NULL },
	{ "show", "NAME", "its plates, with time, filament and size", NULL, command_design_show,
		NULL },
	{ 0 },
};

static const struct command job_commands[] = {
	{ "cancel", "JOB...", "ends it; a bed it was printing on becomes unknown", NULL,
		command_job_cancel, NULL },
	{ "hold", "JOB...", "is not started before 'job release'", NULL, command_job_hold, NULL },
	{ "inspect", "JOB [--good N] [--scrap N]", "counts what it made; 'good' is the rest",
		"For a job that is printed, or needs a look and turns out to be printed.\n\n"
		"example: printfarm job inspect 7 --scrap 1\n",
		command_job_inspect, NULL },
	{ "reassign", "JOB PRINTER", "to be printed on this printer", NULL, command_job_reassign,
		NULL },
	{ "redo", "JOB...", "a job that needs a look is printed again", NULL, command_job_redo,
		NULL },
	{ "release", "JOB...", "a held job may start", NULL, command_job_release, NULL },
	{ "retry", "JOB...", "a failed job is tried again", NULL, command_job_retry, NULL },
	{ "show", "JOB", "the job and its attempts", NULL, command_job_show, NULL },
	{ 0 },
};

static const struct command order_commands[] = {
	{ "cancel", "ORDER...", "ends it, with the prints under way", NULL, command_order_cancel,
		NULL },
	{ "create", "DESIGN [-n UNITS] [--due TIME] [...]", "order units of a design",
		ORDER_OPTIONS
		"\nexample: printfarm order create visor -n 400 --due fri --color white\n",
		command_order_create, NULL },
	{ "deliver", "ORDER [UNITS] [--note TEXT]", "good units are handed over",
		"UNITS: all that are good and not handed over yet, unless said.\n",
		command_order_deliver, NULL },
	{ "hold", "ORDER...", "nothing more of it is started; running prints go on", NULL,
		command_order_hold, NULL },
	{ "list", "[--all] [--user USER] [--project NAME]", "open orders, or all", NULL,
		command_order_list, NULL },
	{ "release", "ORDER...", "a held order goes on", NULL, command_order_release, NULL },
	{ "reorder", "ORDER [-n UNITS]", "a new order with the same wishes", NULL,
		command_order_reorder, NULL },
	{ "set", "ORDER [-n UNITS] [--due TIME] [--priority 0..100] [...]", "changes an open order",
		"  -n, --units UNITS   good units wanted\n"
		"  --due TIME          \"\": none\n"
		"  --priority 0..100   higher first\n"
		"  --material M[,M...] --color C[,C...]   what it may be printed with, best first\n"
		"  --project NAME      what it is for; \"\": nothing\n"
		"  --after ORDER[,...] start when these orders are done; \"\": at once\n"
		"  --retries N         try failed prints again so often in all before asking\n",
		command_order_set, NULL },
	{ "show", "ORDER", "good, scrap, printing, left, promised time", NULL, command_order_show,
		NULL },
	{ 0 },
};

static const struct command printer_commands[] = {
	{ "confirm", "NAME", "a laser or mill may start its next job: somebody is at it", NULL,
		command_printer_confirm, NULL },
	{ "connect", "NAME... [--reset]", "tries its port again now",
		"  --reset   reset the board first by its DTR line; refused while it prints\n",
		command_printer_connect, NULL },
	{ "disable", "NAME...", "gets no new jobs; a running print goes on", NULL,
		command_printer_disable, NULL },
	{ "enable", "NAME...", "may get jobs", NULL, command_printer_enable, NULL },
	{ "gcode", "NAME COMMAND...", "sends one command, checked by the rules for files",
		"example: printfarm printer gcode p1 M104 S0\n", command_printer_gcode, NULL },
	{ "load", "NAME SPOOL", "says which spool is in; 0 is none", NULL, command_printer_load,
		NULL },
	{ "log", "NAME [--follow] [--said]", "what went over its wire, both ways",
		"  --follow   go on until interrupted\n"
		"  --said     only what was worth a line in the log\n\n"
		"Rows of seconds, direction (> to the printer, < from it, # remark) and bytes,\n"
		"as 'printfarm replay' and 'printfarm-sim --replay' read them.\n",
		command_printer_log, NULL },
	{ "maintained", "NAME [WHAT]", "this maintenance is done, or all of the printer's", NULL,
		command_printer_maintained, NULL },
	{ "pause", "NAME...", "stops after the lines already accepted, parks, cools the nozzle",
		NULL, command_printer_pause, NULL },
	{ "resume", "NAME...", "goes on where it was", NULL, command_printer_resume, NULL },
	{ "show", "NAME", "everything about it", NULL, command_printer_show, NULL },
	{ "unlock", "NAME...", "a person has dealt with the fault", NULL, command_printer_unlock,
		NULL },
	{ 0 },
};

static const struct command spool_commands[] = {
	{ "add", "--material M [--color C] [--grams G] [--lot LOT]", "a new spool", NULL,
		command_spool_add, NULL },
	{ "list", "[--all]", "spools in use, or all", NULL, command_spool_list, NULL },
	{ "retire", "SPOOL...", "is not used any more", NULL, command_spool_retire, NULL },
	{ "set", "SPOOL [--grams G] [--material M] [--color C] [--lot LOT]", "corrects a spool",
		NULL, command_spool_set, NULL },
	{ 0 },
};

static const struct command config_commands[] = {
	{ "check", "FILE", "is this configuration right? (runs printfarmd --check-config)", NULL,
		command_config_check, NULL },
	{ 0 },
};

const struct command cli_commands[] = {
	{ "check", "FILE... [--profile P] [--plate N] [...]",
		"analyses files here, without the daemon", NULL, run_check, NULL },
	{ "clear", "PRINTER... [--good N] [--scrap N] [--why TEXT] [--not-yet]",
		"the bed is empty, and this is what was on it",
		"  --good N     good units (what the plate yields, less the scrap)\n"
		"  --scrap N    units that are not (0)\n"
		"  --why TEXT   kept with the act\n"
		"  --not-yet    count the units, but the bed is not free yet\n\n"
		"It is safe to repeat.  The next print starts after the announced delay.\n\n"
		"example: printfarm clear p1 p2\n",
		command_clear, NULL },
	{ "config", NULL, "the configuration file", NULL, NULL, config_commands },
	{ "design", NULL, "designs and their plates", NULL, NULL, design_commands },
	{ "doctor", "[NAME | --port PATH] [--config] [--seconds N]",
		"what is on a port, how good the link is, what to change",
		"  NAME         a printer of the farm, by what its streamer has recorded\n"
		"  --port PATH  a port that nobody uses, without the daemon; it is asked, and\n"
		"               nothing is moved or heated\n"
		"  --config     only print the finished row for 'printers' in printfarm.conf\n"
		"  --seconds N  look for noise for so long (60)\n\n"
		"Without either the serial ports of this computer are listed.\n\n"
		"example: sudo printfarm doctor --port /dev/ttyUSB0\n",
		command_doctor, NULL },
	{ "estop", "[PRINTER...]", "emergency stop; without a name, of everything",
		"Goes straight to the streamers' stop sockets and works when printfarmd is dead.\n"
		"Stopped printers are locked until 'printer unlock'.\n",
		command_estop, NULL },
	{ "help", "[COMMAND]", "this list, or one command", NULL, command_help, NULL },
	{ "job", NULL, "one job", NULL, NULL, job_commands },
	{ "jobs", "[--all] [--order ORDER]", "jobs that have not ended, or all", NULL, command_jobs,
		NULL },
	{ "order", NULL, "orders", NULL, NULL, order_commands },
	{ "plan", "[--gantt FILE | --tonight | --instance FILE | --serve] [...]", "who prints what, when",
		"  --gantt FILE       the plan as a picture (SVG), closed hours shaded\n"
		"  --tonight          what to do before you leave, by units gained by morning\n"
		"  --instance FILE    plan a scheduling instance without the daemon\n"
		"  --serve            plan in a closed loop on standard input and output\n"
		"  --budget-moves N   moves of the search; same moves and seed, same plan\n"
		"  --budget-ms N      time for the search (1000; --serve: 8 an answer)\n"
		"  --seed S           of the search (1)\n",
		command_plan, NULL },
	{ "printer", NULL, "one printer", NULL, NULL, printer_commands },
	{ "printers", "", "every printer", NULL, command_printers, NULL },
	{ "quota", "", "how much of their quotas users and projects have used up", NULL,
		command_quota, NULL },
	{ "record", "[order] ORDER | job JOB [--html FILE] [...]",
		"what was made of what, by whom, on what, with what trouble",
		"One JSON document: design, approval, files and settings, every attempt with its\n"
		"times, temperatures, firmware, filament and faults, what was counted, and what\n"
		"people did.\n"
		"  --html FILE      as a page to be kept or printed; - is standard output\n"
		"  --label FILE     a label with a QR code for the box, 62 x 29 mm (SVG)\n"
		"  --export FOLDER  a new folder that another lab can make the part from\n"
		"  --without-names  people are \"person 1\", \"person 2\" ...\n\n"
		"example: printfarm record 12 --html order-12.html --label order-12.svg\n",
		command_record, NULL },
	{ "rehearse", "FILE PRINTER [--keep COPY]",
		"the file on the machine, without heat and filament",
		"  --keep COPY  keeps the file that is sent, as COPY\n\n"
		"Heaters and extruder are left out, everything else is sent as it is.  The\n"
		"rules of the bed hold.  Shown are starvation, noise and the true time.  No\n"
		"part is counted.  A file that calls a macro of the firmware is refused: the\n"
		"macro may heat.  Ctrl-C cancels it.\n\n"
		"example: printfarm rehearse visor.gcode p1\n",
		command_rehearse, NULL },
	{ "reload", "", "printfarmd reads its configuration again", NULL, command_reload, NULL },
	{ "replay", "FILE [--dialect NAME]", "feeds a recorded conversation to a driver",
		"The file holds what 'printer log' shows, or a transcript of another host.\n"
		"Shown is what our driver makes of it and, for a recording of ours, where it\n"
		"differs; the exit code is 1 then.  'printfarm-sim --replay FILE' plays the\n"
		"printer's side.\n\n"
		"example: printfarm printer log p1 >p1.txt && printfarm replay p1.txt\n",
		command_replay, NULL },
	{ "report", "[--since DATE] [--until DATE]", "where the hours went, and what they made",
		"DATE is 2026-11-27, today, yesterday, mon or -7d; without: the last seven days.\n", command_report, NULL },
	{ "spool", NULL, "filament on reels", NULL, NULL, spool_commands },
	{ "status", "", "the farm on one screen", NULL, command_status, NULL },
	{ "submit", "FILE... [-n UNITS] [--yield K] [--due TIME] [...]",
		"upload a file and order units of it",
		ORDER_OPTIONS "  --yield K           units that the file makes at once (1)\n"
			      "  --design NAME       name of the design (the file's name)\n"
			      "  --plate N           which plate of an archive with several\n"
			      "  --quote             say when it would be done; order nothing\n"
			      "\nEach file is an order of its own.\n"
			      "\nexample: printfarm submit visor.gcode -n 400 --due fri\n",
		command_submit, NULL },
	{ "version", "", "the version of this program", NULL, command_version, NULL },
	{ "watch", "[ORDER | order ORDER | job JOB]", "progress bars until it is done", NULL,
		command_watch, NULL },
	{ "why", "JOB | order ORDER [PRINTER]",
		"why it waits: every printer, every unmet condition", NULL, command_why, NULL },
	{ 0 },
};

const struct command *cli_find_command(
	const struct cli *cli, const struct command *rows, const char *name)
{
	enum { NAMES_MAX = 64 };
	const char *names[NAMES_MAX + 1];
	const char *context = cli->command_name;
	size_t count = 0;

	for (const struct command *row = rows; row->name; row++) {
		if (strcmp(row->name, name) == 0)
			return row;
		if (count < NAMES_MAX)
			names[count++] = row->name;
	}
	names[count] = NULL;

	const char *meant = args_suggest(name, names);

	if (meant)
		cli_error("there is no command '%s%s%s'; did you mean '%s%s%s'?", context,
			*context ? " " : "", name, context, *context ? " " : "", meant);
	else
		cli_error("there is no command '%s%s%s'; 'printfarm help%s%s' lists them", context,
			*context ? " " : "", name, *context ? " " : "", context);
	return NULL;
}

/* The options that are understood everywhere may stand between "order" and "show". */
static int take_front(struct cli *cli, int *argc, char ***argv)
{
	int at = 1;
	int status = args_parse_front(cli, *argc, *argv, &at);

	if (status)
		return status;
	*argc -= at;
	*argv += at;
	return 0;
}

int cli_run(struct cli *cli, const struct command *rows, int argc, char **argv)
{
	const struct command *command = cli_find_command(cli, rows, argv[0]);
	size_t length = strlen(cli->command_name);

	if (!command)
		return CLI_USAGE;
	snprintf(cli->command_name + length, sizeof cli->command_name - length, "%s%s",
		length > 0 ? " " : "", command->name);
	cli->command = command;
	if (command->run)
		return command->run(cli, argc, argv);

	int status = take_front(cli, &argc, &argv);

	if (status)
		return status;
	if (argc > 0)
		return cli_run(cli, command->sub, argc, argv);
	return cli_usage_error(cli, "a command is expected");
}
