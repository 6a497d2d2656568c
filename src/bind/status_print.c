/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/status.h"

#include "base/json_write.h"
#include "base/str.h"
#include "base/term.h"

#include <stdio.h>
#include <string.h>

static const char *or_dash(const char *s)
{
	return s && *s ? s : "-";
}

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

/* The report tells a device's trouble as "ADDRESS: what". */
static const char *trouble_of(const struct dev_status *r, const struct status *a)
{
	size_t len = strlen(r->asked->address);

	for (size_t i = 0; i < a->n_later; i++)
		for (size_t k = 0; r->later && k < a->later[i].n_errors; k++)
			if (str_starts(a->later[i].errors[k], r->asked->address) &&
				a->later[i].errors[k][len] == ':')
				return a->later[i].errors[k] + len + 2;
	for (size_t i = 0; !r->later && i < a->boot.n_errors; i++)
		if (str_starts(a->boot.errors[i], r->asked->address) &&
			a->boot.errors[i][len] == ':')
			return a->boot.errors[i] + len + 2;
	return NULL;
}

/* How it came to have another driver, or none, than it shall have, and when: the report shows how
 * it was when vfio-bind was done with it, and the kernel log may know when the thief came. */
static void tell_loss(const struct dev_status *r, const struct status *a, char *buf, size_t size)
{
	const struct report_dev *d = r->asked;
	const char *error = trouble_of(r, a);
	bool kept = d->before && str_equal(d->before, r->now);
	size_t n;

	if (r->since)
		n = (size_t)snprintf(buf, size, " since then: when vfio-bind was done it was on %s",
			d->after ? d->after : "no driver");
	else if (r->fate == DEV_OTHER_DRIVER && kept)
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

const char *dev_status_text(
	const struct dev_status *r, const struct status *a, char buf[static DEV_STATUS_TEXT_MAX])
{
	const char *why = r->asked->why ? r->asked->why : "";
	char loss[DEV_STATUS_TEXT_MAX - 64] = "";

	switch (r->fate) {
	case DEV_OK:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "holds: %s%s", why,
			r->later ? " (came later)" : "");
		break;
	case DEV_UNUSABLE:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "no VM can open it: %s", r->unusable);
		break;
	case DEV_UNVERIFIED:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX,
			"whether a VM can open it is not verified: %s", r->unusable);
		break;
	case DEV_EXCLUDED:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "%s", why);
		break;
	case DEV_RELEASED:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX,
			"with the host: 'vfio-bind release' gave it back; 'vfio-bind bind %s' takes it again",
			r->asked->address);
		break;
	case DEV_REFUSED:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "left to the host: %s", why);
		break;
	case DEV_OFF:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "was not touched at this boot");
		break;
	case DEV_ABSENT:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "absent: %s", why);
		break;
	case DEV_GONE:
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "gone: it was there at boot");
		break;
	case DEV_OTHER_DRIVER:
		tell_loss(r, a, loss, sizeof(loss));
		(void)snprintf(buf, DEV_STATUS_TEXT_MAX, "taken by %s%s", r->now, loss);
		break;
	case DEV_NO_DRIVER:
		tell_loss(r, a, loss, sizeof(loss));
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

const char *status_bootcount_text(const struct status *a, char buf[static BOOTCOUNT_TEXT_MAX])
{
	const struct bootcount *s = &a->boot.standing;

	buf[0] = '\0';
	if (!a->boot.has_standing)
		return buf;
	switch (s->state) {
	case BOOT_UNCOUNTED:
		(void)snprintf(buf, BOOTCOUNT_TEXT_MAX, "not counted: %s", s->why);
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

#define ROW_MAX 512
#define ROW "%-13s %-16s %-16s"

void status_print(const struct status *a, FILE *f)
{
	char text[DEV_STATUS_TEXT_MAX], standing[BOOTCOUNT_TEXT_MAX], row[ROW_MAX];

	if (a->boot.off)
		term_row(f, "nothing was touched at this boot:", "%s", a->boot.off);
	if (a->n + a->n_unfinished > 0)
		fprintf(f, ROW " %s\n", "ADDRESS", "TARGET", "CURRENT", "RESULT (CONFIG)");
	for (size_t i = 0; i < a->n; i++) {
		const struct dev_status *r = &a->rows[i];
		(void)snprintf(row, sizeof(row), ROW, r->asked->address, or_dash(r->asked->driver),
			or_dash(r->now));
		term_row(f, row, "%s (%s)", dev_status_text(r, a, text), or_dash(r->asked->asked));
	}
	for (size_t i = 0; i < a->n_unfinished; i++) {
		char address[PCI_ADDR_MAX];
		(void)snprintf(row, sizeof(row), ROW,
			pci_addr_format(a->unfinished[i].addr, address), "-", "-");
		term_row(f, row, "%s", status_unfinished_text(&a->unfinished[i], text));
	}
	if (*status_bootcount_text(a, standing))
		term_row(f, "failed boots:", "%s", standing);
}

static void print_row(struct json *j, const struct dev_status *r, const struct status *a)
{
	const struct report_dev *d = r->asked;
	bool lost = r->fate == DEV_OTHER_DRIVER || r->fate == DEV_NO_DRIVER;
	char text[DEV_STATUS_TEXT_MAX];

	json_open_object(j, NULL);
	json_string(j, "address", d->address);
	json_string(j, "asked", d->asked);
	json_string(j, "action", d->action);
	json_string(j, "driver", d->driver);
	json_string(j, "why", d->why);
	json_string(j, "before", d->before);
	json_string(j, "after", d->after);
	json_string(j, "now", or_null(r->now));
	json_string(j, "verdict", dev_state_name(r->fate));
	json_string(j, "text", dev_status_text(r, a, text));
	bool on_vfio = r->fate == DEV_OK || r->fate == DEV_UNUSABLE;
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

static void print_standing(struct json *j, const struct status *a)
{
	const struct bootcount *s = &a->boot.standing;

	if (!a->boot.has_standing) {
		json_null(j, "standing");
		return;
	}
	json_open_object(j, "standing");
	json_string(j, "state", bootcount_name(s->state));
	json_int(j, "tries", s->tries);
	json_int(j, "limit", s->limit);
	json_int(j, "waits", a->waits);
	json_bool(j, "confirmed", a->confirmed || s->state == BOOT_GOOD);
	json_string(j, "why", or_null(s->why));
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
		json_string(&j, NULL, a->strays.name[i]);
	json_close_array(&j);
	json_open_object(&j, "config");
	json_string(&j, "file", a->boot.config);
	json_int(&j, "errors", a->boot.config_errors);
	if (a->config_changed < 0)
		json_null(&j, "changed");
	else
		json_bool(&j, "changed", a->config_changed);
	json_close_object(&j);
	print_standing(&j, a);
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
