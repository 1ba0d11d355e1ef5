/* A benchmark's instance as a problem; see instance.h. */
#include "scheduler/instance.h"
#include "base/error.h"

#include <stdlib.h> /* calloc, realloc, free, qsort */
#include <string.h> /* memcmp, strlen */

enum {
	FIELDS_MAX = 16,
	WORD_SHOWN_MAX = 40,
	SECONDS_MAX = 1 << 30, /* of a time or a length: 34 years */
	GRAMS_MAX = 1 << 30,
	UNITS_MAX = 1000000000,
	PRINTS_MAX = 1 << 20, /* of one order */
};

struct word {
	const char *text; /* not ended by NUL */
	size_t length;
};

struct plate {
	int32_t part, kind, line;
	struct problem_option option;
};

struct parser {
	struct instance *instance;
	struct error *error;
	bool online; /* the orders come later */
	const char *record;
	int64_t line;
	struct word word[FIELDS_MAX];
	int64_t value[FIELDS_MAX]; /* of the fields that are numbers */
	bool has_count, has_objective, has_end;
	/* How many of each have been read. */
	size_t materials, sites, kinds, printers, parts, plates, users, orders;
	size_t plate_count;
	struct plate *plate; /* owned */
};

/* ---- words ---------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* How many words the line has, at most FIELDS_MAX + 1. */
static size_t split(const char *line, size_t length, struct word *word)
{
	size_t count = 0, at = 0;

	for (;;) {
		while (at < length && is_blank(line[at]))
			at++;
		if (at == length)
			return count;
		if (count == FIELDS_MAX)
			return FIELDS_MAX + 1;
		size_t begin = at;

		while (at < length && !is_blank(line[at]))
			at++;
		word[count++] = (struct word){ line + begin, at - begin };
	}
}

