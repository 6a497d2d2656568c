/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/import.h"

#include "base/file.h"
#include "base/kcmdline.h"
#include "base/log.h"
#include "base/strings.h"
#include "cli/other_ids.h"
#include "core/kmod.h"
#include "core/release.h"
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

#define SCRIPT_MAX 65536

struct import {
	int root;
	struct text *out;
	struct text options;    /* lines of [modules] */
	struct text devices;    /* sections [device] */
	struct text imported;   /* addresses, ids and other values that are, as " value " each */
	struct strings scripts; /* their paths, read already */
	struct sysfs sysfs;
	bool has_sysfs;
	bool whole;
	bool begun;
};

/* True at its first time. */
static bool is_new(struct import *m, const char *value)
{
	char key[512];

	(void)snprintf(key, sizeof(key), " %.500s ", value);
	if (m->imported.data && strstr(m->imported.data, key))
		return false;
	text_print(&m->imported, "%s", key);
	return true;
}

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

static void print_id(struct import *m, const struct pci_id *id, const char *from)
{
	char shown[PCI_ID_MAX];

	if (is_new(m, pci_id_format(id, shown)))
		print_line(m, "ids", shown, from);
}

/*
 * "10de:2204:…" as in vfio-pci's ids= (vfio_pci_fill_ids, drivers/vfio/pci/vfio_pci.c): up to four
 * numbers of a device. Any vendor or device, and class and mask after them, have no counterpart.
 * False if it is not taken over.
 */
static bool import_id(struct import *m, const char *text, const char *from)
{
	unsigned parts[4] = {0, 0, PCI_ANY, PCI_ANY};
	const char *at = text;
	char what[300];
	int n = 0;

	for (; n < 4; at++) {
		at += str_starts(at, "0x") ? 2 : 0; /* sscanf(3) with %x takes it */
		if (!str_hex(&at, 8, &parts[n]))
			break;
		n++;
		if (*at != ':')
			break;
	}
	if (n < 2 || *at || parts[0] > UINT16_MAX || parts[1] > UINT16_MAX) {
		(void)snprintf(what, sizeof(what),
			"cannot import id '%.60s': [bind] takes no class and no 'any device'; name the devices by addresses, or all displays but the boot display by gpus = non-boot",
			text);
		leave(m, from, what);
		return false;
	}
	const struct pci_id id = {parts[0], parts[1], parts[2], parts[3]};
	print_id(m, &id, from);
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

/* With the current id of the device, so that another device at that address is not bound. False: it
 * is imported already. */
static bool import_address(struct import *m, struct pci_addr addr, const char *from)
{
	char address[PCI_ADDR_MAX], value[PCI_ADDR_MAX + PCI_ID_MAX + 1], id[PCI_ID_MAX];
	_cleanup_(device_list_done) struct device_list found = {0};

	if (!is_new(m, pci_addr_format(addr, address)))
		return false;
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
	return true;
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

/* ---- hide= of xen-pciback, and other options ------------------------------------------------- */

/* "(0000:01:00.0)(01:00.1)" */
static void import_hidden(struct import *m, const char *value, const char *from)
{
	char text[PCI_ADDR_MAX];
	struct pci_addr addr;

	for (const char *p = value; (p = strchr(p, '(')); p++) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(p + 1, ")"), p + 1);
		if (pci_addr_parse(text, &addr))
			(void)import_address(m, addr, from);
		else
			leave(m, from, "contains something other than an address");
	}
}

/* Goes to [modules]: "disable_vga=1". */
static void add_option(struct import *m, const char *word, const char *from)
{
	if (is_new(m, word))
		text_print(&m->options, "# from %.150s\noptions = %s\n", from, word);
}

static void from_words(struct import *m, const char *cmdline)
{
	static const char from[] = "the kernel command line";
	char word[KCMDLINE_WORD_MAX];

	for (const char *at = cmdline; kcmdline_word_next(&at, word);) {
		const char *option = strchr(word, '.');
		if (kcmdline_word_is(word, "xen_pciback.hide") ||
			kcmdline_word_is(word, "pciback.hide"))
			import_hidden(m, word, "hide= on the kernel command line");
		else if (option && strchr(option, '=') && !str_starts(option, ".ids=") &&
			 (str_starts(word, "vfio-pci.") || str_starts(word, "vfio_pci.")))
			add_option(m, option + 1, from);
	}
}

/* What else is set for vfio-pci, such as disable_vga=1; and the devices of xen-pciback. */
static void import_options(struct import *m, const char *module, char *options, const char *from)
{
	bool hides = module_same(module, "xen-pciback");

	for (char *word; (word = strsep(&options, " \t"));) {
		if (hides && str_starts(word, "hide="))
			import_hidden(m, word, from);
		else if (module_same(module, "vfio-pci") && word[0] && !str_starts(word, "ids="))
			add_option(m, word, from);
	}
}

static int read_script(const char *path, char *text, void *to);

/* "install vfio-pci /usr/local/bin/vfio-pci-override.sh": run where modprobe would load it. */
static int import_program(struct import *m, char *command, const char *from)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;

	command += strspn(command, " \t");
	char *end = command + strcspn(command, " \t;&|");
	bool alone = *end == '\0';
	*end = '\0';
	if (alone && command[0] == '/' &&
		file_read(m->root, command + 1, SCRIPT_MAX, &text, &len, NULL) == 0 &&
		str_starts(text, "#!")) {
		log_print(LOG_NOTICE, "%s: take it out; it runs %s in place of vfio-pci", from,
			command);
		return read_script(command, text, m);
	}
	leave(m, from,
		"runs a command in place of vfio-pci, which can't be taken over: name its devices in [bind] yourself, and take it out");
	return 0;
}

