/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/status.h"

#include "base/str.h"
#include "bind/guard.h"
#include "bind/image.h"
#include "bind/kmsg.h"
#include "bind/plan.h"
#include "bind/release.h"
#include "bind/released.h"
#include "bind/report.h"
#include "pci/address.h"
#include "pci/host_snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A directory of /run may hold anything; so many devices do not come to any machine one by one. */
#define LATER_MAX 4096

static int add_later(struct status *a, const char *dir, const char *address, struct err *err)
{
	_cleanup_(str_free) char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, address) < 0) {
		path = NULL;
		return err_set(err, ENOMEM, "out of memory");
	}
	struct report *more = realloc(a->later, (a->n_later + 1) * sizeof(*more));
	if (!more)
		return err_set(err, ENOMEM, "out of memory");
	a->later = more;
	int r = report_read(&a->later[a->n_later], path, err);
	if (r == 0)
		a->n_later++;
	return r == -ENOENT ? 0 : r;
}

static int is_address(const struct dirent *entry)
{
	struct pci_addr addr;

	return pci_addr_parse(entry->d_name, &addr);
}

static int read_later(struct status *a, const char *dir, struct err *err)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_address, alphasort), r = 0;

	for (int i = 0; i < n; i++) {
		if (r == 0 && i < LATER_MAX)
			r = add_later(a, dir, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* What was told later of a device is what counts. */
static void add_row(struct status *a, const struct report_dev *d, bool later)
{
	for (size_t i = 0; later && i < a->n; i++) {
		const struct report_dev *told = a->rows[i].asked;
		if (told && str_equal(told->address, d->address)) {
			a->rows[i] = (struct dev_status){.asked = d, .later = true};
			return;
		}
	}
	a->rows[a->n++] = (struct dev_status){.asked = d, .later = later};
}

/* The boot's own rows stand in the order of addresses already; those that are none stay behind. */
static int row_compare(const void *x, const void *y)
{
	const struct report_dev *a = ((const struct dev_status *)x)->asked;
	const struct report_dev *b = ((const struct dev_status *)y)->asked;
	struct pci_addr s, t;
	bool a_place = pci_addr_parse(a->address, &s), b_place = pci_addr_parse(b->address, &t);

	if (a_place != b_place)
		return a_place ? -1 : 1;
	return a_place ? pci_addr_compare(s, t) : strcmp(a->address, b->address);
}

static int make_rows(struct status *a, struct err *err)
{
	size_t n = a->boot.n;

	for (size_t i = 0; i < a->n_later; i++)
		n += a->later[i].n;
	a->rows = calloc(n + 1, sizeof(*a->rows));
	if (!a->rows)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < a->boot.n; i++)
		add_row(a, &a->boot.devices[i], false);
	for (size_t i = 0; i < a->n_later; i++)
		for (size_t k = 0; k < a->later[i].n; k++)
			add_row(a, &a->later[i].devices[k], true);
	qsort(a->rows, a->n, sizeof(*a->rows), row_compare);
	return 0;
}

static bool is_there(struct sysfs *s, struct pci_addr addr)
{
	char modalias[128];

	return sysfs_read(s, addr, "modalias", modalias, sizeof(modalias)) >= 0;
}

static bool wants(const struct dev_status *r, const char *driver)
{
	const char *shall = r->asked->driver ? r->asked->driver : "";

	return str_equal(driver, str_equal(shall, NO_DRIVER) ? "" : shall);
}

static enum dev_state fate_of(
	const struct dev_status *r, const struct status *a, bool there, bool is_released)
{
	const struct report_dev *d = r->asked;

	if (str_equal(d->action, action_name(ACTION_ABSENT)))
		return DEV_ABSENT;
	if (!there)
		return DEV_GONE;
	if (is_released && !release_is_vfio(r->now))
		return DEV_RELEASED;
	if (!str_equal(d->action, action_name(ACTION_BIND)))
		return d->why && str_starts(d->why, EXCLUDED_BY) ? DEV_EXCLUDED : DEV_REFUSED;
	if (wants(r, r->now))
		return DEV_OK;
	if (a->boot.off && !r->later)
		return DEV_OFF;
	return r->now[0] ? DEV_OTHER_DRIVER : DEV_NO_DRIVER;
}

/* Of a tree it may not be known, which says nothing of that machine. */
static void look_whether_usable(
	struct dev_status *r, struct sysfs *s, struct pci_addr addr, const char *tree)
{
	_cleanup_(str_free) char *root = NULL;

	r->usable = USABLE_UNVERIFIED;
	if (tree && asprintf(&root, "%s/" NOTES_ROOT, tree) < 0) {
		root = NULL;
		return;
	}
	r->usable = usable_look(s, root, addr, r->unusable);
	if (r->usable == USABLE_NOT)
		r->fate = DEV_UNUSABLE;
	else if (r->usable == USABLE_UNVERIFIED && !tree)
		r->fate = DEV_UNVERIFIED;
}

/* tree: the directory that stands for /sys, or NULL. */
static void look(struct dev_status *r, const struct status *a, const char *dir, struct sysfs *s,
	const char *tree)
{
	struct pci_addr addr;
	bool there = pci_addr_parse(r->asked->address, &addr) && is_there(s, addr);

	if (there && sysfs_link(s, addr, "driver", r->now, sizeof(r->now)) < 0)
		(void)str_copy(r->now, sizeof(r->now), "?");
	r->fate = fate_of(r, a, there, there && released_is(dir, s, addr));
	r->first_usec = -1;
	if (r->fate == DEV_OK && strstr(r->now, "vfio"))
		look_whether_usable(r, s, addr, tree);
	if (r->fate != DEV_OTHER_DRIVER && r->fate != DEV_NO_DRIVER)
		return;
	r->since = !str_equal(r->now, r->asked->after ? r->asked->after : "");
	if (r->fate == DEV_OTHER_DRIVER && !tree)
		r->first_usec = kmsg_first(r->now, r->asked->address);
}

static bool has_row(const struct status *a, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX];

	pci_addr_format(addr, address);
	for (size_t i = 0; i < a->n; i++)
		if (str_equal(a->rows[i].asked->address, address) &&
			str_equal(a->rows[i].asked->action, action_name(ACTION_BIND)))
			return true;
	return false;
}

