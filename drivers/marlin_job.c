/* What the host itself sends around a print: tasks, small programs of numbered lines that run
 * between lines of the file, one step at a time, each acknowledged before the next.
 *
 * Everything a task sends with an effect is numbered like the file's lines (I2): it can be refused
 * and replayed, but not damaged.  docs/wire-lines.md lists all of it. */
#include "drivers/marlin_private.h"

#include <math.h> /* isfinite, llround */
#include <string.h>

enum {
	PARK_FEED_MM_MIN = 6000,
	LIFT_FEED_MM_MIN = 600,
	COLD_TRIES_MAX = 15,
	FAULT_COOL_TRIES_MAX = 15,
	BREAK_TRIES_MAX = 5,
};

/* ---- writing steps ---- */

static struct marlin_step *add_step(struct marlin *m, enum marlin_step_kind kind)
{
	struct marlin_step *step = &m->steps[m->step_count];

	/* The longest program has 20 steps; see the tasks below. */
	if (m->step_count + 1 < MARLIN_STEPS_MAX)
		m->step_count++;
	step->kind = kind;
	step->length = 0;
	return step;
}

static void put_text(struct marlin_step *step, const char *text)
{
	for (; *text != '\0' && step->length < MARLIN_STEP_TEXT_MAX; text++)
		step->text[step->length++] = *text;
}

/* Up to three decimals, without trailing zeros; never by locale. */
static void put_number(struct marlin_step *step, double value)
{
	long long thousandths = isfinite(value) && fabs(value) < 1e9 ? llround(value * 1000) : 0;
	char digits[24];
	size_t count = sizeof(digits);
	int decimals = 3;

	if (thousandths < 0)
		put_text(step, "-");
	thousandths = thousandths < 0 ? -thousandths : thousandths;
	while (decimals > 0 && thousandths % 10 == 0) {
		thousandths /= 10;
		decimals--;
	}
	digits[--count] = '\0';
	for (int i = 0; i < decimals; i++, thousandths /= 10)
		digits[--count] = (char)('0' + thousandths % 10);
	if (decimals > 0)
		digits[--count] = '.';
	do {
		digits[--count] = (char)('0' + thousandths % 10);
		thousandths /= 10;
	} while (thousandths > 0);
	put_text(step, digits + count);
}

static struct marlin_step *add_line(struct marlin *m, const char *text)
{
	struct marlin_step *step = add_step(m, MARLIN_STEP_LINE);

	put_text(step, text);
	return step;
}

static void add_word(struct marlin_step *step, const char *letter, double value)
{
	put_text(step, letter);
	put_number(step, value);
}

static void add_heaters_off(struct marlin *m)
{
	if (m->tools_seen <= 1)
		add_line(m, "M104 S0");
	for (int tool = 0; m->tools_seen > 1 && tool < MARLIN_TOOLS_MAX; tool++) {
		if (m->tools_seen & (1u << tool)) {
			struct marlin_step *step = add_line(m, "M104");

			add_word(step, " T", tool);
			put_text(step, " S0");
		}
	}
	if (m->bed_seen || m->modal.bed_celsius > 0 || m->heaters.time_us == 0)
		add_line(m, "M140 S0");
}

static bool position_is_known(const struct modal *modal)
{
	return modal->known[MODAL_X] && modal->known[MODAL_Y] && modal->known[MODAL_Z];
}

static void add_park(struct marlin *m, const struct modal *modal)
{
	if (!position_is_known(modal))
		return;
	if (modal->inches)
		add_line(m, "G21");
	if (m->settings.park_lift_mm > 0) {
		struct marlin_step *step;

		add_line(m, "G91");
		step = add_line(m, "G1");
		add_word(step, " Z", m->settings.park_lift_mm);
		add_word(step, " F", LIFT_FEED_MM_MIN);
	}
	add_line(m, "G90");
	struct marlin_step *step = add_line(m, "G1");

	add_word(step, " X", m->settings.park_x_mm - modal->offset_mm[MODAL_X]);
	add_word(step, " Y", m->settings.park_y_mm - modal->offset_mm[MODAL_Y]);
	add_word(step, " F", PARK_FEED_MM_MIN);
}

static double active_target(const struct modal *modal)
{
	return modal->tool >= 0 && modal->tool < MODAL_TOOLS_MAX
		       ? modal->hotend_celsius[modal->tool]
		       : 0;
}

/* ---- the programs ---- */

