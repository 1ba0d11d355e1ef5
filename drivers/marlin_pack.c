/* Lines in MeatPack, where the printer says that it unpacks them and the configuration wants it.
 *
 * Packed bytes have no framing of their own, so only numbered lines go packed, and only while
 * nothing is in doubt: at any doubt the unpacker is reset, all that leads back to certainty is
 * plain, and packing begins again when the printer has said that its unpacker is on.  A board that
 * has restarted has it off. */
#include "drivers/marlin_private.h"
#include "drivers/meatpack.h"

#include <string.h>

enum { PACK_TRIES_MAX = 3 };

#define PACK_ANSWER_US MARLIN_MS(600)

static void command(struct marlin *m, unsigned char code)
{
	const char bytes[MEATPACK_COMMAND_BYTES] = { (char)0xff, (char)0xff, (char)code };

	marlin_write_raw(m, bytes, sizeof(bytes));
}

bool marlin_may_pack(const struct marlin *m)
{
	return m->settings.meatpack && (m->identity.meatpack || m->variant->may_speak_meatpack);
}

/* Marlin's reset forgets to make a space a space again, so that one is said first. */
static void ask(struct marlin *m)
{
	command(m, MEATPACK_SPACES);
	command(m, MEATPACK_RESET);
	command(m, MEATPACK_ENABLE);
	m->sync.step = MARLIN_SYNC_PACK;
	m->sync.entered_us = m->now_us;
	m->sync.deadline_us = m->now_us + PACK_ANSWER_US;
}

void marlin_pack_begin(struct marlin *m)
{
	m->pack_tries = 0;
	ask(m);
}

void marlin_pack_reset(struct marlin *m)
{
	command(m, MEATPACK_RESET);
	m->packing = false;
}

void marlin_pack_stop(struct marlin *m)
{
	if (m->packing || m->sync.step == MARLIN_SYNC_PACK)
		marlin_pack_reset(m);
}

static void end(struct marlin *m)
{
	m->sync.step = MARLIN_SYNC_CLEAR;
	m->last_ack_us = m->now_us;
	m->suspect_us = DRIVER_NEVER;
}

void marlin_pack_late(struct marlin *m)
{
	if (++m->pack_tries < PACK_TRIES_MAX) {
		ask(m);
		return;
	}
	marlin_pack_reset(m);
	m->packs = false;
	effects_said(
		m->effects, "MeatPack was asked for and is not confirmed: sending plain lines");
	end(m);
}

bool marlin_pack_line(struct marlin *m, const struct reply_line *line)
{
	bool on, spaces;

	if (!meatpack_is_state(line->text, line->length, &on, &spaces))
		return false;
	if (m->sync.step == MARLIN_SYNC_PACK && on && spaces) {
		m->packing = true;
		end(m);
	} else if (m->packing && (!on || !spaces)) {
		/* Noise has made a command of what was sent. */
		marlin_sync_begin(m, MARLIN_CAUSE_STALL);
	}
	return true;
}

/* One damaged nibble makes "G2X4…" of "N2…": an arc.  With a blank in front, which is no part of
 * the sum, it makes a G without a number.  (Not with ADVANCED_OK: that looks for the N at the very
 * beginning of the line to name it in the ok.) */
size_t marlin_write_line(struct marlin *m, const char *text, size_t length)
{
	char plain[FRAME_BYTES_MAX + 1], packed[MEATPACK_PACKED_MAX(FRAME_BYTES_MAX + 1)];
	size_t start = m->variant->runs_pieces && !m->identity.advanced_ok, count;

	if (!m->packing) {
		marlin_write_raw(m, text, length);
		return length;
	}
	plain[0] = ' ';
	memcpy(plain + start, text, length);
	count = meatpack_pack(packed, plain, start + length, &m->pack_open);
	marlin_write_raw(m, packed, count);
	return count;
}

void marlin_write_line_end(struct marlin *m)
{
	const char end_of_line = m->packing ? meatpack_line_end(m->pack_open) : '\n';

	marlin_write_raw(m, &end_of_line, 1);
}
