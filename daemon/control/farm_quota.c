/* Quotas and the fair share: what was started for whom, who has used up what, and who is next. */
#include "daemon/control/farm_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- periods ---- */

/* A day, a week from Monday or a month of the farm's zone. */
static int64_t boundary_s(int64_t at_s, enum share_period per, int after)
{
	time_t at = (time_t)at_s;
	struct tm local;
	localtime_r(&at, &local);
	local.tm_hour = local.tm_min = local.tm_sec = 0;
	local.tm_isdst = -1;
	switch (per) {
	case SHARE_DAY:
		local.tm_mday += after;
		break;
	case SHARE_WEEK:
		local.tm_mday += 7 * after - (local.tm_wday + 6) % 7;
		break;
	case SHARE_MONTH:
		local.tm_mday = 1;
		local.tm_mon += after;
		break;
	case SHARE_PERIODS:
		break;
	}
	return (int64_t)mktime(&local);
}

void farm_quota_time(struct farm *farm, int64_t now_s)
{
	bool is_over = farm->period_end_s[SHARE_DAY] != 0;
	for (int per = 0; per < SHARE_PERIODS; per++) {
		if (now_s >= farm->periods.begin_s[per] && now_s < farm->period_end_s[per])
			continue;
		farm->periods.begin_s[per] = boundary_s(now_s, (enum share_period)per, 0);
		farm->period_end_s[per] = boundary_s(now_s, (enum share_period)per, 1);
		if (is_over && farm->config->quota_count > 0)
			farm->plan_wanted = true;
	}
}

/* ---- accounts ---- */

static struct farm_account *find_account(const struct farm *farm, const char *name, bool is_project)
{
	for (size_t i = 0; i < farm->account_count; i++)
		if (farm->account[i].is_project == is_project &&
			strcmp(farm->account[i].name, name) == 0)
			return &farm->account[i];
	return NULL;
}

static struct farm_account *open_account(struct farm *farm, const char *name, bool is_project)
{
	struct farm_account *account = find_account(farm, name, is_project);
	if (account)
		return account;
	if (farm->account_count == farm->account_room) {
		size_t room = farm->account_room ? 2 * farm->account_room : 16;
		struct farm_account *bigger = realloc(farm->account, room * sizeof(*bigger));
		if (!bigger)
			return NULL;
		farm->account = bigger;
		farm->account_room = room;
	}
	account = &farm->account[farm->account_count++];
	*account =
		(struct farm_account){ .name = farm_intern(farm, name), .is_project = is_project };
	return account;
}

static void count_for(struct farm *farm, const char *name, bool is_project, int64_t at_s,
	const struct share_use *use)
{
	struct farm_account *account = name[0] ? open_account(farm, name, is_project) : NULL;
	if (account)
		share_count(&account->share, &farm->periods, at_s, use);
}

void farm_quota_count(struct farm *farm, const struct farm_order *order,
	const struct farm_plate *plate, int64_t at_s)
{
	const struct file_record *file = plate->file;
	struct share_use use = { .grams = file->filament_g > 0 ? file->filament_g : 0,
		.hours = (file->time_s + file->heat_s) / 3600,
		.units = plate->record.yield };
	count_for(farm, order->record.user, false, at_s, &use);
	count_for(farm, order->record.project, true, at_s, &use);
}

void farm_load_use(struct farm *farm, const struct attempt_record *record)
{
	const struct farm_job *job = farm_index_find(&farm->jobs, record->job);
	const struct farm_plate *plate = farm_index_find(&farm->plates, record->plate);
	if (job && plate)
		farm_quota_count(farm, job->order, plate, record->started_s);
}

/* ---- limits ---- */

/* What is said of everybody ("*") does not bind whoever has a row of their own. */
static bool is_bound(
	const struct config *config, const char *wanted, const char *name, bool is_project)
{
	if (!wanted[0] || !name[0])
		return false;
	if (strcmp(wanted, "*") != 0)
		return strcmp(wanted, name) == 0;
	for (size_t i = 0; i < config->quota_count; i++) {
		const struct config_quota *row = &config->quota[i];
		if (strcmp(is_project ? row->project : row->user, name) == 0)
			return false;
	}
	return true;
}

static void view_of(const struct farm *farm, const struct config_quota *row, const char *name,
	bool is_project, struct farm_quota_view *view)
{
	const struct farm_account *account = find_account(farm, name, is_project);
	*view = (struct farm_quota_view){ .name = name,
		.is_project = is_project,
		.quota = { .most = { row->grams, row->hours, row->units }, .per = row->per },
		.begins_s = farm->periods.begin_s[row->per],
		.ends_s = farm->period_end_s[row->per] };
	if (account)
		view->used = share_used(&account->share, &farm->periods, row->per);
	view->reached = share_limit_reached(&view->quota, &view->used);
}