static void program_setup(struct marlin *m)
{
	add_step(m, MARLIN_STEP_RENUMBER);
	add_step(m, MARLIN_STEP_VERIFY);
	if (marlin_wants_held(m))
		add_step(m, MARLIN_STEP_ERASE);
	if (marlin_may_pack(m))
		add_step(m, MARLIN_STEP_PACK);
	if (m->identity.autoreport_temperature)
		add_line(m, "M155 S2");
	add_line(m, "M105");
}

static void program_adopt(struct marlin *m)
{
	add_step(m, MARLIN_STEP_VERIFY);
	if (marlin_wants_held(m) && !m->erases)
		add_step(m, MARLIN_STEP_ERASE);
	if (marlin_may_pack(m))
		add_step(m, MARLIN_STEP_PACK);
}

/* Marlin's dead man: kill() when nothing has moved for so long (M85; reports do not count).  So it
 * is armed for the time of a print only, and not for its pauses: an armed printer that rests is
 * killed. And behind a move only: where the last one was long ago, arming would kill at once. */
static void add_dead_man(struct marlin *m, int32_t seconds)
{
	if (m->settings.dead_man_s > 0)
		add_word(add_line(m, "M85"), " S", seconds);
}

static void program_renumber(struct marlin *m)
{
	add_step(m, MARLIN_STEP_VERIFY);
	add_step(m, MARLIN_STEP_RENUMBER);
	add_step(m, MARLIN_STEP_VERIFY);
}

static void program_pause(struct marlin *m)
{
	m->parked = m->modal;
	add_line(m, "M400");
	add_step(m, MARLIN_STEP_VERIFY);
	add_park(m, &m->parked);
	if (active_target(&m->parked) > m->settings.hotend_standby_celsius) {
		struct marlin_step *step = add_line(m, "M104");

		add_word(step, " S", m->settings.hotend_standby_celsius);
	}
	add_dead_man(m, 0);
}

static void add_return(struct marlin *m, const struct modal *modal)
{
	struct marlin_step *step;

	if (!position_is_known(modal))
		return;
	if (modal->inches)
		add_line(m, "G21");
	add_line(m, "G90");
	step = add_line(m, "G1");
	add_word(step, " X", modal->position_mm[MODAL_X]);
	add_word(step, " Y", modal->position_mm[MODAL_Y]);
	add_word(step, " F", PARK_FEED_MM_MIN);
	step = add_line(m, "G1");
	add_word(step, " Z", modal->position_mm[MODAL_Z]);
	add_word(step, " F", LIFT_FEED_MM_MIN);
	if (!modal_e_is_relative(modal) && modal->known[MODAL_E])
		add_word(add_line(m, "G92"), " E", modal->position_mm[MODAL_E]);
	if (modal->feed_mm_min > 0)
		add_word(add_line(m, "G1"), " F", modal->feed_mm_min);
	if (modal->inches)
		add_line(m, "G20");
	/* Marlin 2.x lets G90 and G91 set the mode of E too, so that one comes last. */
	add_line(m, modal->absolute ? "G90" : "G91");
	if (modal->e_stated)
		add_line(m, modal->e_absolute ? "M82" : "M83");
}

static void program_resume(struct marlin *m)
{
	double target = active_target(&m->parked);

	if (target > m->settings.hotend_standby_celsius)
		add_word(add_line(m, "M109"), " S", target);
	add_return(m, &m->parked);
	m->want_arm = m->settings.dead_man_s > 0;
	m->has_moved = false;
}

static void program_end(struct marlin *m)
{
	add_line(m, "M400");
	add_heaters_off(m);
	add_dead_man(m, 0);
	add_step(m, MARLIN_STEP_VERIFY);
	add_step(m, MARLIN_STEP_COLD);
}

static void program_cancel(struct marlin *m)
{
	if (m->staged_length > 0)
		m->next_index = m->staged_index;
	m->staged_length = 0;
	/* Cold first: the moves that were accepted may take a while. */
	add_heaters_off(m);
	if (m->phase != MARLIN_PAUSED) {
		add_line(m, "M400");
		add_park(m, &m->modal);
	}
	add_dead_man(m, 0);
	add_step(m, MARLIN_STEP_VERIFY);
	add_step(m, MARLIN_STEP_COLD);
}

static void program_cool(struct marlin *m)
{
	add_heaters_off(m);
	add_dead_man(m, 0);
	add_step(m, MARLIN_STEP_COLD);
}

static void program_manual(struct marlin *m)
{
	add_step(m, MARLIN_STEP_LINE); /* its text is m->manual */
}

