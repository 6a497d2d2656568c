/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/rom_dump.h"

#include "base/log.h"
#include "base/str.h"
#include "cli/rom_image.h"
#include "pci/resource.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* sysfs returns at most a page at a time, whatever is requested (sysfs_kf_bin_read,
 * fs/sysfs/file.c). */
#define PIECE 65536

/* The seventh line of `resource`, and the address of the firmware's copy of a display's ROM. */
#define SHADOW_AT 0xc0000

#define WAKE_MS 1000
#define LOOK_MS 10

/* A sleeping device answers all ones. pci_read_rom does not wake it (drivers/pci/pci-sysfs.c);
 * writing "on" returns when the device is awake, unless it is just being suspended. */
static bool wake(struct sysfs *s, struct pci_addr addr)
{
	char control[16], status[16];

	if (sysfs_read(s, addr, "power/control", control, sizeof(control)) < 0 ||
		!str_equal(control, "auto") || sysfs_write(s, addr, "power/control", "on") < 0)
		return false;
	for (int ms = 0; ms < WAKE_MS; ms += LOOK_MS) {
		if (sysfs_read(s, addr, "power/runtime_status", status, sizeof(status)) < 0 ||
			!str_equal(status, "suspended"))
			break;
		(void)usleep(LOOK_MS * 1000);
	}
	return true;
}

static int read_all(struct sysfs *s, struct pci_addr addr, uint8_t **data, size_t *len)
{
	size_t size = 0;

	for (;;) {
		if (*len + PIECE > size) {
			size = size ? size * 2 : PIECE;
			uint8_t *grown = realloc(*data, size);
			if (!grown)
				return -ENOMEM;
			*data = grown;
		}
		size_t most = ROM_MAX - *len < PIECE ? ROM_MAX - *len : PIECE;
		ssize_t n = most ? sysfs_read_at(s, addr, "rom", (off_t)*len, *data + *len, most)
				 : 0;
		if (n <= 0)
			return (int)n;
		*len += (size_t)n;
	}
}

static const char *rom_strerror(int code)
{
	switch (code) {
	case EIO: /* pci_map_rom found no image, or no address for the ROM */
		return "the device shows no ROM; it is disabled by the firmware, or in use by its driver: bind it to vfio-pci first, or take the ROM from the card's maker";
	case EPERM:
	case EACCES:
		return "not permitted (lockdown, or not root)";
	default:
		return strerror(code);
	}
}

bool dump_is_shadow(struct sysfs *s, struct pci_addr addr)
{
	struct resource have[RESOURCES];

	resource_read(s, addr, have);
	return have[RESOURCE_ROM].start == SHADOW_AT;
}

int dump_rom(struct sysfs *s, struct pci_addr addr, uint8_t **ret, size_t *ret_len, struct err *err)
{
	char address[PCI_ADDR_MAX];
	uint8_t *data = NULL;
	size_t len = 0;

	pci_addr_format(addr, address);
	bool woken = wake(s, addr);
	int r = sysfs_write(s, addr, "rom", "1"), off = r;
	if (r == 0) {
		r = read_all(s, addr, &data, &len);
		/* Without newline, kernels up to at least 6.1 take it as a yes (pci_write_rom). */
		off = sysfs_write(s, addr, "rom", "0\n");
	}
	if (woken)
		(void)sysfs_write(s, addr, "power/control", "auto");
	if (r == 0 && off < 0)
		log_print(LOG_WARNING, "%s: its ROM can't be disabled again: %s", address,
			strerror(-off));
	if (r == 0 && len == 0)
		r = -EIO;
	if (r < 0) {
		free(data);
		if (r == -ENOENT)
			return err_set(err, ENOENT, "%s has no ROM", address);
		return err_set(err, -r, "%s: can't read its ROM: %s", address, rom_strerror(-r));
	}
	*ret = data;
	*ret_len = len;
	return 0;
}

int rom_bytes_read(struct rom_bytes *ret, struct sysfs *s, struct pci_addr addr, bool live)
{
	struct err err = {""};

	*ret = (struct rom_bytes){0};
	return live ? dump_rom(s, addr, &ret->data, &ret->len, &err)
		    : read_all(s, addr, &ret->data, &ret->len);
}

void rom_bytes_done(struct rom_bytes *b)
{
	free(b->data);
	*b = (struct rom_bytes){0};
}