static bool equals(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool read_number(const struct word *word, int64_t *number)
{
	size_t at = word->text[0] == '-' ? 1 : 0;
	int64_t value = 0;

	if (at == word->length || word->length - at > 18)
		return false;
	for (; at < word->length; at++) {
		if (word->text[at] < '0' || word->text[at] > '9')
			return false;
		value = 10 * value + (word->text[at] - '0');
	}
	*number = word->text[0] == '-' ? -value : value;
	return true;
}

/* For a sentence: short, and nothing that a terminal would obey. */
static const char *shown(const struct word *word, char text[WORD_SHOWN_MAX + 1])
{
	size_t length = word->length < WORD_SHOWN_MAX ? word->length : WORD_SHOWN_MAX;

	for (size_t i = 0; i < length; i++) {
		char c = word->text[i];

		text[i] = c > ' ' && c < 127 ? c : '?';
	}
	text[length] = '\0';
	return text;
}

static bool refuse(struct parser *parser, size_t field, const char *name, const char *wanted)
{
	char text[WORD_SHOWN_MAX + 1];

	error_set(parser->error, "line %lld: %s: field %zu (%s) is \"%s\", wanted %s",
		(long long)parser->line, parser->record, field, name,
		shown(&parser->word[field], text), wanted);
	return false;
}

/* Field `field` is a number from low to high. */
static bool is_in(struct parser *parser, size_t field, const char *name, int64_t low, int64_t high)
{
	if (parser->value[field] >= low && parser->value[field] <= high)
		return true;
	char text[WORD_SHOWN_MAX + 1];

	error_set(parser->error, "line %lld: %s: field %zu (%s) is \"%s\", wanted %lld to %lld",
		(long long)parser->line, parser->record, field, name,
		shown(&parser->word[field], text), (long long)low, (long long)high);
	return false;
}

static bool is_id(struct parser *parser, size_t field, const char *name, size_t count)
{
	return is_in(parser, field, name, 0, (int64_t)count - 1);
}

/* The id must be the next one; and not be one too many. */
static bool is_next(struct parser *parser, size_t *done, size_t count)
{
	if (*done >= count) {
		error_set(parser->error, "line %lld: %s: more of them than the %zu counted",
			(long long)parser->line, parser->record, count);
		return false;
	}
	if (!is_in(parser, 1, "id", (int64_t)*done, (int64_t)*done))
		return false;
	++*done;
	return true;
}

/* ---- records -------------------------------------------------------------- */

static bool read_name(struct parser *parser)
{
	const struct word *word = &parser->word[1];

	if (word->length >= INSTANCE_NAME_MAX)
		return refuse(parser, 1, "name", "less than 128 characters");
	memcpy(parser->instance->name, word->text, word->length);
	parser->instance->name[word->length] = '\0';
	return true;
}

static bool read_nothing(struct parser *parser)
{
	(void)parser;
	return true;
}

static bool read_objective(struct parser *parser)
{
	const struct word *word = &parser->word[1];

	if (!equals(word, "makespan") && !equals(word, "twt"))
		return refuse(parser, 1, "objective", "makespan or twt");
	parser->instance->problem.goal = equals(word, "twt") ? PROBLEM_TARDINESS : PROBLEM_MAKESPAN;
	parser->has_objective = true;
	return true;
}

static bool read_online(struct parser *parser)
{
	parser->instance->online = parser->value[1] != 0;
	return is_in(parser, 1, "flag", 0, 1);
}

static bool read_horizon(struct parser *parser)
{
	parser->instance->problem.horizon_s = parser->value[1];
	return is_in(parser, 1, "seconds", 1, SECONDS_MAX);
}

static bool read_week0(struct parser *parser)
{
	parser->instance->problem.week0_s = parser->value[1];
	return is_in(parser, 1, "second of the week", 0, PROBLEM_WEEK_S - 1);
}

static bool read_reload(struct parser *parser)
{
	parser->instance->problem.reload_s = (int32_t)parser->value[1];
	return is_in(parser, 1, "seconds", 0, PROBLEM_WEEK_S);
}

static bool read_count(struct parser *parser)
{
	static const char *const name[] = { "", "materials", "sites", "classes", "printers",
		"parts", "plates", "users", "orders" };
	struct instance *instance = parser->instance;
	struct problem *problem = &instance->problem;
	const int64_t *value = parser->value;

	if (parser->has_count) {
		error_set(parser->error, "line %lld: count: a second one", (long long)parser->line);
		return false;
	}
	for (size_t i = 1; i <= 8; i++)
		if (!is_in(parser, i, name[i], i == 6 || i == 8 ? 0 : 1,
			    i == 1 ? PROBLEM_MATERIALS_MAX : INSTANCE_COUNT_MAX))
			return false;
	if (value[5] * value[3] > (int64_t)INSTANCE_COUNT_MAX * 16) {
		error_set(parser->error,
			"line %lld: count: %lld parts on %lld classes are too many",
			(long long)parser->line, (long long)value[5], (long long)value[3]);
		return false;
	}
	problem->material_count = (size_t)value[1];
	problem->site_count = (size_t)value[2];
	problem->kind_count = (size_t)value[3];
	problem->printer_count = (size_t)value[4];
	problem->part_count = (size_t)value[5];
	problem->user_count = (size_t)value[7];
	problem->order_count = (size_t)value[8];
	parser->plate_count = (size_t)value[6];
	parser->plate = calloc(parser->plate_count + 1, sizeof *parser->plate);
	instance->order_capacity = problem->order_count;
	parser->has_count = true;
	if (parser->plate && problem_allocate(problem, parser->plate_count))
		return true;
	error_set(parser->error, "line %lld: count: not enough memory", (long long)parser->line);
	return false;
}

static bool read_material(struct parser *parser)
{
	struct problem *problem = &parser->instance->problem;

	if (!is_next(parser, &parser->materials, problem->material_count) ||
		!is_in(parser, 3, "spool grams", 1, GRAMS_MAX))
		return false;
	problem->reel_g[parser->value[1]] = (int32_t)parser->value[3];
	return true;
}

static bool read_change(struct parser *parser)
{
	struct problem *problem = &parser->instance->problem;

	if (!is_id(parser, 1, "from", problem->material_count) ||
		!is_id(parser, 2, "to", problem->material_count) ||
		!is_in(parser, 3, "seconds", 0, PROBLEM_WEEK_S))
		return false;
	problem->change_s[(size_t)parser->value[1] * problem->material_count +
			  (size_t)parser->value[2]] = (int32_t)parser->value[3];
	return true;
}

static bool read_site(struct parser *parser)
{
	struct problem *problem = &parser->instance->problem;

	if (!is_next(parser, &parser->sites, problem->site_count) ||
		!is_in(parser, 3, "operators", 0, 1000000))
		return false;
	problem->site[parser->value[1]].operators = (int32_t)parser->value[3];
	return true;
}

/* Keeps the windows by begin. */
static bool add_window(struct parser *parser, struct problem_window **window, size_t *count,
	struct problem_window added)
{
	struct problem_window *bigger = realloc(*window, (*count + 1) * sizeof *bigger);
	size_t at = *count;

	if (!bigger) {
		error_set(parser->error, "line %lld: not enough memory", (long long)parser->line);
		return false;
	}
	for (; at > 0 && bigger[at - 1].begin_s > added.begin_s; at--)
		bigger[at] = bigger[at - 1];
	bigger[at] = added;
	*window = bigger;
	++*count;
	return true;
}

static bool read_window(struct parser *parser, bool is_quiet)
{
	struct problem *problem = &parser->instance->problem;

	if (!is_id(parser, 1, "site", problem->site_count) ||
		!is_in(parser, 2, "begin", 0, PROBLEM_WEEK_S - 1) ||
		!is_in(parser, 3, "end", parser->value[2] + 1, PROBLEM_WEEK_S))
		return false;
	struct problem_site *site = &problem->site[parser->value[1]];
	struct problem_windows *windows = is_quiet ? &site->quiet : &site->hours;
	struct problem_window window = { parser->value[2], parser->value[3] };

	if (windows->count >= UINT16_MAX)
		return refuse(parser, 1, "site", "less windows of one site");
	return add_window(parser, &windows->window, &windows->count, window);
}

static bool read_hours(struct parser *parser)
{
	return read_window(parser, false);
}

static bool read_quiet(struct parser *parser)
{
	return read_window(parser, true);
}

static bool read_class(struct parser *parser)
{
	return is_next(parser, &parser->kinds, parser->instance->problem.kind_count);
}

static bool check_printer(struct parser *parser)
{
	const struct problem *problem = &parser->instance->problem;

	return is_next(parser, &parser->printers, problem->printer_count) &&
	       is_id(parser, 3, "site", problem->site_count) &&
	       is_id(parser, 4, "class", problem->kind_count) &&
	       is_in(parser, 5, "nozzle", 0, 1000000) &&
	       is_id(parser, 6, "loaded material", problem->material_count) &&
	       is_in(parser, 7, "spool grams", 0, GRAMS_MAX) &&
	       is_in(parser, 8, "materials", 0, INT64_MAX) && is_in(parser, 9, "eject", 0, 1) &&
	       is_in(parser, 10, "noisy", 0, 1) &&
	       is_in(parser, 11, "clear seconds", 0, PROBLEM_WEEK_S) &&
	       is_in(parser, 12, "watts", 0, 1000000) &&
	       is_in(parser, 13, "slow permille", 1, 1000000) &&
	       is_in(parser, 14, "failures per million hours", 0, 1000000) &&
	       is_in(parser, 15, "free at", 0, SECONDS_MAX);
}

static bool read_printer(struct parser *parser)
{
	const int64_t *value = parser->value;

	if (!check_printer(parser))
		return false;
	parser->instance->problem.printer[value[1]] = (struct problem_printer){
		.site = (int32_t)value[3],
		.kind = (int32_t)value[4],
		.nozzle_um = (int32_t)value[5],
		.materials = (uint64_t)value[8],
		.eject = value[9] != 0,
		.noisy = value[10] != 0,
		.clear_s = (int32_t)value[11],
		.slow_permille = (int32_t)value[13],
		.fail_ppm = (int32_t)value[14],
		.state = { .ready_s = value[15],
			.loaded = (int32_t)value[6],
			.spool_g = (int32_t)value[7] },
	};
	return true;
}

static bool read_down(struct parser *parser)
{
	struct problem *problem = &parser->instance->problem;

	if (!is_id(parser, 1, "printer", problem->printer_count) ||
		!is_in(parser, 2, "from", 0, SECONDS_MAX) ||
		!is_in(parser, 3, "to", parser->value[2] + 1, SECONDS_MAX))
		return false;
	struct problem_printer *printer = &problem->printer[parser->value[1]];

	return add_window(parser, &printer->down, &printer->down_count,
		(struct problem_window){ parser->value[2], parser->value[3] });
}

static bool read_part(struct parser *parser)
{
	struct problem *problem = &parser->instance->problem;

	if (!is_next(parser, &parser->parts, problem->part_count) ||
		!is_in(parser, 3, "nozzle", 0, 1000000))
		return false;
	problem->part_nozzle_um[parser->value[1]] = (int32_t)parser->value[3];
	return true;
}

static bool read_plate(struct parser *parser)
{
	const struct problem *problem = &parser->instance->problem;
	const int64_t *value = parser->value;

	if (parser->plates >= parser->plate_count) {
		error_set(parser->error, "line %lld: plate: more of them than the %zu counted",
			(long long)parser->line, parser->plate_count);
		return false;
	}
	if (!is_id(parser, 1, "part", problem->part_count) ||
		!is_id(parser, 2, "class", problem->kind_count) ||
		!is_in(parser, 3, "pieces", 1, UNITS_MAX) ||
		!is_in(parser, 4, "seconds", 0, SECONDS_MAX) ||
		!is_in(parser, 5, "grams", 0, GRAMS_MAX))
		return false;
	parser->plate[parser->plates++] = (struct plate){
		.part = (int32_t)value[1],
		.kind = (int32_t)value[2],
		.line = (int32_t)parser->line,
		.option = { .units = (int32_t)value[3],
			.time_s = value[4],
			.grams = (int32_t)value[5] },
	};
	return true;
}

static bool read_user(struct parser *parser)
{
	return is_next(parser, &parser->users, parser->instance->problem.user_count) &&
	       is_in(parser, 3, "share", 0, 1000000);
}

static bool read_order(struct parser *parser)
{
	struct problem *problem = &parser->instance->problem;
	const int64_t *value = parser->value;

	if ((parser->online ? !is_in(parser, 1, "id", 0, INT32_MAX)
			    : !is_next(parser, &parser->orders, problem->order_count)) ||
		!is_id(parser, 2, "user", problem->user_count) ||
		!is_id(parser, 3, "part", problem->part_count) ||
		!is_id(parser, 4, "material", problem->material_count) ||
		!is_in(parser, 5, "pieces", 1, UNITS_MAX) ||
		!is_in(parser, 6, "release", 0, SECONDS_MAX) ||
		!is_in(parser, 7, "due", -SECONDS_MAX, SECONDS_MAX) ||
		!is_in(parser, 8, "weight", 0, 1000000))
		return false;
	problem->order[parser->orders - 1] = (struct problem_order){
		.user = (int32_t)value[2],
		.part = (int32_t)value[3],
		.material = (int32_t)value[4],
		.units = (int32_t)value[5],
		.release_s = value[6],
		.due_s = value[7],
		.weight = (int32_t)value[8],
	};
	return true;
}

static bool read_end(struct parser *parser)
{
	parser->has_end = true;
	return true;
}

/* Fields behind the word: 'i' a number, 'w' a word.  Before `count` only what needs no memory. */
struct record {
	const char *word, *fields;
	bool before_count;
	bool (*read)(struct parser *parser);
};

static const struct record records[] = {
	{ "order", "iiiiiiii", false, read_order },
	{ "plate", "iiiii", false, read_plate },
	{ "printer", "iwiiiiiiiiiiiii", false, read_printer },
	{ "part", "iwi", false, read_part },
	{ "name", "w", true, read_name },
	{ "family", "w", true, read_nothing },
	{ "objective", "w", true, read_objective },
	{ "seed", "i", true, read_nothing },
	{ "online", "i", true, read_online },
	{ "horizon", "i", true, read_horizon },
	{ "week0", "i", true, read_week0 },
	{ "reload", "i", true, read_reload },
	{ "count", "iiiiiiii", true, read_count },
	{ "material", "iwi", false, read_material },
	{ "change", "iii", false, read_change },
	{ "site", "iwi", false, read_site },
	{ "hours", "iii", false, read_hours },
	{ "quiet", "iii", false, read_quiet },
	{ "class", "iwiii", false, read_class },
	{ "down", "iii", false, read_down },
	{ "user", "iwi", false, read_user },
	{ "end", "", true, read_end },
};

static bool read_fields(struct parser *parser, const struct record *record, size_t count)
{
	size_t wanted = strlen(record->fields);

	if (count != wanted + 1) {
		error_set(parser->error, "line %lld: %s: %zu fields, wanted %zu",
			(long long)parser->line, record->word, count - 1, wanted);
		return false;
	}
	for (size_t i = 1; i < count; i++)
		if (record->fields[i - 1] == 'i' &&
			!read_number(&parser->word[i], &parser->value[i]))
			return refuse(parser, i, "number", "a whole number");
	return true;
}

static bool read_line(struct parser *parser, const char *line, size_t length)
{
	char text[WORD_SHOWN_MAX + 1];
	size_t count = split(line, length, parser->word);

	if (count == 0 || parser->word[0].text[0] == '#')
		return true;
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		if (!equals(&parser->word[0], records[i].word))
			continue;
		parser->record = records[i].word;
		if (!records[i].before_count && !parser->has_count) {
			error_set(parser->error, "line %lld: %s: stands before count",
				(long long)parser->line, records[i].word);
			return false;
		}
		return read_fields(parser, &records[i], count) && records[i].read(parser);
	}
	error_set(parser->error, "line %lld: unknown record \"%s\"", (long long)parser->line,
		shown(&parser->word[0], text));
	return false;
}

