/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/dev_status.h"

#include "base/array.h"
#include "base/dir.h"
#include "base/json_write.h"
#include "base/str.h"
#include "core/guard.h"
#include "core/plan.h"
#include "core/release.h"
#include "core/report.h"
#include "core/steps.h"
#include "host/host_snapshot.h"
#include "host/image.h"
#include "host/kmsg.h"
#include "pci/address.h"
#include "shared/table.h"
#include "shared/term.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- unfinished --------------------------------------------------------------------------------
 */

#define TIMEOUT_MS 500
#define ALL_MS 3000

struct look {
	struct sysfs *sysfs;
	struct unfinished *at; /* shared by parent and child, once all are listed */
	size_t n, size;
};

static int add_driverless(struct pci_addr addr, void *to)
{
	struct look *l = to;
	char driver[32];

	if (sysfs_link(l->sysfs, addr, "driver", driver, sizeof(driver)) != 0)
		return 0;
	struct unfinished *more = array_grow(l->at, l->n, &l->size, sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->at = more;
	l->at[l->n++] = (struct unfinished){.addr = addr, .override = "?"};
	return 0;
}

static void read_override(void *to, size_t i)
{
	struct look *l = to;
	char text[32];

	if (sysfs_read(l->sysfs, l->at[i].addr, "driver_override", text, sizeof(text)) < 0)
		text[0] = '\0';
	memcpy(l->at[i].override, text, sizeof(text));
}

static unsigned timeout_ms(void *to, size_t i)
{
	(void)to;
	(void)i;
	return TIMEOUT_MS;
}

static int read_overrides(struct look *l, struct err *err)
{
	struct unfinished *listed = l->at;
	size_t size = l->n * sizeof(*listed);
	uint8_t *shared = steps_shared(size + l->n);

	if (!shared)
		return err_set(err, ENOMEM, "out of memory for %zu devices", l->n);
	memcpy(shared, listed, size);
	l->at = (struct unfinished *)(void *)shared;
	const struct steps list = {.n = l->n,
		.run = read_override,
		.timeout_ms = timeout_ms,
		.to = l,
		.state = shared + size};
	int r = steps_run(&list, steps_now() + ALL_MS, err);
	memcpy(listed, shared, size);
	l->at = listed;
	return r;
}

static int compare(const void *a, const void *b)
{
	return pci_addr_compare(
		((const struct unfinished *)a)->addr, ((const struct unfinished *)b)->addr);
}

/*
 * Reads all functions without a driver. Reading an override waits for the device's lock
 * (driver_override_show), so a child does it, for at most 3 seconds. *ret is to be freed by the
 * caller. 0 or -errno.
 */
static int unfinished_find(struct unfinished **ret, size_t *ret_n, struct sysfs *s, struct err *err)
{
	struct look l = {.sysfs = s};
	size_t n = 0;
	int r = sysfs_each_device(s, add_driverless, &l, err);

	if (r == -ENOMEM)
		(void)err_set(err, ENOMEM, "out of memory");
	if (r == 0 && l.n > 0)
		r = read_overrides(&l, err);
	for (size_t i = 0; i < l.n; i++)
		if (str_equal(l.at[i].override, "?") || release_is_vfio(l.at[i].override))
			l.at[n++] = l.at[i];
	if (r < 0) {
		free(l.at);
		return r;
	}
	if (n > 0)
		qsort(l.at, n, sizeof(*l.at), compare);
	*ret = l.at;
	*ret_n = n;
	return 0;
}

/* ---- status ------------------------------------------------------------------------------------
 */

/* A directory of /run may contain anything; no machine has more hot-plugged devices than this. */
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

static bool is_address(const char *name)
{
	struct pci_addr addr;

	return pci_addr_parse(name, &addr);
}

static int read_later(struct status *a, const char *dir, struct err *err)
{
	_cleanup_(strings_done) struct strings names = {0};
	int r = dir_list(&names, AT_FDCWD, dir, is_address, NULL);

	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	r = 0; /* without the directory nothing came later */
	for (size_t i = 0; r == 0 && i < names.n && i < LATER_MAX; i++)
		r = add_later(a, dir, names.v[i], err);
	return r;
}

/* The later report of a device counts. */
static void add_row(struct status *a, const struct report_dev *d, bool later)
{
	for (size_t i = 0; later && i < a->n; i++) {
		const struct report_dev *told = a->rows[i].requested;
		if (told && str_equal(told->address, d->address)) {
			a->rows[i] = (struct dev_status){.requested = d, .later = true};
			return;
		}
	}
	a->rows[a->n++] = (struct dev_status){.requested = d, .later = later};
}

/* The boot's own rows are in the order of addresses already; rows without an address come last. */
static int row_compare(const void *x, const void *y)
{
	const struct report_dev *a = ((const struct dev_status *)x)->requested;
	const struct report_dev *b = ((const struct dev_status *)y)->requested;
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
	const char *shall = r->requested->driver ? r->requested->driver : "";

	return str_equal(driver, str_equal(shall, NO_DRIVER) ? "" : shall);
}

static enum dev_state dev_state_of(
	const struct dev_status *r, const struct status *a, bool there, bool is_released)
{
	const struct report_dev *d = r->requested;

	if (str_equal(d->action, action_name(ACTION_ABSENT)))
		return DEV_ABSENT;
	if (!there)
		return DEV_GONE;
	if (is_released && !release_is_vfio(r->now))
		return DEV_RELEASED;
	if (!str_equal(d->action, action_name(ACTION_BIND)))
		return d->reason && str_starts(d->reason, EXCLUDED_BY) ? DEV_EXCLUDED : DEV_REFUSED;
	if (wants(r, r->now))
		return DEV_OK;
	if (a->boot.off && !r->later)
		return DEV_OFF;
	return r->now[0] ? DEV_OTHER_DRIVER : DEV_NO_DRIVER;
}

/* For a tree the result may be unknown, which means nothing for that machine. */
static void check_usable(
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
		r->state = DEV_UNUSABLE;
	else if (r->usable == USABLE_UNVERIFIED && !tree)
		r->state = DEV_UNVERIFIED;
}

/* tree: the directory used as /sys, or NULL. */
static void status_look(struct dev_status *r, const struct status *a, const char *dir,
	struct sysfs *s, const char *tree)
{
	struct pci_addr addr;
	bool there = pci_addr_parse(r->requested->address, &addr) && is_there(s, addr);

	if (there && sysfs_link(s, addr, "driver", r->now, sizeof(r->now)) < 0)
		(void)str_copy(r->now, sizeof(r->now), "?");
	r->state = dev_state_of(r, a, there, there && released_is(dir, s, addr));
	r->first_usec = -1;
	if (r->state == DEV_OK && strstr(r->now, "vfio"))
		check_usable(r, s, addr, tree);
	if (r->state != DEV_OTHER_DRIVER && r->state != DEV_NO_DRIVER)
		return;
	r->since = !str_equal(r->now, r->requested->after ? r->requested->after : "");
	if (r->state == DEV_OTHER_DRIVER && !tree)
		r->first_usec = kmsg_first(r->now, r->requested->address);
}

static bool has_row(const struct status *a, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX];

	pci_addr_format(addr, address);
	for (size_t i = 0; i < a->n; i++)
		if (str_equal(a->rows[i].requested->address, address) &&
			str_equal(a->rows[i].requested->action, action_name(ACTION_BIND)))
			return true;
	return false;
}

