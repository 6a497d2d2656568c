/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/kargs/karg_rules.h"

#include "base/str.h"
#include "bootcfg/kargs/karg.h"

#include <string.h>

bool karg_rules_every_counts(const char *name)
{
	static const char *const names[] = {"console", "earlycon", "video", "ip", "isolcpus",
		"nohz_full", "initcall_blacklist", "module_blacklist", "modprobe.blacklist",
		"hugepagesz", NULL};
	for (const char *const *n = names; *n; n++)
		if (karg_same_name(*n, name))
			return true;
	return str_starts(name, "rd.") || str_starts(name, "systemd.");
}

bool karg_rules_is_list(const char *name)
{
	return karg_same_name(name, "iommu") || karg_same_name(name, "intel_iommu") ||
	       karg_same_name(name, "amd_iommu") || karg_same_name(name, "pci");
}

const char *karg_rules_opposite(const char *name, const char *item, size_t len)
{
	static const struct {
		const char *name, *item, *other;
	} pairs[] = {{"iommu", "pt", "nopt"}, {"iommu", "nopt", "pt"}, {"intel_iommu", "on", "off"},
		{"intel_iommu", "off", "on"}};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (karg_same_name(pairs[i].name, name) && strlen(pairs[i].item) == len &&
			memcmp(pairs[i].item, item, len) == 0)
			return pairs[i].other;
	return NULL;
}

bool karg_rules_adds_up(const char *name)
{
	static const char *const names[] = {"console", "earlycon", "pci", "video", "hugepages",
		"hugepagesz", "ip", "initcall_blacklist", NULL};
	for (const char *const *n = names; *n; n++)
		if (karg_same_name(*n, name))
			return true;
	return str_starts(name, "rd.") || str_starts(name, "systemd.");
}