static int read_modprobe(const struct modprobe_line *line, void *to)
{
	struct import *m = to;
	char from[300];
	int r = 0;

	(void)snprintf(from, sizeof(from), "%.280s:%u", line->path, line->number);
	switch (other_tools_gives(line)) {
	case GIVES_BY_PROGRAM:
		r = import_program(m, line->rest, from);
		break;
	case GIVES_BY_ALIAS:
		leave(m, from,
			"an alias gives devices to vfio-pci: name them in [bind] yourself, and take it out");
		break;
	default:
		if (str_equal(line->command, "options"))
			import_options(m, line->module, line->rest, from);
	}
	return r < 0 || m->options.failed ? -ENOMEM : 0;
}

/* Behind the name of a module; ids= is read with those of modprobe.d. */
static int read_initramfs_tools(const struct modprobe_line *line, void *to)
{
	char from[300];

	(void)snprintf(from, sizeof(from), "%.280s:%u", line->path, line->number);
	import_options(to, line->module, line->rest, from);
	return 0;
}

static void from_cmdline(struct import *m, const char *root, const struct sysroot *w)
{
	_cleanup_(str_free) char *line = NULL;
	const char *cmdline = w->cmdline;

	if (!cmdline && kcmdline_read(&line, root) == 0)
		cmdline = line;
	import_other_ids(m, root ? root : "", cmdline ? cmdline : "");
	from_words(m, cmdline ? cmdline : "");
}

/* ---- files of other tools ---------------------------------------------------------------------
 */

/* A driver that keeps a device for a VM; of others nothing tells whether the host works with it. */
static bool is_for_vms(const char *driver)
{
	return release_is_vfio(driver) || module_same(driver, "pci-stub") ||
	       str_equal(driver, "none");
}

static int read_override(const struct driver_override *o, void *to)
{
	struct import *m = to;
	char address[PCI_ADDR_MAX], what[160];

	(void)pci_addr_format(o->addr, address);
	if (!is_for_vms(o->driver)) {
		(void)snprintf(what, sizeof(what),
			"gives %s to %.40s, which no VM can use: not taken over, and in the way if [bind] asks for the device",
			address, o->driver);
		leave(m, o->path, what);
		return 0;
	}
	if (import_address(m, o->addr, o->path) && str_equal(o->driver, "none"))
		text_print(&m->devices, "[device %s]\n# from %.150s\ndriver = none\n", address,
			o->path);
	log_print(LOG_NOTICE, "%s: run driverctl unset-override %s; [bind] asks for it now",
		o->path, address);
	return 0;
}

static void import_script(struct import *m, const char *path, const struct bind_script *s)
{
	char from[300];

	for (size_t i = 0; i < s->n_addresses; i++)
		(void)import_address(m, s->addresses[i], path);
	for (size_t i = 0; i < s->n_ids; i++)
		print_id(m, &s->ids[i], path);
	if (s->non_boot && is_new(m, "non-boot"))
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
	struct import *m = to;
	struct bind_script s;
	struct err err;

	for (size_t i = 0; i < m->scripts.n; i++)
		if (str_equal(m->scripts.v[i], path))
			return 0;
	if (strings_add_unique(&m->scripts, path, &err) < 0)
		return -ENOMEM;
	int r = bind_script_read(&s, text);
	if (r == 0)
		import_script(m, path, &s);
	bind_script_done(&s);
	return r;
}

static int read_line(const struct other_line *line, void *to)
{
	char from[300];

	(void)snprintf(from, sizeof(from), "%.280s:%u", line->path, line->number);
	leave(to, from, line->what);
	return 0;
}

static void from_supergfx(struct import *m)
{
	if (!other_tools_supergfx(m->root))
		return;
	if (is_new(m, "non-boot"))
		print_line(m, "gpus", "non-boot", OTHER_TOOLS_SUPERGFX);
	log_print(LOG_NOTICE, OTHER_TOOLS_SUPERGFX
		": run supergfxctl --mode Hybrid; [bind] asks for the laptop's own card now");
}

static void from_files(struct import *m)
{
	m->out->failed |= other_tools_modprobe(m->root, read_modprobe, m) < 0 ||
			  other_ids_initramfs(m->root, read_initramfs_tools, m) < 0 ||
			  other_tools_overrides(m->root, read_override, m) < 0 ||
			  other_tools_scripts(m->root, read_script, m) < 0 ||
			  other_tools_lines(m->root, read_line, m) < 0;
	from_supergfx(m);
}

int import_config(const char *root, const struct sysroot *w, struct text *ret, struct err *err)
{
	_cleanup_(fd_close) int fd = open(root ? root : "/", O_DIRECTORY | O_PATH | O_CLOEXEC);
	_cleanup_(text_done) struct text imported = {0}, options = {0}, devices = {0};
	_cleanup_(strings_done) struct strings scripts = {0};

	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", root, strerror(errno));
	struct import m = {.root = fd, .out = ret, .sysfs.devices = -1, .whole = true};
	m.has_sysfs = sysfs_open(&m.sysfs, w->sysfs, NULL) == 0;
	from_cmdline(&m, root, w);
	from_files(&m);
	imported = m.imported;
	options = m.options;
	devices = m.devices;
	scripts = m.scripts;
	if (ret->len > 0 && options.len > 0)
		text_print(ret, "[modules]\n%s", options.data);
	if (ret->len > 0 && devices.len > 0)
		text_print(ret, "%s", devices.data);
	sysfs_done(&m.sysfs);
	if (ret->failed || imported.failed || options.failed || devices.failed)
		return err_set(err, ENOMEM, "out of memory");
	return m.whole;
}