/* A requested device has a row that reports it. */
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

/* Not known for an image without a record, or a boot that did not read it. */
static int config_changed(const struct report *boot, const char *config)
{
	if (!boot->has_image)
		return -1;
	int r = imageinfo_is_of_config(boot->digest, config, NULL);
	return r >= 0 ? !r : r == -ENOENT ? 1 : -1;
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
		status_look(&ret->rows[i], ret, dir, &s, sysfs);
	ret->config_changed = config_changed(&ret->boot, config);
	if (ret->boot.bootcount.state == BOOT_BAD)
		ret->waits = bootcount_wait(&ret->boot.bootcount, sysfs);
	if (ret->boot.bootcount.state == BOOT_INDETERMINATE)
		ret->confirmed = bootcount_confirmed_since(&ret->boot.bootcount, sysfs);
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
	strings_done(&a->strays);
	*a = (struct status){0};
}

bool dev_status_is_ok(const struct dev_status *r)
{
	return r->state == DEV_OK || r->state == DEV_EXCLUDED || r->state == DEV_RELEASED;
}

bool status_is_ok(const struct status *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (!dev_status_is_ok(&a->rows[i]))
			return false;
	return a->boot.config_errors == 0 && !a->boot.off && a->strays.n == 0 &&
	       a->n_unfinished == 0;
}