static bool read_first_line(struct parser *parser, const char *line, size_t length)
{
	size_t count = split(line, length, parser->word);

	if (count == 2 && equals(&parser->word[0], "printfarm-instance") &&
		equals(&parser->word[1], "1"))
		return true;
	error_set(parser->error,
		"line %lld: not an instance: the first line must be \"printfarm-instance 1\"",
		(long long)parser->line);
	return false;
}

/* ---- the whole ------------------------------------------------------------ */

static bool is_comment(const char *line, size_t length)
{
	size_t at = 0;

	while (at < length && is_blank(line[at]))
		at++;
	return at == length || line[at] == '#';
}

static bool read_all(struct parser *parser, const char *text, size_t size)
{
	bool has_first = false;

	for (size_t at = 0; at < size && !parser->has_end;) {
		const char *line = text + at, *end = memchr(line, '\n', size - at);
		size_t length = end ? (size_t)(end - line) : size - at;

		at += length + 1;
		parser->line++;
		if (length > INSTANCE_LINE_MAX) {
			error_set(parser->error, "line %lld: longer than %d characters",
				(long long)parser->line, INSTANCE_LINE_MAX);
			return false;
		}
		if (is_comment(line, length))
			continue;
		if (!(has_first ? read_line(parser, line, length)
				: read_first_line(parser, line, length)))
			return false;
		has_first = true;
	}
	if (parser->has_end)
		return true;
	error_set(parser->error, "line %lld: the file ends without \"end\"",
		(long long)parser->line + 1);
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct plate *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->option.units != y->option.units)
		return x->option.units < y->option.units ? -1 : 1;
	/* Of two plates with the same pieces the later line counts: it stands first. */
	return x->line < y->line ? 1 : -1;
}

