/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/presets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static int word_add(struct karg_ops *to, struct err *err, const char *name, const char *value)
{
	_cleanup_(text_done) struct text t = {0};
	text_print(&t, "%s=%s", name, value);
	return t.failed ? err_set(err, ENOMEM, "out of memory") : karg_ops_add(to, t.data, err);
}

static int note(struct strings *notes, struct err *err, const char *text)
{
	return strings_add(notes, text) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* MemTotal of /proc/meminfo in KiB; 0: unknown. */
static unsigned long long memory_total(const struct root *r)
{
	_cleanup_(str_free) char *text = NULL;
	unsigned long long total = 0;
	size_t len;

	if (!r->host || root_read(r, "proc/meminfo", &text, &len, NULL) < 0 ||
		sscanf(text, "MemTotal: %llu", &total) != 1)
		return 0;
	return total;
}

int presets_hugepages(const struct root *r, struct karg_ops *to, const char *pages,
	struct strings *notes, struct err *err)
{
	const char *colon = strchr(pages, ':');
	_cleanup_(str_free) char *size = strndup(pages, colon ? (size_t)(colon - pages) : 0);
	unsigned long count = 0;

	if (!size)
		return err_set(err, ENOMEM, "out of memory");
	bool big = str_equal(size, "1G");
	if ((!big && !str_equal(size, "2M")) || !str_decimal(colon + 1, 1UL << 20, &count) ||
		count == 0)
		return err_set(err, EINVAL, "%s: --hugepages takes 1G:COUNT or 2M:COUNT", pages);
	unsigned long long need = count * (big ? 1024ULL * 1024 : 2048ULL), have = memory_total(r);
	if (have > 0 && need > have - have / 8)
		return err_set(err, EINVAL,
			"%s: that is %llu MiB of the %llu this machine has: it would not boot",
			pages, need / 1024, have / 1024);
	int rc = note(notes, err,
		"hugepages= belongs to the hugepagesz= before it: the two stay side by side");
	if (rc == 0)
		rc = word_add(to, err, "hugepagesz", size);
	return rc < 0 ? rc : word_add(to, err, "hugepages", colon + 1);
}

/* Counts the processors of a list and finds the highest one; false for an invalid list. */
static bool cpus_count(const char *cpus, unsigned long *ret_n, unsigned long *ret_max)
{
	*ret_n = *ret_max = 0;
	for (const char *p = cpus;;) {
		unsigned long from, to;
		char *end;
		if (*p < '0' || *p > '9')
			return false;
		from = to = strtoul(p, &end, 10);
		if (*end == '-') {
			if (end[1] < '0' || end[1] > '9')
				return false;
			to = strtoul(end + 1, &end, 10);
		}
		if (to < from || to > 8191)
			return false;
		*ret_n += to - from + 1;
		*ret_max = to > *ret_max ? to : *ret_max;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		p = end + 1;
	}
}

int presets_isolate(const struct root *r, struct karg_ops *to, const char *cpus,
	struct strings *notes, struct err *err)
{
	unsigned long n, max;
	long have = r->host ? sysconf(_SC_NPROCESSORS_CONF) : 0;

	if (!cpus_count(cpus, &n, &max))
		return err_set(err, EINVAL, "%s: --isolate-cpus takes a list as 2-5,8", cpus);
	if (have > 0 && (max >= (unsigned long)have || n >= (unsigned long)have))
		return err_set(err, EINVAL,
			"%s: this machine has the processors 0-%ld, and one has to stay for the host: the kernel would drop the setting",
			cpus, have - 1);
	/* isolcpus= and nohz_full= have to match (kernel/sched/isolation.c); nohz_full= implies
	 * rcu_nocbs=. */
	int rc = word_add(to, err, "isolcpus", cpus);
	if (rc == 0)
		rc = word_add(to, err, "nohz_full", cpus);
	return rc < 0 ? rc
		      : note(notes, err,
				"isolated processors are lost to the host until the next boot; cpusets do it at run time");
}

int presets_acs(struct karg_ops *to, const char *what, struct strings *notes, struct err *err)
{
	for (const char *list = what, *at; list;) {
		size_t len = karg_list_next(&list, &at);
		if (!((len == 10 && memcmp(at, "downstream", len) == 0) ||
			    (len == 13 && memcmp(at, "multifunction", len) == 0)))
			return err_set(err, EINVAL,
				"%s: --acs-override takes downstream, multifunction, or both",
				what);
	}
	int rc = note(notes, err,
		"pcie_acs_override= fakes isolation: devices in groups that it splits can still reach each other, and a guest the host's memory through them. It needs a patched kernel (linux-zen, CachyOS, Proxmox); any other ignores it");
	return rc < 0 ? rc : word_add(to, err, "pcie_acs_override", what);
}

int presets_framebuffer(
	const struct root *r, struct karg_ops *to, struct strings *notes, struct err *err)
{
	struct utsname u;
	unsigned major, minor;

	if (!r->host || uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return err_set(err, EINVAL,
			"--release-framebuffer goes by the running kernel, so not with --root");
	/* Since 6.1 vfio_pci_vga_init() calls aperture_remove_conflicting_pci_devices(). For other
	 * displays (class 0380) vfio-bind detaches the framebuffer driver (core/apply). */
	if (major > 6 || (major == 6 && minor >= 1))
		return note(notes, err,
			"--release-framebuffer: nothing to add: since Linux 6.1 vfio-pci releases the boot framebuffer of a VGA device (class 0300) itself, and vfio-bind boot that of any other display that it takes");
	return word_add(to, err, "video", "efifb:off");
}