static const char *dev_state_name(enum dev_state state)
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
	return names[state];
}

/* ---- print -------------------------------------------------------------------------------------
 */

static const char *or_dash(const char *s)
{
	return s && *s ? s : "-";
}

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

/* The report has a device's error as "ADDRESS: what". */
static const char *trouble_of(const struct dev_status *r, const struct status *a)
{
	size_t len = strlen(r->requested->address);

	for (size_t i = 0; i < a->n_later; i++)
		for (size_t k = 0; r->later && k < a->later[i].n_errors; k++)
			if (str_starts(a->later[i].errors[k], r->requested->address) &&
				a->later[i].errors[k][len] == ':')
				return a->later[i].errors[k] + len + 2;
	for (size_t i = 0; !r->later && i < a->boot.n_errors; i++)
		if (str_starts(a->boot.errors[i], r->requested->address) &&
			a->boot.errors[i][len] == ':')
			return a->boot.errors[i] + len + 2;
	return NULL;
}

/* Why and when the device got another driver than requested, or none: the report has its driver
 * when vfio-bind was done, and the kernel log may have the time of the current driver. */
static void loss_format(const struct dev_status *r, const struct status *a, char *buf, size_t size)
{
	const struct report_dev *d = r->requested;
	const char *error = trouble_of(r, a);
	bool kept = d->before && str_equal(d->before, r->now);
	size_t n;

	if (r->since)
		n = (size_t)snprintf(buf, size, " since then: when vfio-bind was done it was on %s",
			d->after ? d->after : "no driver");
	else if (r->state == DEV_OTHER_DRIVER && kept)
		n = (size_t)snprintf(buf, size, ", which had it before vfio-bind came");
	else
		n = (size_t)snprintf(buf, size, " since vfio-bind was done");
	if (n < size && r->first_usec >= 0)
		n += (size_t)snprintf(buf + n, size - n,
			" (its first word in the kernel log: after %lld.%03lld s)",
			r->first_usec / 1000000, r->first_usec / 1000 % 1000);
	if (n < size && error && !r->since)
		(void)snprintf(buf + n, size - n, "; %s", error);
}

/* `bind` names no line of a config. */
static bool is_by_hand(const struct dev_status *r)
{
	return r->requested->asked && str_equal(r->requested->asked, "command line");
}

const char *dev_status_text(
	const struct dev_status *r, const struct status *a, char buf[static DEV_STATUS_TEXT_MAX])
{
	const char *reason = r->requested->reason ? r->requested->reason : "";
	char loss[DEV_STATUS_TEXT_MAX - 64] = "";

	switch (r->state) {
	case DEV_OK:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "holds: %s%s", reason,
			r->later && !is_by_hand(r) ? " (came later)" : "");
		break;
	case DEV_UNUSABLE:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "no VM can open it: %s", r->unusable);
		break;
	case DEV_UNVERIFIED:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX,
			"whether a VM can open it is not verified: %s", r->unusable);
		break;
	case DEV_EXCLUDED:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "%s", reason);
		break;
	case DEV_RELEASED:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX,
			"with the host: 'vfio-bind release' gave it back; 'vfio-bind bind %s' takes it again",
			r->requested->address);
		break;
	case DEV_REFUSED:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "left to the host: %s", reason);
		break;
	case DEV_OFF:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "was not touched at this boot");
		break;
	case DEV_ABSENT:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "absent: %s", reason);
		break;
	case DEV_GONE:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "gone: it was there at boot");
		break;
	case DEV_OTHER_DRIVER:
		loss_format(r, a, loss, sizeof(loss));
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "taken by %s%s", r->now, loss);
		break;
	case DEV_NO_DRIVER:
		loss_format(r, a, loss, sizeof(loss));
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "has no driver%s", loss);
		break;
	}
	return buf;
}