static void place_plates(struct parser *parser)
{
	struct problem *problem = &parser->instance->problem;
	size_t count = 0, cells = problem->part_count * problem->kind_count;
	struct plate *plate = parser->plate;

	qsort(plate, parser->plates, sizeof *plate, by_place);
	for (size_t cell = 0, at = 0; cell <= cells; cell++) {
		problem->first[cell] = (int32_t)count;
		for (; at < parser->plates; at++) {
			if ((size_t)plate[at].part * problem->kind_count + (size_t)plate[at].kind !=
				cell)
				break;
			if (count > (size_t)problem->first[cell] &&
				problem->option[count - 1].units == plate[at].option.units)
				continue;
			problem->option[count++] = plate[at].option;
		}
	}
}

static bool is_all_there(struct parser *parser)
{
	const struct problem *problem = &parser->instance->problem;
	const struct {
		const char *name;
		size_t read, counted;
	} things[] = {
		{ "material", parser->materials, problem->material_count },
		{ "site", parser->sites, problem->site_count },
		{ "class", parser->kinds, problem->kind_count },
		{ "printer", parser->printers, problem->printer_count },
		{ "part", parser->parts, problem->part_count },
		{ "plate", parser->plates, parser->plate_count },
		{ "user", parser->users, problem->user_count },
		{ "order", parser->orders, parser->online ? parser->orders : problem->order_count },
	};

	if (!parser->has_count || !parser->has_objective) {
		error_set(parser->error, "line %lld: the record %s is missing",
			(long long)parser->line, parser->has_count ? "objective" : "count");
		return false;
	}
	for (size_t i = 0; i < sizeof things / sizeof things[0]; i++)
		if (things[i].read != things[i].counted) {
			error_set(parser->error, "line %lld: %zu %s records, %zu counted",
				(long long)parser->line, things[i].read, things[i].name,
				things[i].counted);
			return false;
		}
	return true;
}

