/* Spools, and which one is in which printer. */
#include "daemon/control/farm_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct farm_printer *loaded_in(const struct farm *farm, int64_t spool)
{
	for (size_t i = 0; i < farm->printer_count; i++)
		if (farm->printer[i]->record.spool == spool)
			return farm->printer[i];
	return NULL;
}

static struct spool_record *find_spool(const struct farm *farm, int64_t id, struct error *error)
{
	struct spool_record *spool = farm_index_find(&farm->spools, id);
	if (!spool)
		error_set(error, "there is no spool %lld", (long long)id);
	return spool;
}

static int check_spool(const struct farm_spool *spool, struct error *error)
{
	if (spool->grams > 20000.0) {
		error_set(error, "grams is %.0f: 0 to 20000 are accepted", spool->grams);
		return -EINVAL;
	}
	if ((spool->material && strchr(spool->material, ',')) ||
		(spool->color && strchr(spool->color, ','))) {
		error_set(error,
			"a spool has one material and one colour: commas are for the choices of "
			"orders");
		return -EINVAL;
	}
	return 0;
}

static void change(struct spool_record *record, const struct farm_spool *spool)
{
	if (spool->material)
		farm_copy(record->material, sizeof(record->material), spool->material);
	if (spool->color)
		farm_copy(record->color, sizeof(record->color), spool->color);
	if (spool->lot)
		farm_copy(record->lot, sizeof(record->lot), spool->lot);
	if (spool->grams >= 0.0)
		record->grams_left = spool->grams;
}

int farm_spool_create(struct farm *farm, const char *user, const struct farm_spool *spool,
	int64_t *id, struct error *error)
{
	int result = farm_writable(farm, error);
	if (!result)
		result = check_spool(spool, error);
	if (!result && (!spool->material || !spool->material[0])) {
		error_set(error, "a spool needs a material, such as PLA or PETG");
		result = -EINVAL;
	}
	if (result)
		return result;
	struct spool_record record = { .id = farm->next_spool_id, .grams_left = 1000.0 };
	change(&record, spool);
	if (farm_load_spool(farm, &record) != 0)
		return -ENOMEM;
	farm_put(farm, CHANGE_SPOOL, &record, sizeof(record));
	farm_say_id(farm, "spool", record.id, user, "spool %lld: %s %s, %.0f g",
		(long long)record.id, record.material, record.color, record.grams_left);
	*id = record.id;
	return 0;
}

int farm_spool_set(struct farm *farm, const char *user, int64_t id, const struct farm_spool *spool,
	struct error *error)
{
	struct spool_record *record = find_spool(farm, id, error);
	if (!record)
		return -ENOENT;
	int result = farm_writable(farm, error);
	if (!result)
		result = check_spool(spool, error);
	if (result)
		return result;
	change(record, spool);
	farm_put(farm, CHANGE_SPOOL, record, sizeof(*record));
	farm_say_id(farm, "spool", id, user, "spool %lld is now %s %s, %.0f g left", (long long)id,
		record->material, record->color, record->grams_left);
	return 0;
}

static void unload(struct farm *farm, const char *user, struct farm_printer *printer)
{
	farm_say(farm, "printer", printer->name, user, "spool %lld is taken out of %s",
		(long long)printer->record.spool, printer->name);
	printer->record.spool = 0;
	farm_touch_printer(farm, printer);
}

int farm_spool_retire(struct farm *farm, const char *user, int64_t id, struct error *error)
{
	struct spool_record *record = find_spool(farm, id, error);
	if (!record)
		return -ENOENT;
	int result = farm_writable(farm, error);
	if (result || record->retired)
		return result;
	struct farm_printer *printer = loaded_in(farm, id);
	if (printer && printer->attempt) {
		error_set(error, "spool %lld is being printed from on %s", (long long)id,
			printer->name);
		return -EBUSY;
	}
	if (printer)
		unload(farm, user, printer);
	record->retired = true;
	farm_put(farm, CHANGE_SPOOL, record, sizeof(*record));
	farm_say_id(farm, "spool", id, user, "spool %lld is retired", (long long)id);
	return 0;
}

int farm_printer_load(
	struct farm *farm, const char *user, const char *name, int64_t id, struct error *error)
{
	struct farm_printer *printer = farm_find_printer(farm, name, error);
	struct spool_record *spool = id && printer ? find_spool(farm, id, error) : NULL;
	if (!printer || (id && !spool))
		return -ENOENT;
	int result = farm_writable(farm, error);
	if (result || printer->record.spool == id)
		return result;
	if (spool && spool->retired) {
		error_set(error, "spool %lld is retired", (long long)id);
		return -EBUSY;
	}
	struct farm_printer *other = id ? loaded_in(farm, id) : NULL;
	if (other)
		unload(farm, user, other);
	printer->record.spool = id;
	farm_copy(printer->record.loaded_by, sizeof(printer->record.loaded_by), user);
	printer->record.loaded_s = farm->now_s;
	farm_touch_printer(farm, printer);
	if (spool)
		farm_say(farm, "printer", name, user, "spool %lld (%s %s) is in %s", (long long)id,
			spool->material, spool->color, name);
	else
		farm_say(farm, "printer", name, user, "no spool is in %s", name);
	return 0;
}

size_t farm_spool_count(const struct farm *farm)
{
	return farm->spools.count;
}

const struct spool_record *farm_spool_at(
	const struct farm *farm, size_t index, const char **printer)
{
	const struct spool_record *spool = farm->spools.item[index];
	const struct farm_printer *where = loaded_in(farm, spool->id);
	*printer = where ? where->name : NULL;
	return spool;
}

const struct spool_record *farm_spool_by_id(
	const struct farm *farm, int64_t id, const char **printer)
{
	const struct farm_printer *where = id ? loaded_in(farm, id) : NULL;
	*printer = where ? where->name : NULL;
	return farm_index_find(&farm->spools, id);
}