void marlin_task_begin(struct marlin *m, enum marlin_task task)
{
	m->task = task;
	m->step_count = m->step_next = 0;
	m->step_started = false;
	switch (task) {
	case MARLIN_TASK_NONE:
		break;
	case MARLIN_TASK_SETUP:
		program_setup(m);
		break;
	case MARLIN_TASK_ADOPT:
		program_adopt(m);
		break;
	case MARLIN_TASK_ARM:
		add_dead_man(m, m->settings.dead_man_s);
		break;
	case MARLIN_TASK_STANDBY:
		add_word(add_line(m, "M104"), " S", m->settings.hotend_standby_celsius);
		break;
	case MARLIN_TASK_REHEAT:
		add_word(add_line(m, "M109"), " S", active_target(&m->modal));
		break;
	case MARLIN_TASK_RENUMBER:
		program_renumber(m);
		break;
	case MARLIN_TASK_PAUSE:
		program_pause(m);
		break;
	case MARLIN_TASK_RESUME:
		program_resume(m);
		break;
	case MARLIN_TASK_END:
		program_end(m);
		break;
	case MARLIN_TASK_CANCEL:
		program_cancel(m);
		break;
	case MARLIN_TASK_COOL:
		program_cool(m);
		break;
	case MARLIN_TASK_MANUAL:
		program_manual(m);
		break;
	}
}

void marlin_task_drop(struct marlin *m)
{
	m->task = MARLIN_TASK_NONE;
	m->step_count = m->step_next = 0;
	m->step_started = false;
}

/* ---- which task is next ---- */

static void job_over(struct marlin *m, enum driver_effect_kind kind)
{
	marlin_report_acknowledged(m);
	m->job = m->ended = m->hold = false;
	m->want_pause = m->want_resume = m->want_cancel = false;
	modal_init(&m->modal);
	marlin_attention_over(m);
	marlin_set_phase(m, MARLIN_READY);
	effects_add(m->effects, kind);
}

static void task_done(struct marlin *m)
{
	enum marlin_task task = m->task;

	marlin_task_drop(m);
	switch (task) {
	case MARLIN_TASK_NONE:
	case MARLIN_TASK_RENUMBER:
		break;
	case MARLIN_TASK_SETUP:
		marlin_choose_window(m);
		marlin_set_phase(m, MARLIN_READY);
		break;
	case MARLIN_TASK_ADOPT:
		marlin_choose_window(m);
		marlin_adopt_done(m);
		break;
	case MARLIN_TASK_ARM:
		m->want_arm = false;
		break;
	case MARLIN_TASK_STANDBY:
		m->stands_by = true;
		effects_said(
			m->effects, "nobody came: the nozzle is cooled until the print goes on");
		break;
	case MARLIN_TASK_REHEAT:
		m->stands_by = false;
		break;
	case MARLIN_TASK_PAUSE:
		m->want_pause = false;
		marlin_set_phase(m, MARLIN_PAUSED);
		effects_add(m->effects, DRIVER_PAUSED_NOW);
		break;
	case MARLIN_TASK_RESUME:
		m->want_resume = false;
		marlin_set_phase(m, MARLIN_PRINTING);
		effects_add(m->effects, DRIVER_RESUMED_NOW);
		break;
	case MARLIN_TASK_END:
		job_over(m, DRIVER_JOB_DONE);
		break;
	case MARLIN_TASK_CANCEL:
		job_over(m, DRIVER_JOB_CANCELLED);
		break;
	case MARLIN_TASK_COOL:
		m->want_cool = false;
		effects_add(m->effects, DRIVER_COLD);
		break;
	case MARLIN_TASK_MANUAL:
		m->manual_length = 0;
		break;
	}
}

/* The printer has paused itself, and nobody comes: the nozzle need not stay hot for ever. */
static bool is_held_too_long(const struct marlin *m)
{
	return m->hold && m->hold_us != 0 && !m->stands_by && m->settings.pause_heat_us > 0 &&
	       m->now_us - m->hold_us >= m->settings.pause_heat_us &&
	       active_target(&m->modal) > m->settings.hotend_standby_celsius;
}

static enum marlin_task next_task(const struct marlin *m)
{
	bool printing = m->phase == MARLIN_PRINTING, paused = m->phase == MARLIN_PAUSED;