/* The most pieces that any plate of the part has. */
static int32_t largest_plate(const struct problem *problem, int32_t part)
{
	size_t first = (size_t)part * problem->kind_count;
	int32_t largest = 0;

	for (int32_t i = problem->first[first]; i < problem->first[first + problem->kind_count];
		i++)
		if (problem->option[i].units > largest)
			largest = problem->option[i].units;
	return largest;
}

static bool is_feasible(struct parser *parser)
{
	const struct problem *problem = &parser->instance->problem;

	for (size_t i = 0; i < problem->order_count; i++) {
		const struct problem_order *order = &problem->order[i];
		int32_t largest = largest_plate(problem, order->part);

		if (largest > 0 && order->units / largest <= PRINTS_MAX)
			continue;
		if (largest > 0)
			error_set(parser->error, "order %zu: %d pieces take more than %d prints", i,
				order->units, PRINTS_MAX);
		else
			error_set(
				parser->error, "order %zu: part %d has no plates", i, order->part);
		return false;
	}
	return true;
}

bool instance_parse(
	const char *text, size_t size, bool online, struct instance *instance, struct error *error)
{
	struct parser parser = { .instance = instance, .error = error, .online = online };

	*instance = (struct instance){ .name = "unnamed",
		.problem = { .horizon_s = SECONDS_MAX, .reload_s = 0 } };
	bool is_read = read_all(&parser, text, size) && is_all_there(&parser);

	if (is_read) {
		place_plates(&parser);
		instance->problem.order_count = parser.orders;
		problem_prepare(&instance->problem);
		is_read = is_feasible(&parser);
	}
	if (!is_read)
		instance_finish(instance);
	free(parser.plate);
	return is_read;
}

