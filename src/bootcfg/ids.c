/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bootcfg/ids.h"

#include "core/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int note(struct strings *notes, const char *fmt, ...) _printf_(2, 3);

static int note(struct strings *notes, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return n < 0 ? -ENOMEM : strings_take(notes, text);
}

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
			rc = note(notes,
				"/etc/vfio-bind.conf:%u: [exclude] %s: vfio-pci.ids= knows no exception",
				s->line, s->text);
		else if (!has_pair(s))
			rc = note(notes,
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
			"/etc/vfio-bind.conf: is not there, and --ids takes the ids from it; --add vfio-pci.ids=10de:2204 names them here");
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
		note(notes,
			"vfio-pci.ids= takes every device with that id, and only where vfio-pci is built in or loaded before the host's driver; vfio-bind tells devices apart") <
			0)
		return err_set(err, ENOMEM, "out of memory");
	return karg_ops_add(to, word.data, err);
}