	if (m->phase < MARLIN_READY)
		return MARLIN_TASK_NONE;
	if (m->history.next >= m->variant->renumber_at)
		return MARLIN_TASK_RENUMBER;
	if (m->want_cancel)
		return MARLIN_TASK_CANCEL;
	if (printing && m->stands_by && !m->hold)
		return MARLIN_TASK_REHEAT;
	if (printing && is_held_too_long(m))
		return MARLIN_TASK_STANDBY;
	if (m->want_arm && m->has_moved && printing)
		return MARLIN_TASK_ARM;
	if (m->want_pause && printing)
		return MARLIN_TASK_PAUSE;
	if (m->want_resume && paused)
		return MARLIN_TASK_RESUME;
	if (m->ended && printing && !m->hold)
		return MARLIN_TASK_END;
	if (m->manual_length > 0)
		return MARLIN_TASK_MANUAL;
	if (m->want_cool)
		return MARLIN_TASK_COOL;
	return MARLIN_TASK_NONE;
}

/* ---- running one ---- */

static bool targets_are_zero(const struct marlin *m)
{
	for (size_t i = 0; i < m->heaters.count; i++) {
		if (m->heaters.heater[i].target_celsius > 0 || m->heaters.heater[i].target_unsaid)
			return false;
	}
	return m->heaters.count > 0;
}

static void step_done(struct marlin *m)
{
	m->step_next++;
	m->step_started = false;
}

static void start_step(struct marlin *m, const struct marlin_step *step)
{
	m->step_started = true;
	m->step_us = m->now_us;
	m->step_tries = 0;
	switch (step->kind) {
	case MARLIN_STEP_LINE:
		if (m->task == MARLIN_TASK_MANUAL)
			marlin_send_host_line(m, m->manual, m->manual_length);
		else
			marlin_send_host_line(m, step->text, step->length);
		break;
	case MARLIN_STEP_RENUMBER:
		marlin_send_renumber(m);
		break;
	case MARLIN_STEP_VERIFY:
		marlin_sync_begin(m, MARLIN_CAUSE_VERIFY);
		break;
	case MARLIN_STEP_ERASE:
		marlin_erase_test_begin(m);
		break;
	case MARLIN_STEP_PACK:
		m->packs = true;
		marlin_pack_begin(m);
		break;
	case MARLIN_STEP_COLD:
		marlin_send_host_line(m, "M105", 4);
		break;
	}
}

/* The step was sent and everything sent is acknowledged. */
static bool continue_step(struct marlin *m, const struct marlin_step *step)
{
	if (step->kind != MARLIN_STEP_COLD) {
		if (step->kind != MARLIN_STEP_ERASE || marlin_erase_test_end(m))
			step_done(m);
		return true;
	}
	if (m->heaters.time_us >= m->step_us && targets_are_zero(m)) {
		step_done(m);
		return true;
	}
	if (m->now_us < m->step_us + (m->step_tries + 1) * MARLIN_COOL_RETRY_US)
		return false;
	if (++m->step_tries > COLD_TRIES_MAX) {
		m->want_cool = false;
		marlin_fault(m, DRIVER_FAULT_PROTOCOL,
			"the heaters were told off and the printer still reports a target");
		return true;
	}
	marlin_send_host_line(m, "M105", 4);
	return true;
}

/* Where lines are acknowledged before they run, the wait has its ok: what tells of it are busy
 * lines while the cancel's own line is not read. */
static bool is_behind_a_wait(const struct marlin *m, const struct window_entry *head)
{
	return m->variant->answers_later && (m->want_cancel || m->task == MARLIN_TASK_CANCEL) &&
	       head && m->now_us >= head->sent_us + MARLIN_MS(500) &&
	       m->last_busy_us > head->sent_us;
}

/* A heat-up or a wait for a person in the way of a cancel (or of a resume) is left by M108, which
 * needs the emergency parser or the free slot that the window keeps.  Un-numbered, since it must
 * not wait for its turn; repeated when nothing is seen of it. */
static bool break_wait(struct marlin *m)
{
	const struct window_entry *head = window_head(&m->window);
	bool hidden = is_behind_a_wait(m, head);

	if (!head || (!head->slow && !hidden) || !m->variant->break_line ||
		m->now_us < (hidden ? m->broke_us + MARLIN_BREAK_RETRY_US : m->break_us) ||
		m->break_tries >= BREAK_TRIES_MAX ||
		(int32_t)m->window.count >= m->variant->queue_lines)
		return false;
	m->break_tries++;
	m->broke_us = m->now_us;
	m->break_us = m->want_cancel ? m->now_us + MARLIN_BREAK_RETRY_US : DRIVER_NEVER;
	marlin_send_unnumbered(m, m->variant->break_line, WINDOW_PLAIN);
	return true;
}