void instance_finish(struct instance *instance)
{
	problem_finish(&instance->problem);
	free(instance->order_id);
	instance->order_id = NULL;
}

static bool has_order_room(struct instance *instance)
{
	struct problem *problem = &instance->problem;
	size_t capacity = 2 * instance->order_capacity + 64;

	if (instance->order_id && problem->order_count < instance->order_capacity)
		return true;
	if (capacity > INSTANCE_COUNT_MAX)
		return false;
	struct problem_order *order = realloc(problem->order, capacity * sizeof *order);
	int32_t *id = realloc(instance->order_id, capacity * sizeof *id);

	problem->order = order ? order : problem->order;
	instance->order_id = id ? id : instance->order_id;
	if (!order || !id)
		return false;
	instance->order_capacity = capacity;
	return true;
}

bool instance_add_order(struct instance *instance, const char *line, struct error *error)
{
	struct problem *problem = &instance->problem;
	static const struct record record = { "order", "iiiiiiii", false, read_order };
	struct parser parser = { .instance = instance,
		.error = error,
		.record = "order",
		.online = true,
		.orders = problem->order_count + 1 };

	if (!has_order_room(instance)) {
		error_set(error, "order: there is no room for another one");
		return false;
	}
	if (!read_fields(&parser, &record, split(line, strlen(line), parser.word)) ||
		!read_order(&parser))
		return false;
	instance->order_id[problem->order_count++] = (int32_t)parser.value[1];
	return true;
}
