/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes of who had a device: what is written comes back; what is no note, or another device's, does
 * not. */
#include "core/release.h"

#include "base/str.h"
#include "check.h"
#include "fake_sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char note[128];
static struct device card = {.id = {0x10de, 0x2204, 0x1458, 0x403b}, .driver = "nouveau"};
static struct sysfs sysfs = {.devices = -1};
static struct prev_driver prev;
static struct err err;

static int read_back(void)
{
	err.text[0] = '\0';
	(void)snprintf(prev.driver, sizeof(prev.driver), "left");
	return prev_driver_read(&prev, top, &card, &err);
}

static void put(const char *bytes, size_t len)
{
	int fd = open(note, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) < 0)
		abort();
}

static void test_note(void)
{
	check_case("nothing noted: no driver, and no error");
	CHECK_INT(read_back(), 0);
	CHECK_STR(prev.driver, "");

	check_case("what is noted comes back, with the module that its driver is of");
	must_shell("mkdir -p %s/sys/bus/pci/drivers/nouveau %s/sys/module/nouveau", top, top);
	must_shell("ln -s ../../../../module/nouveau %s/sys/bus/pci/drivers/nouveau/module", top);
	must_shell("ln -s ../../drivers/nouveau %s/sys/bus/pci/devices/0000:01:00.0/driver", top);
	CHECK_INT(prev_driver_save(top, &sysfs, &card, &err), 0);
	CHECK_INT(read_back(), 0);
	CHECK_STR(prev.driver, "nouveau");
	CHECK_STR(prev.module, "nouveau");

	check_case("what vfio has, or nobody, leaves the note as it is");
	(void)snprintf(card.driver, sizeof(card.driver), "vfio-pci");
	CHECK_INT(prev_driver_save(top, &sysfs, &card, &err), 0);
	card.driver[0] = '\0';
	CHECK_INT(prev_driver_save(top, &sysfs, &card, &err), 0);
	CHECK_INT(read_back(), 0);
	CHECK_STR(prev.driver, "nouveau");

	check_case("a driver that is built in has no module, and may have a blank in its name");
	must_shell("rm %s/sys/bus/pci/drivers/nouveau/module", top);
	(void)snprintf(card.driver, sizeof(card.driver), "Card Driver");
	CHECK_INT(prev_driver_save(top, &sysfs, &card, &err), 0);
	CHECK_INT(read_back(), 0);
	CHECK_STR(prev.driver, "Card Driver");
	CHECK_STR(prev.module, "");

	check_case("another device at that address: not its driver");
	card.id.subdevice++;
	CHECK_INT(read_back(), -ESTALE);
	CHECK_STR(prev.driver, "");
	CHECK_HAS(err.text, "0000:01:00.0/host-driver: is of another device");
	card.id.subdevice--;

	check_case("forgotten: nothing is known any more, and once more is no harm");
	prev_driver_remove(top, card.addr);
	prev_driver_remove(top, card.addr);
	CHECK_INT(read_back(), 0);
	CHECK_STR(prev.driver, "");

	check_case("a directory that can't be written to is told");
	(void)snprintf(card.driver, sizeof(card.driver), "nouveau");
	CHECK_INT(prev_driver_save("/proc/none", &sysfs, &card, &err), -ENOENT);
	CHECK_HAS(err.text, "/proc/none/0000:01:00.0: can't make it");
}

#define LONG_MODULE                                                                                \
	"10de:2204:1458:403b a_module_with_a_name_of_56_bytes_that_no_kernel_has_xxxxx nouveau\n"

static void test_garbage(void)
{
	static const char id[] = "10de:2204:1458:403b";
	static const char *const lines[] = {"", "\n", "nouveau\n", "10de:2204:1458:403b\n",
		"10de:2204:1458:403b nouveau\n", "10de:2204:1458:403b nouveau \n",
		"10de:2204:1458:403b nouveau nouveau", "10de:2204:1458:403b  nouveau\n",
		"10de:2204:1458:403b nouveau nouveau\nmore\n", "10de nouveau nouveau\n",
		"10de:2204:1458:403b nouveau vfio-pci\n", "10de:2204:1458:403b - ../../../etc\n",
		"10de:2204:1458:403b - ..\n", "10de:2204:1458:403b ../x nouveau\n",
		"10de:2204:1458:403b - a-driver-with-a-name-of-32-bytes\n", LONG_MODULE};
	char line[512];

	must_shell("mkdir -p %s/0000:01:00.0", top);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		check_case("no note: line %zu", i);
		put(lines[i], strlen(lines[i]));
		CHECK_INT(read_back(), -EINVAL);
		CHECK_STR(prev.driver, "");
		CHECK_HAS(err.text, "host-driver: does not name");
	}

	check_case("no note: a NUL byte");
	int n = snprintf(line, sizeof(line), "%s nouveau nouv\n", id);
	line[n - 3] = '\0';
	put(line, (size_t)n);
	CHECK_INT(read_back(), -EINVAL);

	check_case("no note: too long, whatever it begins with");
	n = snprintf(line, sizeof(line), "%s nouveau nouveau\n%200s", id, "\n");
	put(line, (size_t)n);
	CHECK_INT(read_back(), -EFBIG);
	CHECK_STR(prev.driver, "");

	check_case("no note: a directory, and a FIFO that nobody writes to");
	must_shell("rm %s && mkdir %s", note, note);
	CHECK_INT(read_back(), -EISDIR);
	must_shell("rmdir %s && mkfifo %s", note, note);
	CHECK_INT(read_back(), -EINVAL);
	CHECK_STR(prev.driver, "");
}

int main(void)
{
	fake_sysfs_begin("notes");
	if (!pci_addr_parse("0000:01:00.0", &card.addr))
		abort();
	(void)snprintf(note, sizeof(note), "%s/0000:01:00.0/host-driver", top);
	must_shell("mkdir -p %s/sys/bus/pci/devices/0000:01:00.0", top);
	char tree[80];
	(void)snprintf(tree, sizeof(tree), "%s/sys", top);
	if (sysfs_open(&sysfs, tree, &err) < 0)
		abort();
	test_note();
	test_garbage();
	sysfs_done(&sysfs);
	return check_done();
}
