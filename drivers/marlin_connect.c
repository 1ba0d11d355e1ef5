/* From an open port to a printer whose name is known (serial-protocols.md 2.3).
 *
 * Opening a port may or may not reset the board, so neither is assumed: a banner is waited for as
 * long as it comes, and when it is quiet for 2 s the board is taken to be running.  A banner at any
 * later step starts over.
 *
 * A board that runs may be at work for an owner that died: it answers when it is done, so it is
 * waited for as long as it says that it is busy.  When the heaters are to be cooled (driver's
 * cool() right behind opened()), a wait for heat is left by M108 first. */
#include "drivers/marlin.h"
#include "drivers/marlin_private.h"
#include "drivers/report.h"

#include <string.h>

enum { IDENTIFY_TRIES_MAX = 3, BREAK_TRIES_MAX = 5 };

static void wait_for_boot(struct marlin *m, bool banner)
{
	m->lines = 1;
	m->held = m->erases = m->unclean = m->packs = m->packing = false;
	m->erase_test = MARLIN_ERASE_UNTESTED;
	m->pending = MARLIN_NOTHING_PENDING;
	marlin_widen_window(m);
	marlin_set_phase(m, MARLIN_BOOT);
	m->banner_seen = banner;
	m->tries = 0;
	m->first_answer[0] = '\0';
	m->waits_for_person = m->busy_board = false;
	m->break_tries = 0;
	m->deadline_us = m->now_us + (banner		       ? MARLIN_BANNER_QUIET_US
					     : m->adopt.active ? MARLIN_ADOPT_QUIET_US
							       : MARLIN_NO_BANNER_US);
}

void marlin_connect_begin(struct marlin *m)
{
	reply_reader_init(&m->reader);
	m->in_file_list = false;
	m->last_receive_us = m->last_said_us = m->last_ack_us = m->last_busy_us = m->now_us;
	m->busy_seen = m->heard = false;
	m->break_us = DRIVER_NEVER;
	m->bytes_seen = m->bytes_bad = 0;
	m->round_trip_us = 0;
	m->heaters = (struct driver_heaters){ .time_us = 0 };
	m->identity = (struct driver_identity){ .advanced_ok = false };
	m->check_lines = MARLIN_CHECK_LINES_MIN;
	m->checked_surplus = m->counters.surplus_acknowledgements;
	wait_for_boot(m, false);
}

void marlin_connect_reset(struct marlin *m)
{
	marlin_sync_reset(m);
	window_clear(&m->window);
	marlin_task_drop(m);
	m->heaters = (struct driver_heaters){ .time_us = 0 };
	m->bytes_seen = m->bytes_bad = 0;
	m->renumber_pending = false;
	wait_for_boot(m, true);
}

/* The firmware's name decides, whatever was configured. */
static void take_variant(struct marlin *m)
{
	const struct marlin_family *configured = m->family;

	if (!marlin_variant_find(m->identity.firmware, &m->family, &m->variant))
		m->variant = m->family->unknown;
	if (m->family != configured)
		effects_said(m->effects, "this is %s; its dialect is %s, not %s", m->variant->name,
			m->family->dialect, configured->dialect);
	m->no_echo = m->variant->barrier == NULL;
	m->echo_seen = false;
	m->mute_oks = 0;
	m->queue_max = m->queue_limit = m->variant->queue_lines;
}

