/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/other_tools.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/str.h"
#include "core/kmod.h"
#include "shared/json_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILE_MAX (1UL << 20)

#define BLANKS " \t"

const char *const other_tools_settings[] = {"/etc/modprobe.d", "/run/modprobe.d",
	"/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d", NULL};

/* ---- modprobe.d ------------------------------------------------------------------------------ */

/* As libkmod takes files (conf_files_filter_out in libkmod/libkmod-config.c). */
static bool is_settings(const char *name)
{
	return name[0] != '.' && str_ends(name, ".conf");
}

/* Ends the line at *text, joined with those that continue it with nothing between them
 * (freadline_wrapped in shared/util.c of kmod), and moves *text to the next one. */
static char *next_line(char **text, unsigned *number)
{
	char *line = *text, *to = line, *from = line;

	for (++*number; *from && *from != '\n'; from++)
		if (from[0] == '\\' && from[1] == '\n') {
			from++;
			++*number;
		} else {
			*to++ = *from;
		}
	*text = *from ? from + 1 : NULL;
	*to = '\0';
	return line;
}

static int read_settings(int root, const char *path,
	int (*each)(const struct modprobe_line *line, void *to), void *to)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len;
	unsigned number = 0;
	int r = file_read(root, path + 1, FILE_MAX, &text, &len, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	for (char *at = text; r == 0 && at;) {
		struct modprobe_line l = {.path = path, .number = number + 1};
		l.rest = next_line(&at, &number);
		l.command = strtok_r(l.rest, BLANKS, &l.rest);
		l.module = l.command ? strtok_r(NULL, BLANKS, &l.rest) : NULL;
		if (l.module && l.command[0] != '#')
			r = each(&l, to);
	}
	return r;
}

/* A file of settings, in the directory that counts. */
struct settings {
	char name[256];
	size_t directory;
};
struct settings_list {
	struct settings *at;
	size_t n;
};

static int settings_add(struct settings_list *to, size_t directory, const char *name)
{
	for (size_t i = 0; i < to->n; i++)
		if (str_equal(to->at[i].name, name))
			return 0; /* hidden by an earlier directory */
	struct settings *more = reallocarray(to->at, to->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	to->at = more;
	struct settings *one = &more[to->n++];
	one->directory = directory;
	(void)str_copy(one->name, sizeof(one->name), name);
	return 0;
}

static int settings_compare(const void *a, const void *b)
{
	return strcmp(((const struct settings *)a)->name, ((const struct settings *)b)->name);
}

static int settings_list(int root, struct settings_list *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && other_tools_settings[i]; i++) {
		_cleanup_(strings_done) struct strings names = {0};
		if (dir_list(&names, root, other_tools_settings[i] + 1, is_settings, NULL) ==
			-ENOMEM)
			return -ENOMEM;
		for (size_t k = 0; r == 0 && k < names.n; k++)
			r = settings_add(ret, i, names.v[k]);
	}
	if (ret->n > 1)
		qsort(ret->at, ret->n, sizeof(*ret->at), settings_compare);
	return r;
}

int other_tools_modprobe(
	int root, int (*each)(const struct modprobe_line *line, void *to), void *to)
{
	struct settings_list list = {0};
	char path[512];
	int r = settings_list(root, &list);

	for (size_t i = 0; r == 0 && i < list.n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s",
			other_tools_settings[list.at[i].directory], list.at[i].name);
		r = read_settings(root, path, each, to);
	}
	free(list.at);
	return r;
}

enum modprobe_gives other_tools_gives(const struct modprobe_line *line)
{
	if (str_equal(line->command, "install") && module_same(line->module, "vfio-pci"))
		return GIVES_BY_PROGRAM;
	if (str_equal(line->command, "alias") && str_starts(line->module, "pci:") &&
		strstr(line->rest, "vfio"))
		return GIVES_BY_ALIAS;
	if (str_equal(line->command, "options") && module_same(line->module, "xen-pciback") &&
		strstr(line->rest, "hide="))
		return GIVES_TO_XEN;
	return GIVES_NOTHING;
}

static void drop_quotes(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s != '"')
			*to++ = *s;
	*to = '\0';
}

char *other_tools_ids(char **options)
{
	for (char *word; (word = strtok_r(NULL, BLANKS, options));)
		if (str_starts(word, "ids=") && word[4]) {
			drop_quotes(word);
			return word + 4;
		}
	return NULL;
}

/* ---- driverctl and scripts ------------------------------------------------------------------- */

#define SCRIPT_MAX 65536

