/* What kind of link a port is, from a /sys of our own: only native USB may be called free of
 * damage.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "daemon/stream/port_link.h"
#include "tests/unit/scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct scratch sysfs;

static int set_up(void **state)
{
	(void)state;
	scratch_make(&sysfs);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&sysfs);
	return 0;
}

static void make(const char *directory)
{
	assert_int_equal(mkdir(scratch_path(&sysfs, directory), 0700), 0);
}

/* As the kernel lays it out: class/tty/NAME is a link to a folder below the USB interface, whose
 * parent is the USB device with the numbers. */
static void add_tty(const char *name, const char *driver, const char *vendor, const char *product)
{
	char path[128], target[128];

	if (access(scratch_path(&sysfs, "class"), F_OK) != 0) {
		make("class");
		make("class/tty");
		make("drivers");
		make("usb");
	}
	snprintf(path, sizeof(path), "drivers/%s", driver);
	if (access(scratch_path(&sysfs, path), F_OK) != 0)
		make(path);
	snprintf(path, sizeof(path), "usb/%s", name);
	make(path);
	snprintf(path, sizeof(path), "usb/%s/interface", name);
	make(path);
	snprintf(path, sizeof(path), "usb/%s/interface/driver", name);
	snprintf(target, sizeof(target), "../../../drivers/%s", driver);
	assert_int_equal(symlink(target, scratch_path(&sysfs, path)), 0);
	snprintf(path, sizeof(path), "usb/%s/idVendor", name);
	scratch_write(&sysfs, path, vendor, strlen(vendor));
	snprintf(path, sizeof(path), "usb/%s/idProduct", name);
	scratch_write(&sysfs, path, product, strlen(product));
	snprintf(path, sizeof(path), "class/tty/%s", name);
	make(path);
	snprintf(path, sizeof(path), "class/tty/%s/device", name);
	snprintf(target, sizeof(target), "../../../usb/%s/interface", name);
	assert_int_equal(symlink(target, scratch_path(&sysfs, path)), 0);
}

static void test_a_chip_with_a_uart_behind_it_is_a_uart(void **state)
{
	static const struct {
		const char *name, *driver, *vendor, *product;
	} rows[] = {
		{ "ttyUSB0", "ftdi_sio", "0403\n", "6001\n" },
		{ "ttyUSB1", "ch341-uart", "1a86\n", "7523\n" },
		{ "ttyUSB2", "cp210x", "10c4\n", "ea60\n" },
		{ "ttyACM0", "cdc_acm", "2341\n", "0042\n" },
		{ "ttyACM1", "cdc_acm", "2c99\n", "0002\n" },
		{ "ttyACM2", "cdc_acm", "1a86\n", "55d4\n" },
		{ "ttyACM3", "cdc_acm", "0483\n", "374b\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char device[32];

		add_tty(rows[i].name, rows[i].driver, rows[i].vendor, rows[i].product);
		snprintf(device, sizeof(device), "/dev/%s", rows[i].name);
		if (port_link(sysfs.directory, device) != DRIVER_LINK_UART)
			fail_msg("%s %s", rows[i].driver, rows[i].vendor);
	}
}

static void test_what_is_not_known_for_certain_is_a_uart(void **state)
{
	(void)state;
	add_tty("ttyACM0", "cdc_acm", "", "");
	assert_int_equal(port_link(sysfs.directory, "/dev/ttyACM0"), DRIVER_LINK_UART);
	assert_int_equal(port_link(sysfs.directory, "/dev/ttyACM9"), DRIVER_LINK_UART);
	assert_int_equal(port_link(sysfs.directory, "/dev/pts/3"), DRIVER_LINK_UART);
	assert_int_equal(port_link(sysfs.directory, "/tmp/printer"), DRIVER_LINK_UART);
	assert_int_equal(port_link(sysfs.directory, ""), DRIVER_LINK_UART);
}

static void test_native_usb_is_not(void **state)
{
	(void)state;
	add_tty("ttyACM0", "cdc_acm", "2c99\n", "000c\n");
	add_tty("ttyACM1", "cdc_acm", "0483\n", "5740\n");
	assert_int_equal(port_link(sysfs.directory, "/dev/ttyACM0"), DRIVER_LINK_CDC);
	assert_int_equal(port_link(sysfs.directory, "/dev/ttyACM1"), DRIVER_LINK_CDC);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup_teardown(
		test_a_chip_with_a_uart_behind_it_is_a_uart, set_up, tear_down),
	cmocka_unit_test_setup_teardown(
		test_what_is_not_known_for_certain_is_a_uart, set_up, tear_down),
	cmocka_unit_test_setup_teardown(test_native_usb_is_not, set_up, tear_down),
};

int main(void)
{
	return cmocka_run_group_tests_name("port_link", tests, NULL, NULL);
}
