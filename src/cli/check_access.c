/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/check.h"
#include "host/access_rules.h"
#include "host/udev_rules.h"

#include <dirent.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who may open a device, by the config: [device] owner, group and mode. */
struct nodes {
	const struct check_ctx *check;
	const struct verdict *verdict;
	const struct device_settings *settings;
	char address[PCI_ADDR_MAX];
	uid_t uid;
	gid_t gid;
};

static bool number_of(const char *text, unsigned *ret)
{
	unsigned long value;

	if (!str_decimal(text, UINT32_MAX - 1, &value))
		return false;
	*ret = (unsigned)value;
	return true;
}

static void log_no_account(const struct nodes *a, const char *kind, const char *name)
{
	findings_add(a->check->findings, true, "access",
		"udev leaves the nodes to root then; write one that exists, or make it", NULL,
		"%s: there is no %s %s (%s:%u)", a->address, kind, name, a->check->ctx->config.path,
		a->settings->line);
}

/* udev takes numbers as they are. Unset is root. */
static bool find_accounts(struct nodes *a)
{
	const char *owner = a->settings->owner, *group = a->settings->group;
	bool good = true;

	a->uid = 0;
	a->gid = 0;
	if (owner[0] && !number_of(owner, &a->uid)) {
		const struct passwd *p = getpwnam(owner);
		if (!p)
			log_no_account(a, "user", owner);
		good &= p != NULL;
		a->uid = p ? p->pw_uid : 0;
	}
	if (group[0] && !number_of(group, &a->gid)) {
		const struct group *g = getgrnam(group);
		if (!g)
			log_no_account(a, "group", group);
		good &= g != NULL;
		a->gid = g ? g->gr_gid : 0;
	}
	return good;
}

/* The node is there once a device of the group is on vfio-pci. */
static void log_node(const struct nodes *a)
{
	char node[48];
	struct stat st;
	unsigned mode = access_mode(a->settings);

	if (a->verdict->device->group < 0)
		return;
	(void)snprintf(node, sizeof(node), "/dev/vfio/%d", a->verdict->device->group);
	if (stat(node, &st) < 0 ||
		(st.st_uid == a->uid && st.st_gid == a->gid && (st.st_mode & 07777) == mode))
		return;
	bool ruled = access(UDEV_RULES_DIR "/" ACCESS_RULES_NAME, F_OK) == 0;
	findings_add(a->check->findings, true, "access",
		"udev sets that by the rules which vfio-bind-hotplug.service writes; another device of its group may say something else",
		ruled ? "udevadm trigger --action=change --subsystem-match=vfio --subsystem-match=vfio-dev"
		      : "systemctl enable --now vfio-bind-hotplug.service",
		"%s: %s has owner %u, group %u and mode %04o, not %u, %u and %04o (%s:%u)",
		a->address, node, (unsigned)st.st_uid, (unsigned)st.st_gid,
		(unsigned)st.st_mode & 07777, (unsigned)a->uid, (unsigned)a->gid, mode,
		a->check->ctx->config.path, a->settings->line);
}

/* The most that a process of the user may lock now. False: none runs. */
static bool find_memlock(uid_t uid, rlim_t *ret)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	bool found = false;

	*ret = 0;
	while (d && (e = readdir(d))) {
		unsigned pid;
		struct stat st;
		struct rlimit limit;

		if (!number_of(e->d_name, &pid) || fstatat(dirfd(d), e->d_name, &st, 0) < 0 ||
			st.st_uid != uid || prlimit((pid_t)pid, RLIMIT_MEMLOCK, NULL, &limit) < 0)
			continue;
		found = true;
		*ret = limit.rlim_cur > *ret ? limit.rlim_cur : *ret;
	}
	if (d)
		(void)closedir(d);
	return found;
}

/* vfio pins the whole memory of a VM, and counts it against the limit of the process that maps it
 * (vfio_lock_acct in drivers/vfio/vfio_iommu_type1.c). libvirt raises it for the VMs of the system;
 * nothing does for those that a user starts. */
static void log_memlock(const struct nodes *a)
{
	rlim_t limit;

	if (a->uid == 0)
		return;
	if (!find_memlock(a->uid, &limit))
		findings_add(a->check->findings, false, "memlock",
			"a VM with a device locks all of its memory; `ulimit -l` of the user has to be that large",
			NULL,
			"how much memory user %s may lock is not known: no process of it runs",
			a->settings->owner);
	else if (limit != RLIM_INFINITY)
		findings_add(a->check->findings, false, "memlock",
			"a VM with a device locks all of its memory and does not start beyond that; set memlock in /etc/security/limits.d and, for what the systemd of the user starts, LimitMEMLOCK= of user@.service",
			NULL, "user %s may lock %" PRIu64 " KiB of memory", a->settings->owner,
			(uint64_t)limit / 1024);
}

void check_access(const struct check_ctx *c)
{
	const struct plan *p = &c->ctx->plan;

	for (size_t i = 0; c->live && i < p->n; i++) {
		struct nodes a = {.check = c,
			.verdict = &p->verdicts[i],
			.settings = p->verdicts[i].settings};
		if (p->verdicts[i].action != ACTION_BIND || !a.settings ||
			!access_is_set(a.settings))
			continue;
		pci_addr_format(a.verdict->device->addr, a.address);
		if (!find_accounts(&a))
			continue;
		log_node(&a);
		log_memlock(&a);
	}
}
