/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks for an IOMMU, whether the kernel uses it, and if not, why. The kernel has every IOMMU it
 * uses in /sys/class/iommu, and every one of the firmware as an ACPI table: DMAR (Intel) or IVRS
 * (AMD).
 */
#include "base/str.h"
#include "cli/check.h"
#include "core/boot_switch.h"
#include "pci/sysfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPIC "iommu"
#define TURN_ON "vfio-bootcfg --iommu"

static int note_entry(const char *name, void *to)
{
	(void)name;
	*(bool *)to = true;
	return 1;
}

static bool has_entries(const struct check_ctx *c, const char *directory)
{
	bool any = false;

	return sysfs_path_each(&c->ctx->sysfs, directory, note_entry, &any) == 1 && any;
}

/* A word that turns the IOMMU off, or NULL. "intel_iommu=on,sm_off" does not. */
static const char *word_against(const char *cmdline, char word[static KCMDLINE_WORD_MAX])
{
	while (kcmdline_word_next(&cmdline, word)) {
		if (!kcmdline_word_is(word, "intel_iommu") &&
			!kcmdline_word_is(word, "amd_iommu") && !kcmdline_word_is(word, "iommu"))
			continue;
		const char *value = strchr(word, '=');
		size_t off = strlen("off");
		while (value && *value) {
			value++;
			if (strncmp(value, "off", off) == 0 &&
				(value[off] == '\0' || value[off] == ','))
				return word;
			value = strchr(value, ',');
		}
	}
	return NULL;
}

/* True if a flag is in /proc/cpuinfo; false if the file is not known. */
static bool cpu_has(const char *cpuinfo, const char *flag)
{
	size_t len = strlen(flag);

	for (const char *at = cpuinfo; at && (at = strstr(at, flag)); at += len)
		if (at > cpuinfo && at[-1] == ' ' && (at[len] == ' ' || at[len] == '\n'))
			return true;
	return false;
}

static void log_why_off(const struct check_ctx *c, const char *cpuinfo)
{
	static const char detail[] = "without it no device can be given to a VM";
	struct sysfs *s = &c->ctx->sysfs;
	char word[KCMDLINE_WORD_MAX];
	bool is_error = check_ctx_asks(c);

	if (cpuinfo && strstr(cpuinfo, "CPU implementer")) { /* arch/arm64/kernel/cpuinfo.c */
		findings_add(c->findings, is_error, TOPIC,
			"without it no device can be given to a VM: turn the SMMU on in the firmware's setup; QEMU gives a VM one with -machine virt,iommu=smmuv3",
			NULL,
			"the IOMMU is off: the firmware describes no SMMU that this kernel uses");
	} else if (word_against(c->cmdline, word)) {
		/* Not --remove alone: the kernel may also need a parameter that turns it on. */
		findings_add(c->findings, is_error, TOPIC, detail, TURN_ON,
			"the IOMMU is off: '%s' on the kernel command line", word);
	} else if (sysfs_path_exists(s, "firmware/acpi/tables/DMAR")) {
		findings_add(c->findings, is_error, TOPIC, detail, TURN_ON,
			"the IOMMU is off: the firmware offers VT-d, and this kernel wants to be asked to use it");
	} else if (sysfs_path_exists(s, "firmware/acpi/tables/IVRS")) {
		findings_add(c->findings, is_error, TOPIC,
			"without it no device can be given to a VM; does this kernel have AMD_IOMMU, and what does `dmesg` say of AMD-Vi?",
			NULL,
			"the IOMMU is off: the firmware offers AMD-Vi, and the kernel does not use it");
	} else if (cpu_has(cpuinfo, "hypervisor")) {
		findings_add(c->findings, is_error, TOPIC,
			"without it no device can be given to a VM in this VM; QEMU gives one with -device intel-iommu",
			NULL, "this is a VM, and it was given no IOMMU");
	} else {
		findings_add(c->findings, is_error, TOPIC,
			"without it no device can be given to a VM: turn on VT-d (Intel), or AMD-Vi or IOMMU (AMD), in the firmware's setup",
			NULL, "the IOMMU is off: the firmware offers none");
	}
}

/* The kernel names remapped interrupts IR-PCI-MSI and IR-IO-APIC (arch/x86/kernel/apic/msi.c,
 * io_apic.c); architectures other than x86 remap without such a name. */
static void check_interrupts(const struct check_ctx *c, const char *cpuinfo)
{
	_cleanup_(str_free) char *interrupts = check_ctx_text(c, "/proc/interrupts");
	struct sysfs *s = &c->ctx->sysfs;
	char unsafe[4];

	(void)sysfs_path_read(s, unsafe, sizeof(unsafe),
		"module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	if (!interrupts || !strstr(interrupts, "APIC") || !cpuinfo || strstr(interrupts, " IR-"))
		return;
	if (unsafe[0] == 'Y')
		findings_add(c->findings, false, TOPIC,
			"a VM with a device of its own can send the host any interrupt; allow_unsafe_interrupts lets it",
			NULL, "interrupts are not remapped");
	else
		findings_add(c->findings, check_ctx_asks(c), TOPIC,
			"VFIO gives no device to a VM then: turn on interrupt remapping (x2APIC) in the firmware, and take intremap=off and nointremap off the kernel command line",
			NULL, "interrupts are not remapped");
}

void check_iommu(const struct check_ctx *c)
{
	_cleanup_(str_free) char *cpuinfo = check_ctx_text(c, "/proc/cpuinfo");
	bool groups = has_entries(c, "kernel/iommu_groups");

	if (!groups && !has_entries(c, "class/iommu"))
		log_why_off(c, cpuinfo);
	else
		check_interrupts(c, cpuinfo);
	if (!groups && has_entries(c, "class/iommu"))
		findings_add(c->findings, false, TOPIC,
			"which devices a VM gets together is not known: on arm64 before Linux 6.15 a device gets its group when a driver takes it; elsewhere `dmesg` says why there is none",
			NULL, "the IOMMU is on, and no device has a group");
	if (cpuinfo && strstr(cpuinfo, "\nflags") && !cpu_has(cpuinfo, "vmx") &&
		!cpu_has(cpuinfo, "svm"))
		findings_add(c->findings, false, "cpu",
			"VMs crawl without it: turn on VT-x (Intel) or SVM (AMD) in the firmware's setup",
			NULL, "the processor offers no virtualization");
}
