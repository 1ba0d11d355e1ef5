/* Which content of a design may be produced: approving, revoking, and what follows from it. */
#include "daemon/control/farm_state.h"

#include "daemon/control/approval.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void content_of(const struct farm_design *design, char content_sha256[SHA256_HEX_BYTES])
{
	struct approval_plate plate[DESIGN_PLATES_MAX];
	for (size_t i = 0; i < design->plate_count; i++)
		plate[i] = (struct approval_plate){ design->plate[i]->record.sha256,
			design->plate[i]->record.yield };
	approval_content(plate, design->plate_count, content_sha256);
}

void farm_design_content(const struct farm *farm, int64_t id, char content_sha256[SHA256_HEX_BYTES])
{
	const struct farm_design *design = farm_index_find(&farm->designs, id);
	content_sha256[0] = '\0';
	if (design)
		content_of(design, content_sha256);
}

static bool is_approved(const struct farm_design *design)
{
	return design->approval.id && !design->approval.revoked_s;
}

bool farm_order_is_allowed(const struct farm *farm, const struct farm_order *order)
{
	return farm->config->approval != APPROVAL_ENFORCE || order->record.test ||
	       is_approved(order->design);
}

/* The number in "NAME@3"; 1 for "NAME" itself; 0: another design. */
static long revision_of(const char *design, const char *name)
{
	size_t length = strlen(name);
	char *end;
	if (strncmp(design, name, length) != 0)
		return 0;
	if (!design[length])
		return 1;
	if (design[length] != '@')
		return 0;
	long number = strtol(design + length + 1, &end, 10);
	return *end || number < 2 ? 0 : number;
}

struct farm_design *farm_design_wanted(const struct farm *farm, const char *name)
{
	struct farm_design *newest = NULL, *approved = NULL;
	long newest_number = 0, approved_number = 0;
	for (size_t i = 0; i < farm->designs.count; i++) {
		struct farm_design *design = farm->designs.item[i];
		long number = revision_of(design->record.name, name);
		if (number > newest_number) {
			newest = design;
			newest_number = number;
		}
		if (number > approved_number && is_approved(design)) {
			approved = design;
			approved_number = number;
		}
	}
	return farm->config->approval != APPROVAL_OFF && approved ? approved : newest;
}

/* "NAME" of "NAME@3" and of "NAME". */
static void base_name(const char *name, char base[NAME_MAX_BYTES])
{
	farm_copy(base, NAME_MAX_BYTES, name);
	char *mark = strrchr(base, '@');
	if (mark) {
		*mark = '\0';
		if (revision_of(name, base) < 2)
			farm_copy(base, NAME_MAX_BYTES, name);
	}
}

/* The one with the lowest number above `number`; NULL: there is none. */
static const struct farm_design *next_revision(
	const struct farm *farm, const char *base, long *number)
{
	const struct farm_design *next = NULL;
	long lowest = 0;
	for (size_t i = 0; i < farm->designs.count; i++) {
		const struct farm_design *design = farm->designs.item[i];
		long found = revision_of(design->record.name, base);
		if (found > *number && (!next || found < lowest)) {
			next = design;
			lowest = found;
		}
	}
	*number = lowest;
	return next;
}

void farm_each_revision(const struct farm *farm, const char *name,
	void (*each)(void *context, const struct farm_revision_view *view), void *context)
{
	char base[NAME_MAX_BYTES];
	long number = 0;
	base_name(name, base);
	const struct farm_design *wanted = farm_design_wanted(farm, base), *design;
	while ((design = next_revision(farm, base, &number))) {
		struct farm_revision_view view = { .is_ordered = design == wanted };
		farm_design_by_id(farm, design->record.id, &view.design);
		each(context, &view);
	}
}

static int find_for_act(
	struct farm *farm, const char *name, struct farm_design **design, struct error *error)
{
	*design = farm_find_design(farm, name);
	if (!*design) {
		error_set(error, "there is no design \"%s\"", name);
		return -ENOENT;
	}
	return farm_writable(farm, error);
}

/* Fills signer and signature. */
static int check_signature(const struct farm *farm, const struct farm_approval *approval,
	struct approval_record *record, struct error *error)
{
	if (!approval->signature[0] && farm->config->approver_count == 0)
		return 0;
	if (!approval->signature[0]) {
		error_set(error,
			"this farm wants approvals to be signed: --sign KEYFILE, by one of its "
			"approvers");
		return -EPERM;
	}
	if (!approval_signer(
		    farm->config, record->content_sha256, approval->signature, record->signer)) {
		error_set(error,
			"the signature is none of this design's content by one of the farm's "
			"approvers");
		return -EPERM;
	}
	farm_copy(record->signature, sizeof(record->signature), approval->signature);
	return 0;
}

int farm_design_approve(struct farm *farm, const char *user, const char *name,
	const struct farm_approval *approval, struct error *error)
{
	struct farm_design *design;
	int result = find_for_act(farm, name, &design, error);
	if (result || is_approved(design))
		return result;
	struct approval_record record = {
		.id = farm->next_approval_id, .design = design->record.id, .at_s = farm->now_s
	};
	content_of(design, record.content_sha256);
	farm_copy(record.user, sizeof(record.user), user);
	farm_copy(record.evidence, sizeof(record.evidence), approval->evidence);
	result = check_signature(farm, approval, &record, error);
	if (result)
		return result;
	farm->next_approval_id++;
	design->approval = record;
	farm_put(farm, CHANGE_APPROVAL, &record, sizeof(record));
	farm_say(farm, "design", name, user, "design %s is approved, content %.12s%s%s%s%s", name,
		record.content_sha256, record.signer[0] ? ", signed by " : "", record.signer,
		record.evidence[0] ? ": " : "", record.evidence);
	farm_changed(farm);
	return 0;
}

int farm_design_revoke(
	struct farm *farm, const char *user, const char *name, const char *why, struct error *error)
{
	struct farm_design *design;
	int result = find_for_act(farm, name, &design, error);
	if (result)
		return result;
	struct approval_record *record = &design->approval;
	if (!record->id) {
		error_set(error, "design %s was never approved", name);
		return -EBUSY;
	}
	if (record->revoked_s)
		return 0;
	if (!why[0]) {
		error_set(error, "why is the approval of %s revoked?  A reason is needed", name);
		return -EINVAL;
	}
	record->revoked_s = farm->now_s;
	farm_copy(record->revoked_by, sizeof(record->revoked_by), user);
	farm_copy(record->revoke_reason, sizeof(record->revoke_reason), why);
	farm_put(farm, CHANGE_APPROVAL, record, sizeof(*record));
	farm_say(farm, "design", name, user, "the approval of design %s is revoked: %s", name, why);
	farm_changed(farm);
	return 0;
}