const char *status_unfinished_text(const struct unfinished *u, char buf[static DEV_STATUS_TEXT_MAX])
{
	char address[PCI_ADDR_MAX];

	pci_addr_format(u->addr, address);
	if (str_equal(u->override, "?"))
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX,
			"has no driver, and its driver_override can't be read: something in the kernel holds the device");
	else
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX,
			"has no driver, and its driver_override '%s' keeps the host's away: a command did not come to its end; `vfio-bind release %s` gives it back",
			u->override, address);
	return buf;
}

#define BOOTCOUNT_TEXT_MAX 400

/* The effect of earlier boots on this one, in one sentence; "" if there is none. */
static const char *status_bootcount_text(
	const struct status *a, char buf[static BOOTCOUNT_TEXT_MAX])
{
	const struct bootcount *s = &a->boot.bootcount;

	buf[0] = '\0';
	if (!a->boot.has_bootcount)
		return buf;
	switch (s->state) {
	case BOOT_UNCOUNTED:
		(void)snprintf(buf, BOOTCOUNT_TEXT_MAX, "not counted: %s", s->reason);
		break;
	case BOOT_GOOD:
		(void)snprintf(buf, BOOTCOUNT_TEXT_MAX,
			"none: a boot with these devices and this kernel has reached its end");
		break;
	case BOOT_INDETERMINATE:
		if (a->confirmed) {
			(void)snprintf(
				buf, BOOTCOUNT_TEXT_MAX, "none: this boot has reached its end");
			break;
		}
		(void)snprintf(buf, BOOTCOUNT_TEXT_MAX,
			"on trial: boot %u of %u with these devices and this kernel, until one reaches its end",
			s->tries, s->limit);
		break;
	case BOOT_BAD:
		(void)snprintf(buf, BOOTCOUNT_TEXT_MAX, "%u of %u: this boot binds nothing",
			s->tries, s->limit);
		if (a->waits > 0)
			(void)snprintf(buf + strlen(buf), BOOTCOUNT_TEXT_MAX - strlen(buf),
				"; it is tried once more after %u boot%s like this one", a->waits,
				a->waits == 1 ? "" : "s");
		else
			(void)snprintf(buf + strlen(buf), BOOTCOUNT_TEXT_MAX - strlen(buf),
				"; the next one tries once more");
		break;
	}
	return buf;
}

void status_print(const struct status *a, FILE *f)
{
	static const struct table_column columns[] = {{.name = "ADDRESS"}, {.name = "TARGET"},
		{.name = "CURRENT"}, {.name = "RESULT (CONFIG)"}};
	_cleanup_(table_done) struct table t;
	char text[DEV_STATUS_TEXT_MAX], bootcount[BOOTCOUNT_TEXT_MAX], address[PCI_ADDR_MAX];

	if (a->boot.off)
		term_row(f, "nothing was touched at this boot:", "%s", a->boot.off);
	if (a->boot.profile)
		term_row(f, "profile of this boot:", "%s", a->boot.profile);
	table_open(&t, columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < a->n; i++) {
		const struct dev_status *r = &a->rows[i];
		const char *const cells[] = {
			r->requested->address, or_dash(r->requested->driver), or_dash(r->now)};
		table_row(&t, cells, "%s (%s)", dev_status_text(r, a, text),
			or_dash(r->requested->asked));
		table_style(&t, dev_status_is_ok(r) ? GOOD : BAD);
	}
	for (size_t i = 0; i < a->n_unfinished; i++) {
		const struct unfinished *u = &a->unfinished[i];
		const char *const cells[] = {pci_addr_format(u->addr, address), "-", "-"};
		table_row(&t, cells, "%s", status_unfinished_text(u, text));
		table_style(&t, BAD);
	}
	table_print(&t, f);
	if (*status_bootcount_text(a, bootcount))
		term_row(f, "failed boots:", "%s", bootcount);
}

