/* Questions that are planned through in pieces, when nothing else is to be planned. */
#include "daemon/control/farm_questions_private.h"

#include <errno.h>
#include <stdlib.h>

enum { QUESTIONS_MAX = 8 };

static void tell_trouble(
	struct farm *farm, const struct farm_question *question, const char *trouble)
{
	if (farm->effects.found_out)
		farm->effects.found_out(farm->effects.context, question->request,
			&(struct farm_finding){ .trouble = trouble });
}

bool farm_question_add(
	struct farm_question *question, enum whatif_kind kind, size_t printer, int64_t at_s)
{
	if (question->change_count == WHATIF_CHANGES_MAX)
		return false;
	question->change[question->change_count++] = (struct whatif_change){ kind, printer, at_s };
	return true;
}

void farm_question_destroy(struct farm_question *question)
{
	if (!question)
		return;
	whatif_destroy(question->whatif);
	whatif_world_finish(&question->base);
	farm_world_destroy(question->world);
	free(question->extra);
	free(question->then);
	free(question);
}

static bool begin(const struct farm *farm, struct farm_question *question)
{
	question->whatif = whatif_begin(&(struct whatif_question){
		.world = question->has_base ? &question->base.world : &question->world->world,
		.now_s = question->now_s,
		.seed = farm->plan_seed,
		.order = question->order,
		.by_s = question->by_s,
		.change_count = question->change_count,
		.change = question->change,
	});
	return question->whatif;
}

int farm_question_put(
	struct farm *farm, struct farm_question *question, uint64_t *request, struct error *error)
{
	struct farm_question **at = &farm->questions;
	size_t count = 0;
	for (; *at; at = &(*at)->next)
		count++;
	if (count == QUESTIONS_MAX) {
		farm_question_destroy(question);
		error_set(error, "others ask already: try again later");
		return -EAGAIN;
	}
	if (!begin(farm, question)) {
		farm_question_destroy(question);
		return -ENOMEM;
	}
	question->is_new = true;
	*request = question->request = farm->next_request++;
	*at = question;
	return 0;
}

void farm_question_go_on(
	struct farm *farm, const struct farm_question *question, struct farm_question *next)
{
	next->request = question->request;
	if (!begin(farm, next)) {
		farm_question_destroy(next);
		tell_trouble(farm, question, "out of memory");
		return;
	}
	next->next = farm->questions;
	farm->questions = next;
}

bool farm_questions_step(struct farm *farm, int64_t moves)
{
	struct farm_question *question = farm->questions;
	if (!question)
		return false;
	if (question->is_new) {
		question->is_new = false;
		return true;
	}
	/* The plan in force says nothing about the past. */
	bool is_past = question->kind == QUESTION_HINDSIGHT;
	if (whatif_step(question->whatif,
		    farm->last_planner && !is_past ? planner_result(farm->last_planner) : NULL,
		    moves))
		return true;
	farm->questions = question->next;
	switch (question->kind) {
	case QUESTION_ADVICE:
		farm_advice_found(farm, question);
		break;
	case QUESTION_NIGHT:
		farm_night_found(farm, question);
		break;
	case QUESTION_HINDSIGHT:
		farm_hindsight_found(farm, question);
		break;
	}
	farm_question_destroy(question);
	return farm->questions;
}

void farm_question_drop(struct farm *farm, uint64_t request)
{
	for (struct farm_question **at = &farm->questions; *at; at = &(*at)->next) {
		struct farm_question *question = *at;
		if (question->request != request)
			continue;
		*at = question->next;
		farm_question_destroy(question);
		return;
	}
}

void farm_questions_drop(struct farm *farm)
{
	while (farm->questions) {
		struct farm_question *question = farm->questions;
		farm->questions = question->next;
		tell_trouble(farm, question, "the farm was changed meanwhile: ask again");
		farm_question_destroy(question);
	}
}
