/* Ports by what the device is, from a /sys of our own: never the wrong printer, and never a guess.
 */
#include "daemon/stream/port_find.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct scratch scratch;
static char sys_path[256], dev_path[256];
static struct port_roots roots;

static void make(const char *directory)
{
	assert_int_equal(mkdir(scratch_path(&scratch, directory), 0700), 0);
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	if (!text)
		return;
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(scratch_path(&scratch, path), "w");
	assert_non_null(file);
	fprintf(file, "%s\n", text);
	fclose(file);
}

static int set_up(void **state)
{
	(void)state;
	scratch_make(&scratch);
	make("sys");
	make("sys/class");
	make("sys/class/tty");
	make("sys/usb");
	make("dev");
	make("dev/by-id");
	snprintf(sys_path, sizeof(sys_path), "%s", scratch_path(&scratch, "sys"));
	snprintf(dev_path, sizeof(dev_path), "%s", scratch_path(&scratch, "dev"));
	roots = (struct port_roots){ .sys = sys_path, .dev = dev_path };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&scratch);
	return 0;
}

/* As the kernel lays it out: usb/1-1.4 with idVendor, in it 1-1.4:1.0 with the interface's number,
 * in it the port of a ttyUSB; a ttyACM hangs on the interface itself. */
static void plug(const char *tty, const char *socket, const char *vendor, const char *product,
	const char *serial, const char *interface)
{
	char path[128], more[160], target[200];

	snprintf(path, sizeof(path), "sys/usb/%s", socket);
	if (access(scratch_path(&scratch, path), F_OK) != 0)
		make(path);
	write_file(path, "idVendor", vendor);
	write_file(path, "idProduct", product);
	write_file(path, "serial", serial);
	snprintf(more, sizeof(more), "%s/%s:1.%c", path, socket, interface[1]);
	make(more);
	write_file(more, "bInterfaceNumber", interface);
	snprintf(target, sizeof(target), "../../../usb/%s/%s:1.%c", socket, socket, interface[1]);
	if (strncmp(tty, "ttyUSB", 6) == 0) {
		strcat(more, "/");
		strcat(more, tty);
		make(more);
		strcat(target, "/");
		strcat(target, tty);
	}
	snprintf(path, sizeof(path), "sys/class/tty/%s", tty);
	make(path);
	strcat(path, "/device");
	assert_int_equal(symlink(target, scratch_path(&scratch, path)), 0);
	snprintf(path, sizeof(path), "dev/%s", tty);
	write_file("dev", tty, "");
}

static void add_by_id(const char *name, const char *tty)
{
	char path[128], target[80];

	snprintf(path, sizeof(path), "dev/by-id/%s", name);
	snprintf(target, sizeof(target), "../%s", tty);
	unlink(scratch_path(&scratch, path));
	assert_int_equal(symlink(target, scratch_path(&scratch, path)), 0);
}

static const char *found_tty(const char *locator)
{
	static char path[512];
	struct error error = { "" };

	if (port_find(&roots, locator, path, sizeof(path), &error) < 0)
		fail_msg("%s", error.text);
	return strrchr(path, '/') + 1;
}

static void assert_refused(const char *locator, int code, const char *words)
{
	struct error error = { "" };
	char path[512];

	assert_int_equal(port_find(&roots, locator, path, sizeof(path), &error), code);
	if (!strstr(error.text, words))
		fail_msg("%s: \"%s\" does not say \"%s\"", locator, error.text, words);
}

static void test_a_printer_is_found_whatever_the_kernel_calls_it(void **state)
{
	(void)state;
	plug("ttyUSB3", "1-1.4", "1a86", "7523", NULL, "00");
	plug("ttyUSB0", "1-1.2", "0403", "6001", "A50285BI", "00");
	plug("ttyACM0", "2-1", "2C99", "0002", "CZPX1234", "00");
	assert_string_equal(found_tty("usb:serial=A50285BI"), "ttyUSB0");
	assert_string_equal(found_tty("usb:id=1a86:7523"), "ttyUSB3");
	assert_string_equal(found_tty("usb:id=2c99:0002,serial=CZPX1234"), "ttyACM0");
	assert_string_equal(found_tty("usb:path=1-1.4"), "ttyUSB3");
	assert_string_equal(found_tty("usb:id=2C99:0002"), "ttyACM0");
}