static void print_row(struct json *j, const struct dev_status *r, const struct status *a)
{
	const struct report_dev *d = r->requested;
	bool lost = r->state == DEV_OTHER_DRIVER || r->state == DEV_NO_DRIVER;
	char text[DEV_STATUS_TEXT_MAX];

	json_open_object(j, NULL);
	json_string(j, "address", d->address);
	json_string(j, "asked", d->asked);
	json_string(j, "action", d->action);
	json_string(j, "driver", d->driver);
	json_string(j, "why", d->reason);
	json_string(j, "before", d->before);
	json_string(j, "after", d->after);
	json_string(j, "now", or_null(r->now));
	json_string(j, "verdict", dev_state_name(r->state));
	json_string(j, "text", dev_status_text(r, a, text));
	bool on_vfio = r->state == DEV_OK || r->state == DEV_UNUSABLE;
	if (on_vfio && strstr(r->now, "vfio") && r->usable != USABLE_UNVERIFIED)
		json_bool(j, "usable", r->usable == USABLE);
	else
		json_null(j, "usable");
	json_bool(j, "later", r->later);
	json_string(j, "since", !lost ? NULL : r->since ? "later" : "boot");
	if (r->first_usec >= 0)
		json_int(j, "first_usec", r->first_usec);
	else
		json_null(j, "first_usec");
	json_close_object(j);
}

static void print_bootcount(struct json *j, const struct status *a)
{
	const struct bootcount *s = &a->boot.bootcount;

	if (!a->boot.has_bootcount) {
		json_null(j, "standing");
		return;
	}
	json_open_object(j, "standing");
	json_string(j, "state", bootcount_name(s->state));
	json_int(j, "tries", s->tries);
	json_int(j, "limit", s->limit);
	json_int(j, "waits", a->waits);
	json_bool(j, "confirmed", a->confirmed || s->state == BOOT_GOOD);
	json_string(j, "why", or_null(s->reason));
	json_close_object(j);
}

void status_print_json(const struct status *a, FILE *f)
{
	struct json j = {.f = f};

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_bool(&j, "holds", status_is_ok(a));
	json_string(&j, "off", a->boot.off);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < a->n; i++)
		print_row(&j, &a->rows[i], a);
	json_close_array(&j);
	json_open_array(&j, "errors");
	for (size_t i = 0; i < a->boot.n_errors; i++)
		json_string(&j, NULL, a->boot.errors[i]);
	for (size_t i = 0; i < a->strays.n; i++)
		json_string(&j, NULL, a->strays.v[i]);
	json_close_array(&j);
	json_open_object(&j, "config");
	json_string(&j, "file", a->boot.config);
	json_int(&j, "errors", a->boot.config_errors);
	if (a->config_changed < 0)
		json_null(&j, "changed");
	else
		json_bool(&j, "changed", a->config_changed);
	json_string(&j, "profile", a->boot.profile);
	json_close_object(&j);
	print_bootcount(&j, a);
	json_open_array(&j, "unfinished");
	for (size_t i = 0; i < a->n_unfinished; i++) {
		char address[PCI_ADDR_MAX];
		json_open_object(&j, NULL);
		json_string(&j, "address", pci_addr_format(a->unfinished[i].addr, address));
		json_string(&j, "driver_override", a->unfinished[i].override);
		json_close_object(&j);
	}
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}
