/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/presets.h"

#include "core/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* ---- of the guides -----------------------------------------------------------------------------
 */

static int word_add(struct karg_ops *to, struct err *err, const char *name, const char *value)
{
	_cleanup_(text_done) struct text t = {0};
	text_print(&t, "%s=%s", name, value);
	return t.failed ? err_set(err, ENOMEM, "out of memory") : karg_ops_add(to, t.data, err);
}

static int note_add(struct strings *notes, struct err *err, const char *text)
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

/* Takes one SIZE:COUNT; adds its memory in MiB to *total. */
static int hugepages_take(
	struct karg_ops *to, const char *pages, unsigned long long *total, struct err *err)
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
	*total += count * (big ? 1024ULL : 2);
	int rc = big ? karg_ops_take(to, KARG_OP_ADD_WEAK, "default_hugepagesz=1G", err) : 0;
	if (rc == 0)
		rc = word_add(to, err, "hugepagesz", size);
	return rc < 0 ? rc : word_add(to, err, "hugepages", colon + 1);
}

int presets_hugepages(
	const struct root *r, struct karg_ops *to, const struct strings *pages, struct err *err)
{
	unsigned long long need = 0, have = memory_total(r) / 1024;
	int rc = 0;

	for (size_t i = 0; i < pages->n && rc == 0; i++)
		rc = hugepages_take(to, pages->v[i], &need, err);
	if (rc == 0 && have > 0 && need > have - have / 8)
		return err_set(err, EINVAL,
			"--hugepages %s: that is %llu MiB of the %llu this machine has: it would not boot",
			pages->v[pages->n - 1], need, have);
	return rc;
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
		      : note_add(notes, err,
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
	int rc = note_add(notes, err,
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
		return note_add(notes, err,
			"--release-framebuffer: nothing to add: since Linux 6.1 vfio-pci releases the boot framebuffer of a VGA device (class 0300) itself, and vfio-bind boot that of any other display that it takes");
	return word_add(to, err, "video", "efifb:off");
}

/* ---- vfio-pci.ids= -----------------------------------------------------------------------------
 */

static bool has_pair(const struct selector *s)
{
	return s->kind == SELECT_ID || s->has_id;
}

/* vfio-pci takes vendor:device or all four (drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids). */
static void id_print(const struct pci_id *id, struct text *list)
{
	char buf[PCI_ID_MAX];
	struct pci_id pair = *id;

	if (pair.subvendor == PCI_ANY || pair.subdevice == PCI_ANY)
		pair.subvendor = pair.subdevice = PCI_ANY;
	const char *text = pci_id_format(&pair, buf);
	if (!karg_list_has(list->data ? list->data : "", text, strlen(text)))
		text_print(list, "%s%s", list->len > 0 ? "," : "", text);
}

/* Selectors that vfio-pci.ids= cannot express are reported in notes: they are left to vfio-bind. */
static int list_make(const struct config *c, struct text *list, struct strings *notes)
{
	int rc = 0;

	for (size_t i = 0; i < c->n_selectors && rc == 0; i++) {
		const struct selector *s = &c->selectors[i];
		if (s->exclude)
			rc = strings_print(notes,
				"/etc/vfio-bind.conf:%u: [exclude] %s: vfio-pci.ids= knows no exception",
				s->line, s->text);
		else if (!has_pair(s))
			rc = strings_print(notes,
				"/etc/vfio-bind.conf:%u: %s: says no id, so vfio-pci.ids= does not reach it; write it as ADDRESS=ID",
				s->line, s->text);
		else
			id_print(&s->id, list);
	}
	return list->failed ? -ENOMEM : rc;
}

static int config_take(const struct root *r, struct config *c, struct err *err)
{
	_cleanup_(str_free) char *text = NULL;
	size_t len = 0;
	int rc = root_read(r, "etc/vfio-bind.conf", &text, &len, err);

	if (rc == -ENOENT)
		return err_set(err, EINVAL,
			"/etc/vfio-bind.conf: is not there; `vfio-bind init` writes it");
	if (rc < 0)
		return rc;
	rc = config_parse(c, CONFIG_PATH, text, len);
	if (rc == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	return rc < 0 ? err_set(err, EINVAL, "%s",
				c->n_errors > 0 ? c->errors[0] : "/etc/vfio-bind.conf: in error")
		      : 0;
}

int ids_take(const struct root *r, struct karg_ops *to, struct strings *notes, struct err *err)
{
	struct config c = {0};
	_cleanup_(text_done) struct text list = {0}, word = {0};
	int rc = config_take(r, &c, err);

	if (rc == 0 && (rc = list_make(&c, &list, notes)) < 0)
		(void)err_set(err, ENOMEM, "out of memory");
	config_done(&c);
	if (rc < 0)
		return rc;
	if (list.len == 0)
		return err_set(err, EINVAL,
			"/etc/vfio-bind.conf: names no id in [bind], so there is nothing for vfio-pci.ids=");
	text_print(&word, "vfio-pci.ids=%s", list.data);
	if (word.failed ||
		strings_print(notes,
			"vfio-pci.ids= takes every device with that id, and only where vfio-pci is built in or loaded before the host's driver; vfio-bind tells devices apart") <
			0)
		return err_set(err, ENOMEM, "out of memory");
	return karg_ops_add(to, word.data, err);
}

/* ---- profiles ----------------------------------------------------------------------------------
 */

static int profile_check(const struct config *c, const char *name, struct err *err)
{
	_cleanup_(text_done) struct text valid = {0};

	for (size_t i = 0; i < c->n_profiles; i++) {
		if (str_equal(c->profiles[i].name, name))
			return 0;
		text_print(&valid, "%s, ", c->profiles[i].name);
	}
	return str_equal(name, "none")
		       ? 0
		       : err_set(err, EINVAL,
				 "/etc/vfio-bind.conf: has no profile %.60s; valid: %snone", name,
				 valid.data ? valid.data : "");
}

int presets_profiles(const struct root *r, const struct strings *names, struct err *err)
{
	struct config c = {0};
	int rc = config_take(r, &c, err);

	for (size_t i = 0; i < names->n && rc == 0; i++)
		rc = profile_check(&c, names->v[i], err);
	config_done(&c);
	return rc;
}
