/* MeatPack between the sender and a printer that changes its mind about it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "drivers/meatpack.h"
#include "tests/unit/sender_rig.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { COMMANDS = 300, SOME = 40 };

static char commands[COMMANDS][RIG_COMMAND_MAX];
static struct rig rig;

static bool is_under_way(const struct rig *running)
{
	return running->acknowledged >= SOME;
}

/* A print that goes packed. */
static void begin(void)
{
	struct sim_settings sim;
	struct driver_settings settings = {
		.window_lines = DRIVER_WINDOW_HELD, .meatpack = true, .baud = 250000, .seed = 3
	};

	assert_true(sim_settings_init(&sim, "p", "marlin-stock"));
	sim.meatpack = true;
	sim.warm_start = true;
	for (int i = 0; i < COMMANDS; i++)
		snprintf(commands[i], RIG_COMMAND_MAX, "G1 X%d.5 Y%d F6000", i % 20, i % 30);
	rig_init(&rig, &sim, &settings, 3);
	rig_print(&rig, (const char(*)[RIG_COMMAND_MAX])commands, COMMANDS);
	assert_true(rig_run(&rig, INT64_C(600000000), is_under_way));
	assert_non_null(strstr(rig.dialect->identity(rig.driver)->window, "MeatPack"));
}

/* The printer says something on its own; what the driver answers stays in *effects. */
static void say(const char *text, struct driver_effects *effects)
{
	driver_effects_clear(effects);
	rig.dialect->receive(rig.driver, rig.now_us, text, strlen(text), effects);
}

/* Apart from words to the unpacker, which it hears whether it is on or off. */
static bool writes_packed(const struct driver_effects *effects)
{
	for (size_t i = 0; i < effects->byte_count; i++) {
		if ((unsigned char)effects->bytes[i] == 0xff &&
			i + MEATPACK_COMMAND_BYTES <= effects->byte_count &&
			(unsigned char)effects->bytes[i + 1] == 0xff)
			i += MEATPACK_COMMAND_BYTES - 1;
		else if ((unsigned char)effects->bytes[i] >= 0x80)
			return true;
	}
	return false;
}

/* S15 */
static void test_a_board_that_restarts_has_its_unpacker_off_and_gets_plain_bytes(void **state)
{
	static struct driver_effects effects;

	(void)state;
	begin();
	say("start\n", &effects);
	assert_false(writes_packed(&effects));
	rig_apply(&rig, &effects);
	assert_true(rig.faulted);
	assert_int_equal(rig.fault, DRIVER_FAULT_RESET);
	rig_finish(&rig);
}

/* S16: where the firmware leaves spaces out, its sum is over other bytes than ours: nothing is sent
 * packed until it says that it takes spaces. */
static void test_spaces_that_the_printer_leaves_out_are_put_back_before_the_next_line(void **state)
{
	static const char reset[] = { (char)0xff, (char)0xff, (char)MEATPACK_RESET };
	static struct driver_effects effects;
	struct rig_verdict verdict;

	(void)state;
	begin();
	say("[MP] PV01 ON NSP\n", &effects);
	assert_non_null(memmem(effects.bytes, effects.byte_count, reset, sizeof(reset)));
	rig_apply(&rig, &effects);
	assert_true(rig_run(&rig, INT64_C(600000000), NULL));
	assert_true(rig.done);
	rig_judge(&rig, &verdict);
	assert_int_equal(verdict.in_order, COMMANDS);
	assert_false(verdict.wrong);
	assert_int_equal(verdict.fragments, 0);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_board_that_restarts_has_its_unpacker_off_and_gets_plain_bytes),
		cmocka_unit_test(
			test_spaces_that_the_printer_leaves_out_are_put_back_before_the_next_line),
	};

	return cmocka_run_group_tests_name("marlin_pack", tests, NULL, NULL);
}