struct place {
	const char *directory, *beginning; /* of the names to read */
	const char *from_guide;            /* the beginning of names that a guide uses, or NULL */
};

struct reading {
	int root;
	const struct place *place;
	int (*each)(const struct reading *r, const char *path, char *text);
	int (*each_override)(const struct driver_override *o, void *to);
	int (*each_script)(const char *path, char *text, void *to);
	void *to;
};

static bool is_visible(const char *name)
{
	return name[0] != '.';
}

static int read_place(struct reading *r, const struct place *place)
{
	_cleanup_(strings_done) struct strings names = {0};
	char path[512];
	struct stat st;
	int rc = 0;

	r->place = place;
	/* /sbin is /usr/sbin now */
	if (fstatat(r->root, place->directory + 1, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISDIR(st.st_mode))
		return 0;
	if (dir_list(&names, r->root, place->directory + 1, is_visible, NULL) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		_cleanup_(str_free) char *text = NULL;
		size_t len;
		if (!str_starts(names.v[i], place->beginning))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", place->directory, names.v[i]);
		rc = file_read(r->root, path + 1, SCRIPT_MAX, &text, &len, NULL);
		if (rc < 0 && rc != -ENOMEM)
			rc = 0;
		else if (rc == 0)
			rc = r->each(r, path, text);
	}
	return rc;
}

static int read_override(const struct reading *r, const char *path, char *text)
{
	struct driver_override o = {.path = path, .driver = text};
	const char *name = strrchr(path, '/') + 1;

	text[strcspn(text, " \t\r\n")] = '\0';
	return pci_addr_parse(name + strlen(r->place->beginning), &o.addr)
		       ? r->each_override(&o, r->to)
		       : 0;
}

int other_tools_overrides(
	int root, int (*each)(const struct driver_override *o, void *to), void *to)
{
	static const struct place place = {OTHER_TOOLS_OVERRIDES, "pci-", NULL};
	struct reading r = {.root = root, .each = read_override, .each_override = each, .to = to};

	return read_place(&r, &place);
}

static int read_script(const struct reading *r, const char *path, char *text)
{
	const char *name = strrchr(path, '/') + 1, *from_guide = r->place->from_guide;

	if (!(from_guide && str_starts(name, from_guide)) &&
		!(strstr(text, "driver_override") && strstr(text, "vfio-pci")))
		return 0;
	return r->each_script(path, text, r->to);
}

#define DRACUT_MODULES "/usr/lib/dracut/modules.d"

/* Ours is NNvfio-bind. */
static bool is_foreign_module(const char *name)
{
	return name[0] != '.' && !str_equal(name + strspn(name, "0123456789"), "vfio-bind");
}

/* Modules of dracut that bind: quickpassthrough's 90early-vfio-bind. */
static int read_dracut_modules(struct reading *r)
{
	_cleanup_(strings_done) struct strings names = {0};
	char path[512];
	int rc = 0;

	if (dir_list(&names, r->root, &DRACUT_MODULES[1], is_foreign_module, NULL) == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		const struct place module = {path, "", NULL};
		(void)snprintf(path, sizeof(path), DRACUT_MODULES "/%.255s", names.v[i]);
		if (strstr(names.v[i], "vfio"))
			rc = read_place(r, &module);
	}
	return rc;
}

int other_tools_scripts(int root, int (*each)(const char *path, char *text, void *to), void *to)
{
	static const char override[] = "vfio-pci-override";
	static const struct place places[] = {{"/usr/local/bin", "vfio", override},
		{"/usr/local/sbin", "vfio", override}, {"/usr/bin", override, override},
		{"/usr/sbin", override, override}, {"/sbin", override, override},
		{"/etc/initcpio/hooks", "", "vfio"}, {"/etc/initcpio/install", "vfio", "vfio"},
		{"/etc/initramfs-tools/scripts/init-top", "", "vfio.sh"},
		{"/etc/initramfs-tools/scripts/init-premount", "", NULL},
		{"/boot/config", "vfio-pci.cfg", "vfio-pci.cfg"}}; /* Unraid */
	struct reading r = {.root = root, .each = read_script, .each_script = each, .to = to};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(places) / sizeof(*places); i++)
		rc = read_place(&r, &places[i]);
	return rc == 0 ? read_dracut_modules(&r) : rc;
}

/* ---- files with a line for it ---------------------------------------------------------------- */

static bool has_words(const char *line, const char *one, const char *other)
{
	return strstr(line, one) && strstr(line, other);
}

