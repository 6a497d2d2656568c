/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/other_ids.h"

#include "base/file.h"
#include "base/str.h"
#include "cli/check.h"
#include "core/boot_switch.h"
#include "core/kmod.h"
#include "core/release.h"
#include "host/other_tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"
#define INITRAMFS_TOOLS "/etc/initramfs-tools/modules"
#define MODULES_MAX 65536

static void add(struct other_ids *o, const char *from, const char *module, const char *ids,
	enum other_id_source source)
{
	struct other_id *more = reallocarray(o->at, o->n + 1, sizeof(*more));

	if (!more) {
		o->failed = true;
		return;
	}
	o->at = more;
	o->at[o->n] = (struct other_id){strdup(from), strdup(module), strdup(ids), source};
	struct other_id *one = &o->at[o->n++];
	o->failed |= !one->from || !one->module || !one->ids;
}

void other_ids_done(struct other_ids *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->at[i].from);
		free(o->at[i].module);
		free(o->at[i].ids);
	}
	free(o->at);
	*o = (struct other_ids){0};
}

/* ---- the kernel command line ---------------------------------------------------------------- */

static void read_words(struct other_ids *o, const char *cmdline)
{
	char word[KCMDLINE_WORD_MAX], from[KCMDLINE_WORD_MAX + 64];

	while (kcmdline_word_next(&cmdline, word)) {
		if (!kcmdline_word_is(word, "vfio_pci.ids") &&
			!kcmdline_word_is(word, "pci_stub.ids"))
			continue;
		const char *ids = strchr(word, '=');
		if (!ids)
			continue;
		(void)snprintf(from, sizeof(from), "'%s' on the kernel command line", word);
		word[strcspn(word, ".")] = '\0';
		add(o, from, word, ids + 1, OTHER_ID_WORD);
	}
}

/* ---- modprobe.d, and the modules of initramfs-tools ------------------------------------------ */

static int add_options(
	struct other_ids *o, const struct modprobe_line *line, enum other_id_source source)
{
	char from[CHECKED_PATH_MAX + 16], *rest = line->rest;

	if (!str_equal(line->command, "options") || !module_takes_ids(line->module))
		return 0;
	(void)snprintf(from, sizeof(from), "%.511s:%u", line->path, line->number);
	for (char *ids; (ids = other_tools_ids(&rest));)
		add(o, from, line->module, ids, source);
	return o->failed ? -ENOMEM : 0;
}

static int read_options(const struct modprobe_line *line, void *to)
{
	return add_options(to, line, OTHER_ID_MODPROBE);
}

int other_ids_initramfs(int root, int (*each)(const struct modprobe_line *line, void *to), void *to)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;
	unsigned number = 0;
	int r = file_read(root, &INITRAMFS_TOOLS[1], MODULES_MAX, &text, &len, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *at = text, *line; r == 0 && (line = strsep(&at, "\n"));) {
		number++;
		struct modprobe_line l = {
			.path = INITRAMFS_TOOLS, .number = number, .command = "options"};
		l.module = strtok_r(line, BLANKS, &l.rest);
		if (l.module && l.module[0] != '#')
			r = each(&l, to);
	}
	return r;
}

static int read_initramfs_tools(const struct modprobe_line *line, void *to)
{
	return add_options(to, line, OTHER_ID_INITRAMFS);
}

void other_ids_read(struct other_ids *ret, const char *root, const char *cmdline)
{
	*ret = (struct other_ids){0};
	read_words(ret, cmdline);
	if (!root)
		return;
	_cleanup_(fd_close) int fd = open(*root ? root : "/", O_DIRECTORY | O_PATH | O_CLOEXEC);
	ret->failed |= other_ids_initramfs(fd, read_initramfs_tools, ret) < 0;
	ret->failed |= other_tools_modprobe(fd, read_options, ret) < 0;
}

const struct other_id *other_ids_in_force(const struct other_ids *o, const char *module)
{
	const struct other_id *last = NULL;

	for (size_t i = 0; i < o->n; i++)
		if (module_same(o->at[i].module, module) &&
			(!last || o->at[i].source >= last->source))
			last = &o->at[i];
	return last;
}

/* ---- match ----------------------------------------------------------------------------------- */

enum { VENDOR, DEVICE, SUBVENDOR, SUBDEVICE, CLASS, MASK, PARTS };

/* Parses the parts as sscanf(3) does with "%x:%x:…"; returns their number. */
static unsigned read_parts(const char *at, uint32_t part[static PARTS])
{
	unsigned n = 0;

	for (; n < PARTS; at++) {
		at += str_starts(at, "0x") ? 2 : 0;
		if (!str_hex(&at, 8, &part[n]))
			break;
		n++;
		if (*at != ':')
			break;
	}
	return n;
}

static bool means(const char *text, const struct device *d)
{
	uint32_t part[PARTS] = {0, 0, PCI_ANY, PCI_ANY, 0, 0};

	if (read_parts(text, part) < 2)
		return false;
	const struct pci_id id = {part[VENDOR], part[DEVICE], part[SUBVENDOR], part[SUBDEVICE]};
	return pci_id_matches(&id, &d->id) && ((part[CLASS] ^ d->class) & part[MASK]) == 0;
}

bool other_ids_mean(const char *list, const struct device *d)
{
	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (means(list, d))
			return true;
	return false;
}

bool other_ids_have(struct sysfs *s, const struct device *d)
{
	char override[64];

	return d->driver[0] && release_is_vfio(d->driver) &&
	       sysfs_read(s, d->addr, "driver_override", override, sizeof(override)) >= 0 &&
	       str_equal(override, "(null)");
}
