/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/pciids.h"

#include "base/str.h"
#include "host/host_snapshot.h"

#include <pci/pci.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES 1024 /* the longest that libpci reads */

/*
 * libpci's error function may not return, and the one that it has ends the program. A list that is
 * in error is none to us: what it had before that line is used.
 */
static jmp_buf on_error;

static void ignore(char *msg, ...) _printf_(1, 2);
static void ignore(char *msg, ...)
{
	(void)msg;
}

static void give_up(char *msg, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void give_up(char *msg, ...)
{
	(void)msg;
	longjmp(on_error, 1);
}

void pciids_open(struct pciids *ret, const char *sysfs)
{
	char *path = NULL; /* libpci frees it */
	struct stat st;

	*ret = (struct pciids){.access = pci_alloc(), .flags = PCI_LOOKUP_NO_NUMBERS};
	ret->access->error = give_up;
	ret->access->warning = ret->access->debug = ignore;
	ret->access->id_lookup_mode = 0;
	if (!sysfs)
		return;
	ret->flags |= PCI_LOOKUP_NO_HWDB;
	if (asprintf(&path, "%s/" NOTES_DIRECTORY "/pci.ids", sysfs) < 0)
		return;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		pci_set_name_list_path(ret->access, path, 1);
	else
		str_free(&path);
}

void pciids_close(struct pciids *n)
{
	if (n->access)
		pci_cleanup(n->access);
	*n = (struct pciids){0};
}

/* id: as many numbers as libpci takes for the kind of name. */
static bool look_up(struct pciids *n, int kind, const uint32_t id[static 4], char *buf, size_t size)
{
	char text[LINE_MAX_BYTES];

	buf[0] = '\0';
	if (!n->access || setjmp(on_error) != 0)
		return false;
	const char *name = pci_lookup_name(n->access, text, sizeof(text), kind | n->flags,
		(int)(id[0] & 0xffffU), (int)(id[1] & 0xffffU), (int)(id[2] & 0xffffU),
		(int)(id[3] & 0xffffU));
	if (!name)
		return false;
	(void)str_copy(buf, size, name);
	return true;
}

bool pciids_vendor(struct pciids *n, uint32_t vendor, char *buf, size_t size)
{
	return look_up(n, PCI_LOOKUP_VENDOR, (const uint32_t[4]){vendor}, buf, size);
}

bool pciids_device(struct pciids *n, const struct pci_id *id, char *buf, size_t size)
{
	return look_up(
		n, PCI_LOOKUP_DEVICE, (const uint32_t[4]){id->vendor, id->device}, buf, size);
}

bool pciids_subsystem(struct pciids *n, const struct pci_id *id, char *buf, size_t size)
{
	const uint32_t ids[4] = {id->vendor, id->device, id->subvendor, id->subdevice};
	/* libpci would say the chip's name once more. */
	bool own = id->vendor == id->subvendor && id->device == id->subdevice;

	buf[0] = '\0';
	if (id->subvendor == 0)
		return false;
	if (!own && look_up(n, PCI_LOOKUP_SUBSYSTEM | PCI_LOOKUP_DEVICE, ids, buf, size))
		return true;
	return look_up(n, PCI_LOOKUP_SUBSYSTEM | PCI_LOOKUP_VENDOR,
		(const uint32_t[4]){id->subvendor}, buf, size);
}

bool pciids_class(struct pciids *n, uint32_t class, char *buf, size_t size)
{
	char name[LINE_MAX_BYTES], number[16];

	buf[0] = '\0';
	if (!look_up(n, PCI_LOOKUP_CLASS, (const uint32_t[4]){class >> 8}, name, sizeof(name)))
		return false;
	/* libpci adds the number to the name of a base class. */
	(void)snprintf(number, sizeof(number), " [%04x]", class >> 8 & 0xffffU);
	char *end = strstr(name, number);
	if (end)
		*end = '\0';
	(void)str_copy(buf, size, name);
	return true;
}

const char *pciids_short(const char *vendor, char *buf, size_t size)
{
	static const char *const tails[] = {" Corporation", " Corp", " Inc", " Co.", " Ltd",
		" Limited", " Semiconductor", " Technolog", " Electronics", " Systems", ",", " ["};
	const char *open = strchr(vendor, '['), *close = strchr(vendor, ']');

	if (open && close && close > open + 1) {
		(void)snprintf(buf, size, "%.*s", (int)(close - open - 1), open + 1);
		return buf;
	}
	(void)str_copy(buf, size, vendor);
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		char *tail = strstr(buf, tails[i]);
		if (tail && tail > buf)
			*tail = '\0';
	}
	return buf;
}

bool pciids_vendor_short(struct pciids *n, uint32_t vendor, char *buf, size_t size)
{
	char name[96];
	bool found = pciids_vendor(n, vendor, name, sizeof(name));

	(void)pciids_short(name, buf, size);
	return found;
}
