/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/import.h"

#include "base/file.h"
#include "base/kcmdline.h"
#include "base/log.h"
#include "core/kmod.h"
#include "host/other_tools.h"
#include "pci/address.h"
#include "pci/id.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct import {
	int root;
	struct text *out;
	struct text addresses; /* imported already, as " address " each */
	struct sysfs sysfs;
	bool has_sysfs;
	bool whole;
	bool begun;
};

static void print_line(struct import *m, const char *key, const char *value, const char *from)
{
	if (!m->begun)
		text_print(m->out, "[bind]\n");
	m->begun = true;
	text_print(m->out, "# from %.150s\n%s = %s\n", from, key, value);
}

/* "10de:2204:…" as in vfio-pci's ids= (vfio_pci_fill_ids, drivers/vfio/pci/vfio_pci.c): up to four
 * numbers of a device; class and mask after them have no counterpart. */
static void import_id(struct import *m, const char *text, const char *from)
{
	struct pci_id id = {0};
	char shown[PCI_ID_MAX];
	unsigned parts[4] = {0, 0, PCI_ANY, PCI_ANY};
	int n = 0;

	for (const char *at = text; n < 4; n++) {
		if (!str_hex(&at, 8, &parts[n]))
			break;
		if (*at != ':') {
			n += 1;
			if (*at)
				n = 0;
			break;
		}
		at++;
	}
	if (n < 2) {
		log_print(LOG_WARNING, "%s: cannot import id '%s'", from, text);
		m->whole = false;
		return;
	}
	id = (struct pci_id){parts[0], parts[1], parts[2], parts[3]};
	print_line(m, "ids", pci_id_format(&id, shown), from);
}

static void import_ids(struct import *m, char *list, const char *from)
{
	for (char *one; (one = strsep(&list, ","));)
		if (one[0])
			import_id(m, one, from);
	log_print(LOG_NOTICE, "%s: take ids= out of it; [bind] asks for these now", from);
}

/* With the current id of the device, so that another device at that address is not bound. */
static void import_address(struct import *m, struct pci_addr addr, const char *from)
{
	char address[PCI_ADDR_MAX], value[PCI_ADDR_MAX + PCI_ID_MAX + 1], id[PCI_ID_MAX],
		key[PCI_ADDR_MAX + 2];
	_cleanup_(device_list_done) struct device_list found = {0};

	(void)snprintf(key, sizeof(key), " %s ", pci_addr_format(addr, address));
	if (m->addresses.data && strstr(m->addresses.data, key))
		return;
	text_print(&m->addresses, "%s", key);
	(void)str_copy(value, sizeof(value), address);
	if (m->has_sysfs && scan_one(&m->sysfs, addr, &found, NULL) == 1 &&
		found.at[0].error == 0) {
		struct pci_id shown = found.at[0].id;
		shown.subvendor = shown.subdevice = PCI_ANY;
		(void)snprintf(value, sizeof(value), "%s=%s", address, pci_id_format(&shown, id));
	} else {
		log_print(LOG_WARNING, "%s: %s is not in this machine now", from, address);
		m->whole = false;
	}
	print_line(m, "addresses", value, from);
}

/* ---- the kernel command line ----------------------------------------------------------------- */

/* The last one counts, for the kernel as well. */
static void from_cmdline(struct import *m, const char *root, const struct sysroot *w)
{
	char word[KCMDLINE_WORD_MAX], ids[KCMDLINE_WORD_MAX] = "";
	_cleanup_(str_free) char *line = NULL;
	const char *at = w->cmdline;

	if (!at && kcmdline_read(&line, root) == 0)
		at = line;
	while (at && kcmdline_word_next(&at, word))
		if (kcmdline_word_is(word, "vfio_pci.ids") && strchr(word, '='))
			(void)str_copy(ids, sizeof(ids), strchr(word, '=') + 1);
	if (ids[0])
		import_ids(m, ids, "the kernel command line");
}

/* ---- files of other tools ---------------------------------------------------------------------
 */

/* "options vfio-pci ids=10de:2204,10de:1aef disable_vga=1" */
static int read_options(const struct modprobe_line *line, void *to)
{
	char from[300], *rest = line->rest;

	(void)snprintf(from, sizeof(from), "%.280s:%u", line->path, line->number);
	if (str_equal(line->command, "options") && module_same(line->module, "vfio-pci"))
		for (char *ids; (ids = other_tools_ids(&rest));)
			import_ids(to, ids, from);
	return 0;
}

static int read_override(const struct driver_override *o, void *to)
{
	char address[PCI_ADDR_MAX];

	if (!str_equal(o->driver, "vfio-pci"))
		return 0;
	import_address(to, o->addr, o->path);
	log_print(LOG_NOTICE, "%s: run driverctl unset-override %s; [bind] asks for it now",
		o->path, pci_addr_format(o->addr, address));
	return 0;
}

/* DEVS="0000:0c:00.0 0000:0c:00.1" */
static int read_script(const char *path, char *text, void *to)
{
	const char *at = text;
	struct pci_addr addr;
	bool some = false;

	while ((at = strstr(at, "DEVS="))) {
		at += strlen("DEVS=");
		char quote = *at == '"' || *at == '\'' ? *at++ : '\0';
		while (*at && *at != quote && (quote || !isspace((unsigned char)*at))) {
			char word[32];
			size_t len = strcspn(at, " \t\n\"'");
			(void)snprintf(word, sizeof(word), "%.*s", (int)len, at);
			if (len < sizeof(word) && pci_addr_parse(word, &addr)) {
				import_address(to, addr, path);
				some = true;
			}
			at += len;
			while (*at && *at != quote && isspace((unsigned char)*at) && quote)
				at++;
			if (*at == '"' || *at == '\'')
				break;
		}
	}
	if (some)
		log_print(LOG_NOTICE,
			"%s: remove it, and what calls it; [bind] asks for its devices now", path);
	return 0;
}

static void from_files(struct import *m)
{
	m->out->failed |= other_tools_modprobe(m->root, read_options, m) < 0 ||
			  other_tools_overrides(m->root, read_override, m) < 0 ||
			  other_tools_scripts(m->root, read_script, m) < 0;
}

int import_config(const char *root, const struct sysroot *w, struct text *ret, struct err *err)
{
	_cleanup_(fd_close) int fd = open(root ? root : "/", O_DIRECTORY | O_PATH | O_CLOEXEC);
	_cleanup_(text_done) struct text addresses = {0};

	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", root, strerror(errno));
	struct import m = {.root = fd, .out = ret, .sysfs.devices = -1, .whole = true};
	m.has_sysfs = sysfs_open(&m.sysfs, w->sysfs, NULL) == 0;
	from_cmdline(&m, root, w);
	from_files(&m);
	addresses = m.addresses;
	sysfs_done(&m.sysfs);
	if (ret->failed || addresses.failed)
		return err_set(err, ENOMEM, "out of memory");
	return m.whole;
}
