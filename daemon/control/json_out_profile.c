/* A machine's profile, with the keys that it has in a configuration. */
#include "daemon/control/json_out.h"

#include "gcode/profile.h"

static json_t *point(const double value[3])
{
	return json_pack("[f, f, f]", value[0], value[1], value[2]);
}

static json_t *texts(const char *first, size_t size, size_t count)
{
	json_t *items = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(items, json_out_text(first + i * size));
	return items;
}

static const char *firmware_word(enum profile_firmware firmware)
{
	static const char *const word[] = {
		[PROFILE_FIRMWARE_UNSAID] = "any",
		[PROFILE_FIRMWARE_MARLIN] = "marlin",
		[PROFILE_FIRMWARE_KLIPPER] = "klipper",
		[PROFILE_FIRMWARE_REPRAP] = "reprapfirmware",
		[PROFILE_FIRMWARE_GRBL] = "grbl",
	};
	return word[firmware];
}

json_t *json_out_profile(const struct profile *profile)
{
	json_t *volume = json_object(), *object = json_object();
	json_object_set_new(volume, "min", point(profile->volume_min_mm));
	json_object_set_new(volume, "max", point(profile->volume_max_mm));
	json_object_set_new(object, "name", json_out_text(profile->name));
	json_object_set_new(
		object, "shape", json_string(profile->shape == PROFILE_ROUND ? "round" : "box"));
	json_object_set_new(object, "volume_mm", volume);
	json_object_set_new(object, "nozzle_mm", json_real(profile->nozzle_mm));
	json_object_set_new(object, "hotend_max_celsius", json_real(profile->hotend_max_celsius));
	json_object_set_new(object, "bed_max_celsius", json_real(profile->bed_max_celsius));
	json_object_set_new(object, "hotend_celsius_s", json_real(profile->hotend_celsius_s));
	json_object_set_new(object, "bed_celsius_s", json_real(profile->bed_celsius_s));
	json_object_set_new(object, "firmware", json_string(firmware_word(profile->firmware)));
	json_object_set_new(object, "receive_bytes", json_integer(profile->receive_bytes));
	json_object_set_new(object, "tools", json_integer(profile->tool_count ? profile->tool_count : 1));
	json_object_set_new(object, "machines",
		texts(profile->machine[0], sizeof(profile->machine[0]), profile->machine_count));
	json_object_set_new(object, "rules",
		texts(profile->rule[0], sizeof(profile->rule[0]), profile->rule_count));
	return object;
}
