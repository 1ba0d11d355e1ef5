/* Photos of what was printed: asking for them, and booking them. */
#include "daemon/control/farm_state.h"

#include <string.h>

void farm_want_photo(struct farm *farm, const struct farm_printer *printer, int64_t job,
	const char *attempt, enum photo_moment moment)
{
	struct photo_record wish = { .job = job, .moment = moment };
	if (!farm->effects.photo || job == 0)
		return;
	farm_copy(wish.attempt, sizeof(wish.attempt), attempt);
	farm_copy(wish.printer, sizeof(wish.printer), printer->name);
	farm->effects.photo(farm->effects.context, &wish);
}

void farm_photo_taken(struct farm *farm, const struct photo_record *photo)
{
	if (farm->broken || !farm_index_find(&farm->jobs, photo->job))
		return;
	farm_put(farm, CHANGE_PHOTO, photo, sizeof(*photo));
	farm_say_id(farm, "job", photo->job, NULL, "job %lld has a photo, %s on %s",
		(long long)photo->job,
		photo->moment == PHOTO_CLEARED ? "taken when the bed was cleared"
					       : "taken at the end of the print",
		photo->printer);
}

void farm_photo_failed(struct farm *farm, const struct photo_record *wish, const char *why)
{
	if (!farm->broken)
		farm_say_id(farm, "job", wish->job, NULL, "job %lld has no photo from %s: %s",
			(long long)wish->job, wish->printer, why);
}