bool farm_quota_reached(
	const struct farm *farm, const struct farm_order *order, struct farm_quota_view *view)
{
	const struct config *config = farm->config;
	const struct order_record *record = &order->record;
	for (size_t i = 0; i < config->quota_count; i++) {
		const struct config_quota *row = &config->quota[i];
		bool is_project = row->project[0] != '\0';
		const char *name = is_project ? record->project : record->user;
		if (!is_bound(config, is_project ? row->project : row->user, name, is_project))
			continue;
		view_of(farm, row, name, is_project, view);
		if (view->reached != SHARE_WITHIN)
			return true;
	}
	return false;
}

void farm_quota_each(const struct farm *farm,
	void (*each)(void *context, const struct farm_quota_view *view), void *context)
{
	const struct config *config = farm->config;
	struct farm_quota_view view;
	for (size_t i = 0; i < config->quota_count; i++) {
		const struct config_quota *row = &config->quota[i];
		bool is_project = row->project[0] != '\0';
		const char *wanted = is_project ? row->project : row->user;
		if (strcmp(wanted, "*") != 0) {
			view_of(farm, row, wanted, is_project, &view);
			each(context, &view);
			continue;
		}
		for (size_t j = 0; j < farm->account_count; j++) {
			const struct farm_account *account = &farm->account[j];
			if (account->is_project != is_project ||
				!is_bound(config, wanted, account->name, is_project))
				continue;
			view_of(farm, row, account->name, is_project, &view);
			each(context, &view);
		}
	}
}

static const char *const period_words[SHARE_PERIODS] = { "day", "week", "month" };

static void put_amounts(const struct farm_quota_view *view, char *text, size_t size)
{
	switch (view->reached) {
	case SHARE_GRAMS:
		snprintf(text, size, "%.0f g of %.0f g", view->used.grams, view->quota.most.grams);
		break;
	case SHARE_HOURS:
		snprintf(text, size, "%.1f h of %.1f h", view->used.hours, view->quota.most.hours);
		break;
	case SHARE_UNITS:
	case SHARE_WITHIN:
		snprintf(text, size, "%lld of %lld units", (long long)view->used.units,
			(long long)view->quota.most.units);
		break;
	}
}

bool farm_quota_words(
	const struct farm *farm, const struct farm_order *order, char *text, size_t size)
{
	struct farm_quota_view view;
	char amounts[64], ends[32];
	if (!farm_quota_reached(farm, order, &view))
		return false;
	time_t at = (time_t)view.ends_s;
	struct tm local;
	localtime_r(&at, &local);
	strftime(ends, sizeof(ends), "%a %Y-%m-%d", &local);
	put_amounts(&view, amounts, sizeof(amounts));
	snprintf(text, size, "%s%.40s has had %s this %s: %s until %s",
		view.is_project ? "project " : "", view.name, amounts, period_words[view.quota.per],
		farm->config->quota_policy == QUOTA_WAIT ? "it waits" : "others go first", ends);
	return true;
}

/* ---- who is next ---- */

static size_t user_of(const struct farm *farm, const char *name)
{
	const struct farm_account *account = find_account(farm, name, false);
	/* Who has had nothing yet is told apart only by having had nothing. */
	return account ? (size_t)(account - farm->account) : farm->account_count;
}

static double hours_of(const struct world_order *order)
{
	const struct world_plate *plate = &order->plate[0];
	int64_t prints = (order->units_left + plate->yield - 1) / plate->yield;
	return (double)prints * (double)plate->time_s / 3600;
}

static void line_up(const struct farm *farm, struct world_order *orders,
	struct farm_order *const *order_of, size_t count, struct share_order *line, double *had_h)
{
	for (size_t i = 0; i < farm->account_count; i++)
		had_h[i] = share_faded_h(&farm->account[i].share, farm->now_s);
	had_h[farm->account_count] = 0;
	for (size_t i = 0; i < count; i++)
		line[i] = (struct share_order){ .user = user_of(farm, order_of[i]->record.user),
			.priority = orders[i].priority,
			.due_s = orders[i].due_s,
			.id = orders[i].id,
			.index = i,
			.hours = hours_of(&orders[i]) };
	share_line_up(line, count, had_h);
	for (size_t i = 0; i < count; i++)
		orders[line[i].index].share_step = line[i].step;
}

void farm_quota_fill(const struct farm *farm, struct world_order *orders,
	struct farm_order *const *order_of, size_t count)
{
	struct share_order *line = calloc(count + 1, sizeof(*line));
	double *had_h = calloc(farm->account_count + 1, sizeof(*had_h));
	struct farm_quota_view view;
	for (size_t i = 0; i < count && farm->config->quota_count > 0; i++)
		if (farm_quota_reached(farm, order_of[i], &view)) {
			orders[i].over_quota = true;
			orders[i].held |= farm->config->quota_policy == QUOTA_WAIT;
		}
	/* Without memory everybody is alike. */
	if (line && had_h)
		line_up(farm, orders, order_of, count, line, had_h);
	free(line);
	free(had_h);
}