static void test_two_with_the_same_serial_number_are_both_refused_by_it(void **state)
{
	(void)state;
	plug("ttyUSB0", "1-1.1", "1a86", "7523", "12345", "00");
	plug("ttyUSB1", "1-1.2", "1a86", "7523", "12345", "00");
	assert_refused("usb:serial=12345", -ENOTUNIQ, "ambiguous");
	assert_refused("usb:serial=12345", -ENOTUNIQ, "usb:path=1-1.");
	assert_refused("usb:id=1a86:7523", -ENOTUNIQ, "ambiguous");
	assert_string_equal(found_tty("usb:serial=12345,path=1-1.2"), "ttyUSB1");
	assert_string_equal(found_tty("usb:path=1-1.1"), "ttyUSB0");
}

static void test_a_name_under_by_id_that_two_devices_share_is_refused(void **state)
{
	char path[512];

	(void)state;
	plug("ttyUSB0", "1-1.1", "1a86", "7523", "12345", "00");
	add_by_id("usb-1a86_12345-if00-port0", "ttyUSB0");
	snprintf(path, sizeof(path), "%s/by-id/usb-1a86_12345-if00-port0", dev_path);
	assert_string_equal(found_tty(path), "usb-1a86_12345-if00-port0");
	plug("ttyUSB1", "1-1.2", "1a86", "7523", "12345", "00");
	add_by_id("usb-1a86_12345-if00-port0", "ttyUSB1");
	assert_refused(path, -ENOTUNIQ, "ambiguous");
	/* Another device beside it is none of its business. */
	plug("ttyUSB2", "1-1.3", "0403", "6001", "A1", "00");
	add_by_id("usb-FTDI_A1-if00-port0", "ttyUSB2");
	snprintf(path, sizeof(path), "%s/by-id/usb-FTDI_A1-if00-port0", dev_path);
	assert_string_equal(found_tty(path), "usb-FTDI_A1-if00-port0");
}

static void test_devices_without_a_serial_number_are_told_apart_by_their_socket(void **state)
{
	(void)state;
	plug("ttyUSB0", "1-1.1", "1a86", "7523", NULL, "00");
	plug("ttyUSB1", "1-1.2", "1a86", "7523", NULL, "00");
	assert_refused("usb:id=1a86:7523", -ENOTUNIQ, "ambiguous");
	assert_string_equal(found_tty("usb:path=1-1.2"), "ttyUSB1");
}

static void test_of_one_device_with_two_ports_the_first_is_meant_unless_said(void **state)
{
	(void)state;
	plug("ttyACM1", "1-2", "1d50", "6015", "D1", "02");
	plug("ttyACM0", "1-2", "1d50", "6015", "D1", "00");
	assert_string_equal(found_tty("usb:serial=D1"), "ttyACM0");
	assert_string_equal(found_tty("usb:serial=D1,interface=02"), "ttyACM1");
}

static void test_a_device_that_is_not_plugged_in_is_said_to_be_so(void **state)
{
	(void)state;
	plug("ttyUSB0", "1-1.1", "1a86", "7523", "12345", "00");
	assert_refused("usb:serial=99999", -ENOENT, "no such device is plugged in");
}

static void test_a_locator_that_cannot_be_read_says_what_can(void **state)
{
	static const char *const locators[] = { "usb:", "usb:serial=", "usb:colour=red",
		"usb:serial", "usb:interface=00", "usb:serial=1,,", "usb:=x" };

	(void)state;
	for (size_t i = 0; i < sizeof(locators) / sizeof(locators[0]); i++)
		assert_refused(locators[i], -EINVAL, "serial=");
}

static void test_a_serial_number_is_a_strangers_text(void **state)
{
	struct port_identity identity;

	(void)state;
	plug("ttyUSB0", "1-1.1", "1a86", "7523", "\x1b[31mred\xff", "00");
	assert_true(port_identify(&roots, "ttyUSB0", &identity));
	assert_string_equal(identity.serial, "?[31mred?");
	assert_false(port_identify(&roots, "ttyS0", &identity));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_two_with_the_same_serial_number_are_both_refused_by_it, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_name_under_by_id_that_two_devices_share_is_refused, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_printer_is_found_whatever_the_kernel_calls_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_devices_without_a_serial_number_are_told_apart_by_their_socket, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_of_one_device_with_two_ports_the_first_is_meant_unless_said, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_device_that_is_not_plugged_in_is_said_to_be_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_locator_that_cannot_be_read_says_what_can, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_serial_number_is_a_strangers_text, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("port_find", tests, NULL, NULL);
}
