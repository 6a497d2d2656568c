/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/other_ids.h"

#include "base/str.h"
#include "cli/check_ctx.h"
#include "core/boot_switch.h"
#include "core/kmod.h"
#include "core/release.h"
#include "host/other_tools.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"
#define INITRAMFS_TOOLS "/etc/initramfs-tools/modules"

static void add(
	struct other_ids *o, const char *from, const char *module, const char *ids, bool is_word)
{
	struct other_id *more = reallocarray(o->at, o->n + 1, sizeof(*more));

	if (!more) {
		o->failed = true;
		return;
	}
	o->at = more;
	o->at[o->n] = (struct other_id){strdup(from), strdup(module), strdup(ids), is_word};
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

static void drop_quotes(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s != '"')
			*to++ = *s;
	*to = '\0';
}

/* ---- the kernel command line ---------------------------------------------------------------- */

static void read_words(struct other_ids *o, const char *cmdline)
{
	char word[KERNEL_WORD_MAX], from[KERNEL_WORD_MAX + 64];

	while (kernel_word_next(&cmdline, word)) {
		if (!kernel_word_is(word, "vfio_pci.ids") && !kernel_word_is(word, "pci_stub.ids"))
			continue;
		const char *ids = strchr(word, '=');
		if (!ids)
			continue;
		(void)snprintf(from, sizeof(from), "'%s' on the kernel command line", word);
		word[strcspn(word, ".")] = '\0';
		add(o, from, word, ids + 1, true);
	}
}

/* ---- modprobe.d, and the modules of initramfs-tools ------------------------------------------ */

struct file {
	const struct check_ctx *c;
	struct other_ids *o;
	const char *path;
	size_t directory; /* of other_tools_settings */
};

/* Reads the text after the module's name in a line. Cuts it up. */
static void read_options(const struct file *f, unsigned number, const char *module, char *rest)
{
	char from[CHECKED_PATH_MAX + 16];

	(void)snprintf(from, sizeof(from), "%s:%u", f->path, number);
	drop_quotes(rest);
	for (char *word; (word = strtok_r(NULL, BLANKS, &rest));)
		if (str_starts(word, "ids=") && word[4])
			add(f->o, from, module, word + 4, false);
}

static void read_line(const struct file *f, unsigned number, char *line)
{
	if (!str_equal(f->path, INITRAMFS_TOOLS)) {
		const char *module = other_tools_module(&line);
		if (module)
			read_options(f, number, module, line);
		return;
	}
	const char *module = strtok_r(line, BLANKS, &line);
	if (module && module_takes_ids(module))
		read_options(f, number, module, line);
}

/* A backslash at its end continues a line (modprobe.d(5)). */
static void read_file(const struct file *f)
{
	_cleanup_(str_free) char *text = check_ctx_text(f->c, f->path);
	unsigned number = 0;

	for (char *at = text; at;) {
		unsigned first = number + 1;
		char *end = at + strcspn(at, "\n");
		for (number++; *end && end > at && end[-1] == '\\'; number++) {
			end[-1] = end[0] = ' ';
			end += strcspn(end, "\n");
		}
		char *next = *end ? end + 1 : NULL;
		*end = '\0';
		read_line(f, first, at);
		at = next;
	}
}

/* Of several files with the same name, the one in the first directory counts. */
static void read_setting(const struct check_ctx *c, const char *name, void *to)
{
	struct file *f = to;
	char path[CHECKED_PATH_MAX];
	size_t len = strlen(name);

	if (len < 5 || !str_equal(name + len - 5, ".conf"))
		return;
	for (size_t i = 0; i < f->directory; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", other_tools_settings[i], name);
		if (check_ctx_exists(c, path))
			return;
	}
	(void)snprintf(path, sizeof(path), "%s/%s", other_tools_settings[f->directory], name);
	f->path = path;
	read_file(f);
}

void other_ids_read(struct other_ids *ret, const char *root, const char *cmdline)
{
	const struct check_ctx c = {.root = root};
	struct file f = {.c = &c, .o = ret, .path = INITRAMFS_TOOLS};

	*ret = (struct other_ids){0};
	read_words(ret, cmdline);
	read_file(&f);
	for (; other_tools_settings[f.directory]; f.directory++)
		check_ctx_each(&c, other_tools_settings[f.directory], alphasort, read_setting, &f);
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
