/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/rom_dump.h"

#include "base/str.h"
#include "check.h"
#include "cli/rom_image.h"

#include <errno.h>
#include <stdlib.h>

/* A device that answers as the kernel's `rom` and `power/` files do. The linker puts it between
 * dump and the door to sysfs (--wrap, see tests.mk). */
static struct fake {
	char control[8];
	bool asleep, enabled;
	size_t size;           /* of the ROM; 0: there is none */
	int enable, read_code; /* what the calls fail with, or 0 */
	size_t fails_at;
	char trace[256]; /* the writes, "FILE=TEXT " each */
	size_t most_read;
} fake;

ssize_t __wrap_sysfs_read(
	struct sysfs *s, struct pci_addr addr, const char *attribute, char *buf, size_t size);
ssize_t __wrap_sysfs_read_at(struct sysfs *s, struct pci_addr addr, const char *attribute,
	off_t offset, void *buf, size_t size);
int __wrap_sysfs_write(
	struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text);

ssize_t __wrap_sysfs_read(
	struct sysfs *s, struct pci_addr addr, const char *attribute, char *buf, size_t size)
{
	(void)s;
	(void)addr;
	if (str_equal(attribute, "power/control"))
		return fake.control[0] ? (ssize_t)str_copy(buf, size, fake.control) : -ENOENT;
	return (ssize_t)str_copy(buf, size, fake.asleep ? "suspended" : "active");
}

/* As pci_read_rom: a page at a time, -EINVAL while it is not enabled. */
ssize_t __wrap_sysfs_read_at(struct sysfs *s, struct pci_addr addr, const char *attribute,
	off_t offset, void *buf, size_t size)
{
	size_t at = (size_t)offset;

	(void)s;
	(void)addr;
	(void)attribute;
	if (!fake.enabled)
		return -EINVAL;
	if (fake.read_code && at >= fake.fails_at)
		return -fake.read_code;
	if (at >= fake.size)
		return 0;
	size_t n = fake.size - at < 4096 ? fake.size - at : 4096;
	if (n > size)
		n = size;
	memset(buf, fake.asleep ? 0xff : (int)(at >> 12 & 0x7f), n);
	if (at + n > fake.most_read)
		fake.most_read = at + n;
	return (ssize_t)n;
}

int __wrap_sysfs_write(
	struct sysfs *s, struct pci_addr addr, const char *attribute, const char *text)
{
	size_t used = strlen(fake.trace);

	(void)s;
	(void)addr;
	if (str_equal(attribute, "rom") && fake.size == 0)
		return -ENOENT;
	(void)snprintf(fake.trace + used, sizeof(fake.trace) - used, "%s=%s ", attribute, text);
	if (str_equal(attribute, "rom")) {
		if (text[0] == '1' && fake.enable)
			return -fake.enable;
		/* "0" alone enables it up to Linux 6.1: two bytes are asked for (pci_write_rom). */
		fake.enabled = !(text[0] == '0' && strlen(text) == 2);
	} else {
		(void)str_copy(fake.control, sizeof(fake.control), text);
		fake.asleep = fake.asleep && !str_equal(text, "on");
	}
	return 0;
}

static int dump(struct err *err, size_t *len)
{
	uint8_t *data = NULL;
	struct sysfs s = {.devices = -1};

	err->text[0] = '\0';
	int r = dump_rom(&s, (struct pci_addr){.bus = 1}, &data, len, err);
	for (size_t i = 0; r == 0 && i < *len; i++)
		if (!CHECK(data[i] == (i >> 12 & 0x7f)))
			break;
	free(data);
	return r;
}

int main(void)
{
	struct err err;
	size_t len = 0;

	check_case("a ROM is enabled, read to its end, and disabled");
	fake = (struct fake){.control = "on", .size = 200000};
	CHECK_INT(dump(&err, &len), 0);
	CHECK_INT(len, 200000);
	CHECK_STR(fake.trace, "rom=1 rom=0\n ");

	check_case("a sleeping device is woken, and may sleep again");
	fake = (struct fake){.control = "auto", .asleep = true, .size = 8192};
	CHECK_INT(dump(&err, &len), 0);
	CHECK_STR(fake.trace, "power/control=on rom=1 rom=0\n power/control=auto ");

	check_case("a device without power management is read as it is");
	fake = (struct fake){.size = 4096};
	CHECK_INT(dump(&err, &len), 0);
	CHECK_STR(fake.trace, "rom=1 rom=0\n ");

	check_case("no more than the largest ROM is read");
	fake = (struct fake){.control = "on", .size = (size_t)1 << 30};
	CHECK_INT(dump(&err, &len), 0);
	CHECK_INT(len, ROM_MAX);
	CHECK_INT(fake.most_read, ROM_MAX);
	CHECK(!fake.enabled);

	check_case("a read that fails half-way: disabled again, and no half ROM");
	fake = (struct fake){
		.control = "auto", .size = 100000, .read_code = EIO, .fails_at = 70000};
	CHECK_INT(dump(&err, &len), -EIO);
	CHECK_HAS(err.text, "0000:01:00.0: can't read its ROM");
	CHECK_STR(fake.trace, "power/control=on rom=1 rom=0\n power/control=auto ");

	check_case("a device that shows nothing");
	fake = (struct fake){.control = "on", .size = 4096, .read_code = EIO};
	CHECK_INT(dump(&err, &len), -EIO);
	CHECK_HAS(err.text, "shows no ROM");
	CHECK(!fake.enabled);

	check_case("a device without a ROM says so, and sleeps again");
	fake = (struct fake){.control = "auto"};
	CHECK_INT(dump(&err, &len), -ENOENT);
	CHECK_STR(err.text, "0000:01:00.0 has no ROM");
	CHECK_STR(fake.trace, "power/control=on power/control=auto ");

	check_case("not permitted");
	fake = (struct fake){.control = "on", .size = 4096, .enable = EPERM};
	CHECK_INT(dump(&err, &len), -EPERM);
	CHECK_HAS(err.text, "lockdown, or not root");
	return check_done();
}