/* Why it cannot be served; NULL: it can. */
static const char *foreign_words(const char *firmware)
{
	static const struct {
		const char *name, *why;
	} others[] = {
		{ "Klipper", "this is Klipper, not a firmware with numbered lines" },
		{ "RepRapFirmware", "this is RepRapFirmware, not a firmware with numbered lines" },
		{ "grbl", "this is grbl, not a firmware with numbered lines" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (reply_starts_with(firmware, strlen(firmware), others[i].name))
			return others[i].why;
	}
	return NULL;
}

static void identified(struct marlin *m)
{
	const char *why = foreign_words(m->identity.firmware);

	window_clear(&m->window);
	effects_add(m->effects, DRIVER_IDENTITY);
	if (why) {
		marlin_fault(m, DRIVER_FAULT_DIALECT, why);
		return;
	}
	take_variant(m);
	if (m->adopt.active && !marlin_adopt_is_warm(m))
		return;
	marlin_set_phase(m, MARLIN_SETUP);
	marlin_task_begin(m, m->adopt.active ? MARLIN_TASK_ADOPT : MARLIN_TASK_SETUP);
}

static void write_question(struct marlin *m)
{
	m->tries++;
	marlin_write_raw(m, "M115\n", 5);
	m->deadline_us = m->now_us + MARLIN_IDENTIFY_US;
}

/* What a name of that kind allows (more lines at once) must not come from a damaged one, and a name
 * that nobody knows may be a damaged one. */
static bool is_worth_asking_twice(const struct marlin *m)
{
	const struct marlin_family *family;
	const struct marlin_variant *variant;

	if (m->link != DRIVER_LINK_UART || foreign_words(m->identity.firmware) ||
		m->tries >= IDENTIFY_TRIES_MAX ||
		strcmp(m->first_answer, m->identity.firmware) == 0)
		return false;
	return !marlin_variant_find(m->identity.firmware, &family, &variant) ||
	       !variant->runs_pieces;
}

static void ask_again(struct marlin *m)
{
	memcpy(m->first_answer, m->identity.firmware, sizeof(m->first_answer));
	m->identity_seen = false;
	write_question(m);
}

void marlin_connect_reply(struct marlin *m, const struct reply *reply)
{
	if (m->phase == MARLIN_BOOT && m->banner_seen)
		m->deadline_us = m->now_us + MARLIN_BANNER_QUIET_US;
	if (m->phase != MARLIN_IDENTIFY)
		return;
	if (reply->kind == REPLY_IDENTITY) {
		report_identity(reply->text, reply->text_length, &m->identity);
		m->identity_seen = true;
	} else if (reply->kind == REPLY_CAPABILITY) {
		report_capability(reply->text, reply->text_length, &m->identity);
	} else if (reply->kind == REPLY_BUSY || reply->kind == REPLY_HEATING ||
		   reply->kind == REPLY_BUSY_PERSON) {
		m->waits_for_person = reply->kind == REPLY_BUSY_PERSON;
		m->busy_board = true;
		if (m->waits_for_person)
			marlin_attention(m, "the printer waits for a person");
	} else if ((reply->kind == REPLY_OK || reply->kind == REPLY_WAIT) && m->identity_seen) {
		/* An ok before the answer is a left-over of somebody's, or that of a firmware
		 * that answers later and then says that it waits. */
		if (is_worth_asking_twice(m))
			ask_again(m);
		else
			identified(m);
	}
}

/* The question is in its queue already; more of them would only fill it. */
static void wait_for_busy_board(struct marlin *m)
{
	m->deadline_us = m->now_us + MARLIN_BREAK_RETRY_US;
	if (!(m->want_cool || m->want_cancel) || m->break_tries >= BREAK_TRIES_MAX)
		return;
	m->break_tries++;
	marlin_write_raw(m, "\nM108\n", 6);
}

static void ask_identity(struct marlin *m)
{
	if (m->identity_seen) {
		identified(m);
		return;
	}
	if (m->busy_board && (!m->waits_for_person || m->adopt.active) &&
		m->now_us - m->last_busy_us < MARLIN_BUSY_GONE_US) {
		wait_for_busy_board(m);
		return;
	}
	if (m->tries >= IDENTIFY_TRIES_MAX) {
		marlin_fault(m, DRIVER_FAULT_NO_ANSWER,
			m->waits_for_person ? "the printer waits for a person at its panel"
			: m->heard ? "something is there, but it does not say which firmware it is"
				   : "nobody answers");
		return;
	}
	write_question(m);
}

/* Before anything that a halted board would refuse. */
static void write_restart(struct marlin *m)
{
	if (m->unlocked && m->variant->restart) {
		effects_said(m->effects, "a person has unlocked: %.*s",
			(int)strcspn(m->variant->restart, "\n"), m->variant->restart);
		marlin_write_raw(m, m->variant->restart, strlen(m->variant->restart));
	}
	m->unlocked = false;
}

void marlin_unlocked(struct driver *driver)
{
	((struct marlin *)driver)->unlocked = true;
}

bool marlin_connect_advance(struct marlin *m)
{
	bool too_long = m->phase == MARLIN_BOOT && m->now_us >= m->phase_us + MARLIN_BOOT_US;

	if (m->now_us < m->deadline_us && !too_long)
		return false;
	if (m->phase == MARLIN_BOOT) {
		/* Ends half a line of a previous owner or of noise. */
		/* An owner that died may have left the unpacker on. */
		if (m->settings.meatpack)
			marlin_pack_reset(m);
		if (m->adopt.active)
			marlin_adopt_erase(m);
		write_restart(m);
		marlin_write_flush(m);
		marlin_set_phase(m, MARLIN_HELLO);
		m->deadline_us = m->now_us + MARLIN_HELLO_US;
	} else if (m->phase == MARLIN_HELLO) {
		marlin_set_phase(m, MARLIN_IDENTIFY);
		m->identity_seen = false;
		ask_identity(m);
	} else {
		ask_identity(m);
	}
	return true;
}
