/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks what else binds devices: the kernel command line, modprobe.d, driverctl, scripts of
 * guides. */
#include "base/file.h"
#include "base/str.h"
#include "cli/check.h"
#include "cli/other_ids.h"
#include "core/boot_switch.h"
#include "core/kmod.h"
#include "host/other_tools.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_in_list(const char *list, const char *name)
{
	char one[64];

	while (list && *list) {
		size_t len = strcspn(list, ",");
		(void)snprintf(one, sizeof(one), "%.*s", (int)len, list);
		if (module_same(one, name))
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

/* xen_pcibk_init in drivers/xen/xen-pciback/pci_stub.c of the kernel. */
static const char of_xen[] =
	"xen-pciback is loaded in the first domain of Xen alone, where no VM gets a device from VFIO; without Xen it does nothing: take it out";

static void check_word(const struct check_ctx *c, const char *word)
{
	const char *value = strchr(word, '=');
	char command[KCMDLINE_WORD_MAX + 32];

	value = value ? value + 1 : "";
	(void)snprintf(command, sizeof(command), "vfio-bootcfg --remove %s", word);
	if (kcmdline_word_is(word, "module_blacklist") &&
		(is_in_list(value, "vfio-pci") || is_in_list(value, "vfio") ||
			is_in_list(value, "vfio_iommu_type1") ||
			is_in_list(value, "vfio-pci-core")))
		findings_add(c->findings, check_ctx_asks(c), "cmdline",
			"the kernel refuses to load it, and no device goes to a VM", command,
			"'%s' on the kernel command line keeps vfio out", word);
	else if (kcmdline_word_is(word, "video") && strstr(value, "fb:off"))
		findings_add(c->findings, false, "cmdline",
			"it leaves the console dark until a driver comes, and is of use only for a card that the firmware booted with",
			command, "'%s' on the kernel command line", word);
	else if (kcmdline_word_is(word, "xen_pciback.hide") ||
		 kcmdline_word_is(word, "pciback.hide"))
		findings_add(c->findings, false, "cmdline", of_xen,
			str_starts(word, "pciback") ? "vfio-bootcfg --remove pciback.hide"
			: str_starts(word, "xen-pciback")
				? "vfio-bootcfg --remove xen-pciback.hide"
				: "vfio-bootcfg --remove xen_pciback.hide",
			"'%s' on the kernel command line claims devices as well", word);
	else if (kcmdline_word_is(word, "pcie_acs_override"))
		findings_add(c->findings, false, "cmdline",
			"groups look smaller than what the hardware keeps apart: a VM may reach its neighbour's memory",
			NULL, "'%s' on the kernel command line", word);
}

/* ---- ids of vfio-pci and pci-stub ------------------------------------------------------------ */

static bool is_built_in(const struct check_ctx *c, const char *kernel, const char *module)
{
	char path[CHECKED_PATH_MAX];
	const char *file = module_same(module, "pci-stub") ? "/pci-stub.ko\n" : "/vfio-pci.ko\n";

	(void)snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", kernel);
	_cleanup_(str_free) char *text = check_ctx_text(c, path);
	return text && strstr(text, file);
}

struct builtin {
	const char *module;
	bool found;
};

static void note_builtin(const struct check_ctx *c, const char *kernel, void *to)
{
	struct builtin *b = to;

	b->found |= check_ctx_can_boot(c, kernel) && is_built_in(c, kernel, b->module);
}

/*
 * True if these ids reach the module before vfio-bind loads it with none. vfio-bind loads vfio-pci
 * before anything else, but not if the config has load_in_background, and only if a device is bound
 * to it.
 */
static bool acts(const struct check_ctx *c, const struct other_id *one)
{
	const struct plan *p = &c->ctx->plan;
	struct builtin b = {.module = one->module};
	bool first = false;

	if (one->source == OTHER_ID_WORD)
		check_ctx_each(c, "/lib/modules", NULL, note_builtin, &b);
	for (size_t i = 0; i < p->n; i++)
		first |= p->verdicts[i].action == ACTION_BIND &&
			 module_same(p->verdicts[i].driver, one->module);
	return b.found || !first || p->config->load_in_background;
}

/* Adds the devices with these ids that the plan refuses or does not name. True: it has one now. */
static bool name_others(const struct check_ctx *c, const struct other_id *one, struct text *names)
{
	char address[PCI_ADDR_MAX];
	bool has = false;

	for (size_t i = 0; i < c->inventory->n; i++) {
		const struct function *f = &c->inventory->at[i];
		if (device_is_bridge(&f->d) || f->d.error < 0 || check_ctx_binds(c, f->d.addr) ||
			!other_ids_mean(one->ids, &f->d))
			continue;
		bool now = other_ids_have(&c->ctx->sysfs, &f->d);
		has |= now;
		text_print(names, "%s%s%s%s%s", names->len ? ", " : "",
			pci_addr_format(f->d.addr, address), now ? " (" : "",
			now ? f->d.driver : "", now ? " has it)" : "");
	}
	return has;
}

static void word_command(const struct other_id *one, char buf[static KCMDLINE_WORD_MAX + 32])
{
	const char *word = one->from + 1; /* after its quote */

	(void)snprintf(buf, KCMDLINE_WORD_MAX + 32, "vfio-bootcfg --remove %.*s",
		(int)strcspn(word, "'"), word);
}

static void log_ids(const struct check_ctx *c, const struct other_id *one)
{
	_cleanup_(text_done) struct text names = {0};
	char command[KCMDLINE_WORD_MAX + 32] = "";
	bool has = name_others(c, one, &names);
	bool is_error = names.len && check_ctx_asks(c) && !c->ctx->plan.no_iommu &&
			(has || acts(c, one));

	if (one->source == OTHER_ID_WORD)
		word_command(one, command);
	findings_add(c->findings, is_error, one->source == OTHER_ID_WORD ? "cmdline" : "modprobe",
		is_error
			? "it takes them whatever the config and the guards say, for no driver is bound to them by then: take it out"
			: "it has no effect where vfio-bind loads the module, with an empty ids=; with vfio_bind=off, or where another loads it first, it takes every device with these ids, twins and guarded ones too: take it out",
		*command ? command : NULL, "%s claims devices as well%s%s", one->from,
		names.len ? ", which the plan leaves to the host: " : "",
		names.data ? names.data : "");
	c->findings->failed |= names.failed;
}

static void check_ids(const struct check_ctx *c)
{
	_cleanup_(other_ids_done) struct other_ids ids = {0};

	other_ids_read(&ids, c->root, c->cmdline);
	for (size_t i = 0; i < ids.n && !ids.failed; i++)
		log_ids(c, &ids.at[i]);
	c->findings->failed |= ids.failed;
}

/* ---- driverctl ----------------------------------------------------------------------------- */

static int check_override(const struct driver_override *o, void *to)
{
	const struct check_ctx *c = to;
	const struct verdict *v = plan_find(&c->ctx->plan, o->addr);
	char address[PCI_ADDR_MAX];

	if (!v || v->action != ACTION_BIND)
		return 0;
	bool same = str_equal(o->driver, v->driver);
	findings_add(c->findings, !same, "driverctl",
		same ? "two tools claim one device: when one lets go, the other does not know; driverctl unset-override takes it out"
		     : "driverctl comes later in the boot and wins: driverctl unset-override takes it out",
		NULL, "driverctl gives %s to %s (%s)", pci_addr_format(o->addr, address), o->driver,
		o->path);
	return 0;
}

/* ---- scripts copied from guides ------------------------------------------------------------- */

static int check_script(const char *path, char *text, void *to)
{
	const struct check_ctx *c = to;

	(void)text;
	findings_add(c->findings, false, "script",
		"two tools may claim one device, and this one asks no guard: remove it once vfio-bind does the work",
		NULL, "%s is there: a script of a guide that binds as well", path);
	return 0;
}

/* ---- lines of modprobe.d, beside ids= ------------------------------------------------------ */

static int check_modprobe(const struct modprobe_line *line, void *to)
{
	const struct check_ctx *c = to;

	switch (other_tools_gives(line)) {
	case GIVES_BY_PROGRAM:
		findings_add(c->findings, false, "modprobe",
			"where modprobe loads vfio-pci it binds what it pleases, and asks no guard; vfio-bind does not run it: take it out",
			NULL, "%s:%u: runs a command in place of vfio-pci:%.200s", line->path,
			line->number, line->rest);
		break;
	case GIVES_BY_ALIAS:
		findings_add(c->findings, false, "modprobe",
			"udev loads vfio-pci for them in place of their own driver, chosen or not: take it out",
			NULL, "%s:%u: an alias gives devices to vfio-pci: %s", line->path,
			line->number, line->module);
		break;
	case GIVES_TO_XEN:
		findings_add(c->findings, false, "modprobe", of_xen, NULL,
			"%s:%u: xen-pciback claims devices as well", line->path, line->number);
		break;
	default:
		break;
	}
	return 0;
}

/* ---- other files --------------------------------------------------------------------------- */

/* What the plan binds, the VM finds bound. A mapping is not known. */
static bool all_bound(const struct check_ctx *c, const struct other_line *line)
{
	const char *at = line->text;
	struct pci_addr addr;

	while (other_line_device(&at, &addr))
		if (!check_ctx_binds(c, addr))
			return false;
	return true;
}

static int check_line(const struct other_line *line, void *to)
{
	const struct check_ctx *c = to;

	if (line->of_vm && all_bound(c, line))
		return 0;
	findings_add(c->findings, false, "script", line->what, NULL, "%s:%u: '%.200s'", line->path,
		line->number, line->text);
	return 0;
}

static void check_supergfx(const struct check_ctx *c, int root)
{
	if (other_tools_supergfx(root))
		findings_add(c->findings, false, "script",
			"two tools claim the laptop's own card: supergfxctl --mode Hybrid leaves it to vfio-bind",
			NULL, OTHER_TOOLS_SUPERGFX ": supergfxctl is in its mode Vfio");
}

static void check_files(const struct check_ctx *c)
{
	_cleanup_(fd_close) int root = open(
		*c->root ? c->root : "/", O_DIRECTORY | O_PATH | O_CLOEXEC);
	struct check_ctx of = *c;

	c->findings->failed |= other_tools_overrides(root, check_override, &of) < 0 ||
			       other_tools_scripts(root, check_script, &of) < 0 ||
			       other_tools_modprobe(root, check_modprobe, &of) < 0 ||
			       other_tools_lines(root, check_line, &of) < 0;
	check_supergfx(c, root);
}

void check_others(const struct check_ctx *c)
{
	char word[KCMDLINE_WORD_MAX];

	for (const char *at = c->cmdline; kcmdline_word_next(&at, word);)
		check_word(c, word);
	check_ids(c);
	if (c->root)
		check_files(c);
}
