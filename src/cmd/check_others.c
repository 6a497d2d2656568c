/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else has a say: the kernel command line, modprobe.d, driverctl, scripts that did this before.
 */
#include "base/str.h"
#include "bind/kernel_cmdline.h"
#include "bind/modules.h"
#include "cmd/check_sides.h"
#include "cmd/other_tools.h"

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

static void judge_word(const struct judged *c, const char *word)
{
	const char *value = strchr(word, '=');
	char command[KERNEL_WORD_MAX + 32];

	value = value ? value + 1 : "";
	(void)snprintf(command, sizeof(command), "vfio-bootcfg --remove %s", word);
	if (kernel_word_is(word, "module_blacklist") &&
		(is_in_list(value, "vfio-pci") || is_in_list(value, "vfio") ||
			is_in_list(value, "vfio_iommu_type1") ||
			is_in_list(value, "vfio-pci-core")))
		findings_add(c->findings, judged_asks(c), "cmdline",
			"the kernel refuses to load it, and no device goes to a VM", command,
			"'%s' on the kernel command line keeps vfio out", word);
	else if (kernel_word_is(word, "vfio_pci.ids") || kernel_word_is(word, "pci_stub.ids"))
		findings_add(c->findings, false, "cmdline",
			"it takes every device with these ids, twins and guarded ones too, and "
			"whatever the config says",
			command, "'%s' on the kernel command line claims devices as well", word);
	else if (kernel_word_is(word, "video") && strstr(value, "fb:off"))
		findings_add(c->findings, false, "cmdline",
			"it leaves the console dark until a driver comes, and is of use only for a "
			"card that the firmware booted with",
			command, "'%s' on the kernel command line", word);
	else if (kernel_word_is(word, "pcie_acs_override"))
		findings_add(c->findings, false, "cmdline",
			"groups look smaller than what the hardware keeps apart: a VM may reach "
			"its neighbour's memory",
			NULL, "'%s' on the kernel command line", word);
}

/* ---- modprobe.d ---------------------------------------------------------------------------- */

static bool is_options_with_ids(char *line)
{
	if (!other_tools_module(&line))
		return false;
	return strncmp(line, "ids=", 4) == 0 || strstr(line, " ids=") || strstr(line, "\tids=");
}

/* to: the path of the directory */
static void look_at_settings(const struct judged *c, const char *name, void *to)
{
	const char *directory = *(const char **)to;
	char path[JUDGED_PATH_MAX];
	unsigned number = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	_cleanup_(str_free) char *text = judged_text(c, path);
	char *rest = text, *line;
	while ((line = strsep(&rest, "\n"))) {
		number++;
		if (is_options_with_ids(line))
			findings_add(c->findings, false, "modprobe",
				"it takes every device with these ids, twins and guarded ones too, "
				"and whatever the config says: take the line out",
				NULL, "%s:%u gives vfio-pci or pci-stub ids of its own", path,
				number);
	}
}

/* ---- driverctl ----------------------------------------------------------------------------- */

/* One file for each device, "pci-0000:01:00.0", with a driver's name in it (driverctl(8)). */
static void look_at_driverctl(const struct judged *c, const char *name, void *to)
{
	const struct plan *p = &c->situation->plan;
	char path[JUDGED_PATH_MAX], address[SLOT_MAX];

	(void)to;
	for (size_t i = 0; str_starts(name, "pci-") && i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->action != ACTION_BIND ||
			!str_equal(name + 4, slot_format(v->device->slot, address)))
			continue;
		(void)snprintf(path, sizeof(path), OTHER_TOOLS_OVERRIDES "/%s", name);
		_cleanup_(str_free) char *text = judged_text(c, path);
		if (!text)
			continue;
		text[strcspn(text, " \n")] = '\0';
		bool same = str_equal(text, v->driver);
		findings_add(c->findings, !same, "driverctl",
			same ? "two tools claim one device: when one lets go, the other does not "
			       "know; driverctl unset-override takes it out"
			     : "driverctl comes later in the boot and wins: driverctl "
			       "unset-override takes it out",
			NULL, "driverctl gives %s to %s (%s)", address, text, path);
	}
}

/* ---- what people copied from guides -------------------------------------------------------- */

static void look_at_scripts(const struct judged *c)
{
	for (const char *const *script = other_tools_scripts; *script; script++)
		if (judged_exists(c, *script))
			findings_add(c->findings, false, "script",
				"two tools may claim one device, and this one asks no guard: "
				"remove it once vfio-bind does the work",
				NULL, "%s is there: a script of a guide that binds as well",
				*script);
}

void check_others(const struct judged *c)
{
	char word[KERNEL_WORD_MAX];

	for (const char *at = c->cmdline; kernel_word_next(&at, word);)
		judge_word(c, word);
	if (!c->root)
		return;
	for (size_t i = 0; other_tools_settings[i]; i++) {
		const char *directory = other_tools_settings[i];
		judged_each(c, directory, alphasort, look_at_settings, &directory);
	}
	judged_each(c, OTHER_TOOLS_OVERRIDES, alphasort, look_at_driverctl, NULL);
	look_at_scripts(c);
}
