/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/import.h"

#include "base/file.h"
#include "base/kcmdline.h"
#include "base/log.h"
#include "cli/other_ids.h"
#include "core/kmod.h"
#include "host/bind_script.h"
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
	struct text options;   /* lines of [modules] */
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

/* Something that is found and not taken over: the user has to do it. */
static void leave(struct import *m, const char *from, const char *what)
{
	log_print(LOG_WARNING, "%s: %s", from, what);
	m->whole = false;
}

/*
 * "10de:2204:…" as in vfio-pci's ids= (vfio_pci_fill_ids, drivers/vfio/pci/vfio_pci.c): up to four
 * numbers of a device. Any vendor or device, and class and mask after them, have no counterpart.
 * False if it is not taken over.
 */
static bool import_id(struct import *m, const char *text, const char *from)
{
	unsigned parts[4] = {0, 0, PCI_ANY, PCI_ANY};
	char shown[PCI_ID_MAX], what[300];
	const char *at = text;
	int n = 0;

	while (n < 4 && str_hex(&at, 8, &parts[n])) {
		n++;
		if (*at != ':')
			break;
		at++;
	}
	if (n < 2 || *at || parts[0] > UINT16_MAX || parts[1] > UINT16_MAX) {
		(void)snprintf(what, sizeof(what),
			"cannot import id '%.60s': [bind] takes no class and no 'any device'; name the devices by addresses, or all displays but the boot display by gpus = non-boot",
			text);
		leave(m, from, what);
		return false;
	}
	const struct pci_id id = {parts[0], parts[1], parts[2], parts[3]};
	print_line(m, "ids", pci_id_format(&id, shown), from);
	return true;
}

static void import_ids(struct import *m, const char *list, const char *from)
{
	_cleanup_(str_free) char *copy = strdup(list);
	char *rest = copy;
	bool all = copy != NULL;

	m->out->failed |= !copy;
	for (char *one; (one = strsep(&rest, ","));)
		if (one[0])
			all &= import_id(m, one, from);
	if (all)
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

/* ---- ids of vfio-pci and pci-stub ------------------------------------------------------------ */

/* Only what is in force binds anything; what is not was without effect, and stays so. */
static void import_other_ids(struct import *m, const char *root, const char *cmdline)
{
	static const char *const modules[] = {"vfio-pci", "pci-stub"};
	_cleanup_(other_ids_done) struct other_ids ids = {0};

	other_ids_read(&ids, root, cmdline);
	m->out->failed |= ids.failed;
	for (size_t k = 0; k < 2 && !ids.failed; k++) {
		const struct other_id *last = other_ids_in_force(&ids, modules[k]);
		if (last)
			import_ids(m, last->ids,
				last->source == OTHER_ID_WORD ? "the kernel command line"
							      : last->from);
		for (size_t i = 0; last && i < ids.n; i++)
			if (&ids.at[i] != last && module_same(ids.at[i].module, modules[k]))
				log_print(LOG_NOTICE,
					"%s: is not in force (the last one is, %s), and not taken over: take it out",
					ids.at[i].from, last->from);
	}
}

/* "xen-pciback.hide=(0000:01:00.0)(0000:01:00.1)" */
static void import_hidden(struct import *m, const char *cmdline)
{
	char word[KCMDLINE_WORD_MAX], text[PCI_ADDR_MAX];
	struct pci_addr addr;

	for (const char *at = cmdline; kcmdline_word_next(&at, word);) {
		if (!kcmdline_word_is(word, "xen_pciback.hide") &&
			!kcmdline_word_is(word, "pciback.hide"))
			continue;
		for (const char *p = word; (p = strchr(p, '(')); p++) {
			(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(p + 1, ")"), p + 1);
			if (pci_addr_parse(text, &addr))
				import_address(m, addr, "hide= on the kernel command line");
			else
				leave(m, "hide= on the kernel command line",
					"contains something other than an address");
		}
	}
}

/* What else modprobe.d sets for vfio-pci, such as disable_vga=1, goes to [modules]. */
static int read_options(const struct modprobe_line *line, void *to)
{
	struct import *m = to;
	char *rest = line->rest;

	if (!str_equal(line->command, "options") || !module_same(line->module, "vfio-pci"))
		return 0;
	for (char *word; (word = strsep(&rest, " \t"));)
		if (word[0] && !str_starts(word, "ids="))
			text_print(&m->options, "# from %.150s:%u\noptions = %s\n", line->path,
				line->number, word);
	return m->options.failed ? -ENOMEM : 0;
}

static void from_cmdline(struct import *m, const char *root, const struct sysroot *w)
{
	_cleanup_(str_free) char *line = NULL;
	const char *cmdline = w->cmdline;

	if (!cmdline && kcmdline_read(&line, root) == 0)
		cmdline = line;
	import_other_ids(m, root ? root : "", cmdline ? cmdline : "");
	import_hidden(m, cmdline ? cmdline : "");
}

/* ---- files of other tools ---------------------------------------------------------------------
 */

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

static void import_script(struct import *m, const char *path, const struct bind_script *s)
{
	char from[300], id[PCI_ID_MAX];

	for (size_t i = 0; i < s->n_addresses; i++)
		import_address(m, s->addresses[i], path);
	for (size_t i = 0; i < s->n_ids; i++)
		print_line(m, "ids", pci_id_format(&s->ids[i], id), path);
	if (s->non_boot)
		print_line(m, "gpus", "non-boot", path);
	(void)snprintf(from, sizeof(from), "%.280s:%u", path, s->unclear);
	if (s->unclear)
		leave(m, from,
			"binds devices in a way that can't be taken over: name them in [bind] yourself");
	else
		log_print(LOG_NOTICE,
			"%s: remove it, and what calls it; [bind] asks for its devices now", path);
}

static int read_script(const char *path, char *text, void *to)
{
	struct bind_script s;
	int r = bind_script_read(&s, text);

	if (r == 0)
		import_script(to, path, &s);
	bind_script_done(&s);
	return r;
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
	_cleanup_(text_done) struct text addresses = {0}, options = {0};

	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", root, strerror(errno));
	struct import m = {.root = fd, .out = ret, .sysfs.devices = -1, .whole = true};
	m.has_sysfs = sysfs_open(&m.sysfs, w->sysfs, NULL) == 0;
	from_cmdline(&m, root, w);
	from_files(&m);
	addresses = m.addresses;
	options = m.options;
	if (ret->len > 0 && options.len > 0)
		text_print(ret, "[modules]\n%s", options.data);
	sysfs_done(&m.sysfs);
	if (ret->failed || addresses.failed || options.failed)
		return err_set(err, ENOMEM, "out of memory");
	return m.whole;
}