static bool may_be_dropped(enum marlin_task task)
{
	return task == MARLIN_TASK_PAUSE || task == MARLIN_TASK_RESUME || task == MARLIN_TASK_END ||
	       task == MARLIN_TASK_MANUAL || task == MARLIN_TASK_COOL;
}

bool marlin_task_is_due(const struct marlin *m)
{
	/* The end waits for the last command. */
	return m->task != MARLIN_TASK_NONE ||
	       (next_task(m) != MARLIN_TASK_NONE &&
		       !(m->staged_length > 0 && next_task(m) == MARLIN_TASK_END));
}

bool marlin_task_advance(struct marlin *m)
{
	if (m->window.count > 0 || m->pending != MARLIN_NOTHING_PENDING ||
		(m->staged_length > 0 && !marlin_task_is_due(m)))
		return break_wait(m);
	m->break_us = m->want_cancel ? m->break_us : DRIVER_NEVER;
	if (m->want_cancel && may_be_dropped(m->task)) {
		/* A lift may have been done already: the position is that of no file. */
		if (m->task == MARLIN_TASK_PAUSE || m->task == MARLIN_TASK_RESUME)
			m->phase = MARLIN_PAUSED;
		m->manual_length = 0;
		marlin_task_drop(m);
	}
	if (m->task == MARLIN_TASK_NONE) {
		enum marlin_task task = next_task(m);

		if (task == MARLIN_TASK_NONE)
			return false;
		marlin_task_begin(m, task);
	}
	if (m->step_started)
		return continue_step(m, &m->steps[m->step_next]);
	if (m->step_next == m->step_count) {
		task_done(m);
		return true;
	}
	start_step(m, &m->steps[m->step_next]);
	return true;
}

int64_t marlin_task_wake(const struct marlin *m)
{
	if (m->window.count > 0)
		return m->break_tries < BREAK_TRIES_MAX && window_head(&m->window)->slow
			       ? m->break_us
			       : DRIVER_NEVER;
	if (m->task != MARLIN_TASK_NONE && m->step_started &&
		m->steps[m->step_next].kind == MARLIN_STEP_COLD)
		return m->step_us + (m->step_tries + 1) * MARLIN_COOL_RETRY_US;
	return m->task != MARLIN_TASK_NONE ? m->now_us : DRIVER_NEVER;
}

/* The counter shows that M110 was not taken: say it again. */
void marlin_on_renumber_lost(struct marlin *m)
{
	while (m->step_next > 0 && m->steps[m->step_next].kind != MARLIN_STEP_RENUMBER)
		m->step_next--;
	m->step_started = false;
}

/* ---- heaters off while faulted ---- */

void marlin_fault_cool_begin(struct marlin *m)
{
	m->cool_tries = 0;
	m->cool_us = m->now_us;
	m->step_us = m->now_us + 1;
}

/* A reading that came after the lines does it. */
void marlin_on_heaters(struct marlin *m)
{
	if (m->phase != MARLIN_FAULTED || m->cool_us == DRIVER_NEVER ||
		m->heaters.time_us < m->step_us || m->cool_tries == 0 || !targets_are_zero(m))
		return;
	m->cool_us = DRIVER_NEVER;
	if (m->cool_asked)
		effects_add(m->effects, DRIVER_COLD);
	m->cool_asked = false;
}

/* Un-numbered: the printer's counter is not known any more.  A damaged one is repeated. */
bool marlin_fault_cool_advance(struct marlin *m)
{
	struct marlin_step step = { .length = 0 };

	if (m->now_us < m->cool_us)
		return false;
	if (m->cool_tries >= FAULT_COOL_TRIES_MAX) {
		m->cool_us = DRIVER_NEVER;
		effects_said(m->effects, "heaters were told off, no reading shows it");
		return false;
	}
	marlin_write_flush(m);
	for (int tool = 0; tool < MARLIN_TOOLS_MAX; tool++) {
		if (!(m->tools_seen & (1u << tool)) && tool > 0)
			continue;
		step.length = 0;
		put_text(&step, "M104");
		if (m->tools_seen > 1)
			add_word(&step, " T", tool);
		put_text(&step, " S0\n");
		marlin_write_raw(m, step.text, step.length);
	}
	marlin_write_raw(m, "M140 S0\nM105\n", 13);
	m->cool_tries++;
	m->step_us = m->now_us + 1;
	m->cool_us = m->now_us + MARLIN_POLL_US;
	return true;
}
