/* What farm_questions.c shares with the questions themselves. */
#ifndef CONTROL_FARM_QUESTIONS_PRIVATE_H
#define CONTROL_FARM_QUESTIONS_PRIVATE_H

#include "daemon/control/farm_questions.h"
#include "daemon/control/farm_state.h"
#include "scheduler/whatif.h"

enum farm_question_kind { QUESTION_ADVICE, QUESTION_NIGHT, QUESTION_HINDSIGHT };

struct farm_question {
	enum farm_question_kind kind;
	uint64_t request;
	bool is_new; /* its asker is not ready for an answer before the next turn */
	int64_t now_s;
	struct farm_world *world;	  /* owned */
	struct farm_order *extra;	  /* owned: an order that does not exist; NULL: none */
	const struct farm_order *subject; /* of an advice */
	size_t order;			  /* its index in the world */
	int64_t by_s;
	struct whatif_world base; /* what is asked about, if has_base: the world, changed */
	bool has_base;
	struct whatif *whatif; /* owned */
	size_t change_count;
	struct whatif_change change[WHATIF_CHANGES_MAX];
	/* of a night */
	int64_t closes_s, opens_s;
	size_t act_count;
	struct farm_act act[FARM_ACTS_MAX];
	/* of a day in the past */
	struct farm_order *then; /* owned: orders as they were */
	int64_t until_s;
	struct farm_hindsight hindsight; /* of the days before */
	struct farm_question *next;
};

/* False: too many changes. */
bool farm_question_add(
	struct farm_question *question, enum whatif_kind kind, size_t printer, int64_t at_s);
void farm_question_destroy(struct farm_question *question);
/* Takes it over; sets *request.  0, -EAGAIN, -ENOMEM. */
int farm_question_put(
	struct farm *farm, struct farm_question *question, uint64_t *request, struct error *error);

/* Puts the next part of a question that is being answered before all others. */
void farm_question_go_on(
	struct farm *farm, const struct farm_question *question, struct farm_question *next);

void farm_hindsight_found(struct farm *farm, const struct farm_question *question);
void farm_advice_found(struct farm *farm, const struct farm_question *question);
void farm_night_found(struct farm *farm, const struct farm_question *question);

#endif
