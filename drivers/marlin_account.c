/* The account of a doubt: every ok that comes in it must have a reason.
 *
 * A piece of a line can run as an un-numbered line when noise itself
 * makes a line end behind the number, or (with several lines in flight) when the flush after an
 * error cuts a line right before its command.  Both follow an error and bring an ok.  So while in
 * doubt every ok must have a reason: a line accepted before, a refusal (one each), an unknown
 * command, a barrier sent before.  One more stops the print, with these exceptions, in which no
 * piece can have run and the firmware or the line must have doubled an ok:
 *  - without any line error (only in doubt because an ok is missing);
 *  - one line in flight, and it was refused for its checksum: the line was whole, with its '*';
 *  - firmware that refuses un-numbered lines with a checksum: no piece runs there;
 *  - ADVANCED_OK: an un-numbered line answers "ok P… B…"; a refusal's ok is bare, a numbered
 *    line's has N.  Only the first kind is counted there. */
#include "drivers/marlin_private.h"

/* A line that was executed still holds its place in the queue while its ok is printed.  An ok that
 * says that every place is free is that of a refusal, where the version prints P and B there too
 * (1.1, 2.0.0 to 2.0.7). */
void marlin_account_ok(struct marlin *m, const struct reply *reply)
{
	struct marlin_account *a = &m->sync.account;

	if (reply->answers_question)
		return;
	a->oks += reply->oks;
	if (reply->number < 0 && reply->queue_free >= 0 && reply->queue_free <= m->queue_max)
		a->unnumbered_oks++;
	a->explained += reply->ignored;
}

static int count_before(const struct marlin *m, int64_t wanted, bool unnumbered_only)
{
	int count = 0;

	for (size_t i = 0; i < m->window.count; i++) {
		const struct window_entry *entry = window_at(&m->window, i);

		if (entry->answer != WINDOW_PLAIN)
			continue;
		if (entry->number == WINDOW_NO_NUMBER)
			count++;
		else if (!unnumbered_only && entry->number < wanted)
			count++;
	}
	return count;
}

bool marlin_account_is_suspicious(struct marlin *m, int64_t wanted)
{
	const struct marlin_account *a = &m->sync.account;
	int refusals = a->errors > a->resends ? a->errors : a->resends;
	int allowed, surplus;

	if (refusals == 0 || !m->variant->runs_pieces)
		return false;
	if (m->identity.advanced_ok)
		return a->unnumbered_oks >
		       a->explained + a->barriers - 1 + count_before(m, wanted, true);
	allowed = refusals * m->variant->resend_oks_max + a->explained + a->barriers - 1 +
		  count_before(m, wanted, false);
	surplus = a->oks - allowed;
	if (surplus <= 0)
		return false;
	m->counters.surplus_acknowledgements += surplus;
	return a->crowded || a->could_run || a->errors < a->resends;
}

/* Where an ok too many has no reason, and where a lost one, or one that this version owes us, may
 * have hidden it. */
bool marlin_account_is_worth_a_look(const struct marlin *m)
{
	const struct marlin_account *a = &m->sync.account;
	bool uncertain = m->variant->resend_oks_min != m->variant->resend_oks_max;

	return m->sync.suspicious || (uncertain && a->could_run) ||
	       (a->crowded && a->errors + a->resends > 0);
}

/* What came while in doubt was late, not lost. */
void marlin_account_count_lost(struct marlin *m, int64_t wanted)
{
	int missing = count_before(m, wanted, false) - m->sync.account.oks;

	if (missing > 0)
		m->counters.lost_acknowledgements += missing;
}