/* What was asked for has a row that tells it. */
static int find_unfinished(struct status *a, struct sysfs *s, struct err *err)
{
	size_t n = 0;
	int r = unfinished_find(&a->unfinished, &a->n_unfinished, s, err);

	for (size_t i = 0; r == 0 && i < a->n_unfinished; i++)
		if (!has_row(a, a->unfinished[i].addr))
			a->unfinished[n++] = a->unfinished[i];
	a->n_unfinished = n;
	return r;
}

/* An image without a record, or a boot that read none, does not say. */
static int config_changed(const struct report *boot, const char *config)
{
	char digest[IMAGE_DIGEST_MAX];

	if (!boot->digest)
		return -1;
	int r = image_config_digest(digest, config, NULL);
	if (r < 0)
		return r == -ENOENT ? 1 : -1;
	return !str_equal(digest, boot->digest);
}

int status_read(
	struct status *ret, const char *dir, const char *sysfs, const char *config, struct err *err)
{
	_cleanup_(sysfs_done) struct sysfs s = {.devices = -1};

	*ret = (struct status){.config_changed = -1};
	int r = report_read(&ret->boot, dir, err);
	if (r == 0)
		r = read_later(ret, dir, err);
	if (r == 0 || r == -ENOENT) {
		int opened = sysfs_open(&s, sysfs, r == 0 ? err : NULL);
		r = r == 0 ? opened : r;
	}
	if (r == 0)
		r = make_rows(ret, err);
	if (s.devices >= 0 && (r == 0 || r == -ENOENT)) {
		int found = find_unfinished(ret, &s, r == 0 ? err : NULL);
		r = r == 0 ? found : r;
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < ret->n; i++)
		look(&ret->rows[i], ret, dir, &s, sysfs);
	ret->config_changed = config_changed(&ret->boot, config);
	if (ret->boot.standing.state == BOOT_BAD)
		ret->waits = bootcount_wait(&ret->boot.standing, sysfs);
	if (ret->boot.standing.state == BOOT_INDETERMINATE)
		ret->confirmed = bootcount_confirmed_since(&ret->boot.standing, sysfs);
	return 0;
}

void status_done(struct status *a)
{
	report_done(&a->boot);
	for (size_t i = 0; i < a->n_later; i++)
		report_done(&a->later[i]);
	free(a->later);
	free(a->rows);
	free(a->unfinished);
	strv_done(&a->strays);
	*a = (struct status){0};
}

bool dev_status_is_ok(const struct dev_status *r)
{
	return r->fate == DEV_OK || r->fate == DEV_EXCLUDED || r->fate == DEV_RELEASED;
}

bool status_is_ok(const struct status *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (!dev_status_is_ok(&a->rows[i]))
			return false;
	return a->boot.config_errors == 0 && !a->boot.off && a->strays.n == 0 &&
	       a->n_unfinished == 0;
}

const char *dev_state_name(enum dev_state fate)
{
	static const char *const names[] = {[DEV_OK] = "holds",
		[DEV_EXCLUDED] = "excluded",
		[DEV_UNUSABLE] = "unusable",
		[DEV_UNVERIFIED] = "unverified",
		[DEV_RELEASED] = "released",
		[DEV_OFF] = "off",
		[DEV_REFUSED] = "refused",
		[DEV_ABSENT] = "absent",
		[DEV_GONE] = "gone",
		[DEV_OTHER_DRIVER] = "taken",
		[DEV_NO_DRIVER] = "driverless"};
	return names[fate];
}