static bool gives_in_modules(const char *line)
{
	return (str_starts(line, "vfio-pci") || str_starts(line, "vfio_pci")) && strchr(line, '=');
}

static bool gives_in_rules(const char *line)
{
	return has_words(line, "driver_override", "vfio-pci");
}

#define HOSTPCI "hostpci"

static bool gives_in_nixos(const char *line)
{
	return has_words(line, "vfio-pci", "ids=") || has_words(line, "vfio_pci", "ids=");
}

/* "hostpci0: 0000:01:00,pcie=1" */
static bool gives_in_proxmox(const char *line)
{
	size_t digits = str_starts(line, HOSTPCI) ? strspn(line + strlen(HOSTPCI), "0123456789")
						  : 0;

	return digits > 0 && line[strlen(HOSTPCI) + digits] == ':';
}

/* A kind of file whose lines are looked at, without comments. */
struct lines_place {
	const char *directory, *beginning, *end; /* of the names */
	bool (*gives)(const char *line);
	const char *what;
	bool of_vm; /* what follows a line in brackets is of a snapshot */
};

static int read_lines(int root, const struct lines_place *p, const char *path,
	int (*each)(const struct other_line *line, void *to), void *to)
{
	_cleanup_(str_free) char *text = NULL;
	struct other_line l = {.path = path, .what = p->what, .of_vm = p->of_vm};
	size_t len;
	int r = file_read(root, path + 1, FILE_MAX, &text, &len, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = 0;
	for (char *at = text; r == 0 && (l.text = strsep(&at, "\n"));) {
		l.number++;
		l.text += strspn(l.text, BLANKS);
		if (p->of_vm && l.text[0] == '[')
			break;
		if (l.text[0] != '#' && p->gives(l.text))
			r = each(&l, to);
	}
	return r;
}

int other_tools_lines(int root, int (*each)(const struct other_line *line, void *to), void *to)
{
	static const struct lines_place places[] = {
		{"/etc", "modules", "modules", gives_in_modules,
			"options behind a module's name are read by no systemd: they have no effect, take them out",
			false},
		{"/etc/udev/rules.d", "", ".rules", gives_in_rules,
			"a rule gives devices to vfio-pci: name them in [bind] by their addresses, and remove it",
			false},
		{"/etc/nixos", "", ".nix", gives_in_nixos,
			"gives devices to vfio-pci by their ids at the next switch: name them in [bind], and take this out",
			false},
		{"/etc/pve/qemu-server", "", ".conf", gives_in_proxmox,
			"Proxmox VE takes it from its driver when this VM starts: name it in [bind] to keep it from that driver from the boot on; this line stays",
			true}};
	char path[512];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(places) / sizeof(*places); i++) {
		const struct lines_place *p = &places[i];
		_cleanup_(strings_done) struct strings names = {0};
		if (dir_list(&names, root, p->directory + 1, is_visible, NULL) == -ENOMEM)
			return -ENOMEM;
		for (size_t k = 0; r == 0 && k < names.n; k++) {
			if (!str_starts(names.v[k], p->beginning) || !str_ends(names.v[k], p->end))
				continue;
			(void)snprintf(path, sizeof(path), "%s/%.255s", p->directory, names.v[k]);
			r = read_lines(root, p, path, each, to);
		}
	}
	return r;
}

/* An address, or that of a slot. */
static bool parse_slot(const char *text, size_t len, struct pci_addr *ret)
{
	char address[PCI_ADDR_MAX];

	if (len + strlen(".0") >= sizeof(address))
		return false;
	(void)snprintf(address, sizeof(address), "%.*s%s", (int)len, text,
		memchr(text, '.', len) ? "" : ".0");
	return pci_addr_parse(address, ret);
}

bool other_line_device(const char **at, struct pci_addr *ret)
{
	while (**at) {
		const char *word = *at;
		size_t len = strcspn(word, " \t,;=");
		*at += len + (word[len] != '\0');
		if (parse_slot(word, len, ret))
			return true;
	}
	return false;
}

bool other_tools_supergfx(int root)
{
	_cleanup_(str_free) char *text = NULL, *mode = NULL;
	_cleanup_(json_done) struct json_object *top = NULL;
	size_t len;

	if (file_read(root, &OTHER_TOOLS_SUPERGFX[1], FILE_MAX, &text, &len, NULL) < 0 ||
		json_parse(&top, text, len, NULL) < 0)
		return false;
	mode = json_text_of(json_member(top, "mode"));
	return mode && strcasecmp(mode, "vfio") == 0;
}
