/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/config.h"

#include "base/file.h"
#include "base/str.h"
#include "bind/config_parser.h"
#include "bind/ini_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin_device(struct config_parser *p, unsigned line, const char *address)
{
	struct config *c = p->c;
	struct pci_addr addr;

	while (*address == ' ' || *address == '\t')
		address++;
	if (!pci_addr_parse(address, &addr)) {
		config_error(c, line,
			"[device %s]: invalid PCI address '%s'; expected [device 0000:09:00.0]",
			address, address);
		p->unknown_section = true;
		return;
	}
	const struct device_settings *twin = config_settings(c, addr);
	if (twin)
		config_error(c, line,
			"duplicate section [device %s], first at line %u; write its keys there",
			address, twin->line);
	struct device_settings *grown = config_grow(
		c, c->settings, c->n_settings, &c->size_settings, sizeof(*grown));
	if (!grown) {
		p->unknown_section = true;
		return;
	}
	c->settings = grown;
	p->now = &c->settings[c->n_settings++];
	*p->now = (struct device_settings){.addr = addr, .line = line};
}

static void take_section(void *to, unsigned line, const char *name)
{
	struct config_parser *p = to;
	enum section section;

	p->unknown_section = false;
	p->now = NULL;
	p->seen_single = 0;
	if (!section_known(name, &section)) {
		config_error(p->c, line,
			"unknown section [%s]; valid: [bind], [exclude], [guard], [modules], [device ADDRESS]",
			name);
		p->unknown_section = true;
		return;
	}
	if (section == SECTION_DEVICE) {
		begin_device(p, line, name + strlen("device "));
		return;
	}
	if (p->seen_sections & 1U << section)
		config_error(p->c, line, "duplicate section [%s]; write its keys in the first one",
			name);
	p->seen_sections |= 1U << section;
}

static void take_value(
	void *to, unsigned line, const char *heading, const char *name, const char *value)
{
	struct config_parser *p = to;
	enum section section;

	if (p->unknown_section)
		return;
	if (*heading == '\0' || !section_known(heading, &section)) {
		config_error(
			p->c, line, "'%s' is outside any section; write [bind] above it", name);
		return;
	}
	config_set_key(p, line, section, name, value);
}

static void take_error(void *to, unsigned line, const char *what)
{
	struct config_parser *p = to;
	config_error(p->c, line, "%s", what);
}

#define FAILED_BOOTS_UNSET (~0U)

static struct config config_default(const char *path)
{
	return (struct config){
		.path = path, .file = path, .companions = true, .failed_boots = FAILED_BOOTS_UNSET};
}

int config_parse(struct config *ret, const char *path, const char *data, size_t len)
{
	*ret = config_default(path);
	struct config_parser p = {.c = ret};
	const struct ini_reader r = {take_value, take_section, take_error, &p};

	if (len > CONFIG_MAX)
		config_error(
			ret, 0, "%s: has %zu bytes, %d at most are read", path, len, CONFIG_MAX);
	else if (ini_reader_run(&r, data, len) < 0)
		ret->no_memory = true;
	if (ret->no_memory)
		return -ENOMEM;
	/* Who says `hold` does not want the host's drivers on them, come what may. */
	if (ret->failed_boots == FAILED_BOOTS_UNSET)
		ret->failed_boots = ret->hold_on_failure ? 0 : 2;
	return ret->n_errors > 0 ? -EINVAL : 0;
}

#define MISSING_REMEDY "; `vfio-bind init` writes one"

int config_read(struct config *ret, const char *path, bool to_do)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len = 0;
	struct err err = {""};

	int r = to_do ? file_read_trusted(AT_FDCWD, path, CONFIG_MAX, &data, &len, &err)
		      : file_read(AT_FDCWD, path, CONFIG_MAX, &data, &len, &err);
	if (r < 0) {
		*ret = config_default(path);
		ret->unread = true;
		ret->missing = r == -ENOENT;
		config_error(ret, 0, "%s%s", err.text, ret->missing ? MISSING_REMEDY : "");
		return r;
	}
	return config_parse(ret, path, data, len);
}

int config_read_copy(struct config *ret, const char *file, const char *path)
{
	_cleanup_(str_free) char *data = NULL;
	size_t len = 0;

	int r = file_read(AT_FDCWD, file, CONFIG_MAX, &data, &len, NULL);
	if (r < 0) {
		*ret = config_default(path);
		ret->unread = true;
		ret->missing = r == -ENOENT;
		config_error(ret, 0, "%s: can't open it: %s%s", path, strerror(-r),
			ret->missing ? MISSING_REMEDY : "");
	} else {
		r = config_parse(ret, path, data, len);
	}
	ret->file = file;
	return r;
}

void config_done(struct config *c)
{
	for (size_t i = 0; i < c->n_before; i++)
		free(c->before[i]);
	for (size_t i = 0; i < c->n_errors; i++)
		free(c->errors[i]);
	free(c->before);
	free(c->errors);
	free(c->selectors);
	free(c->settings);
	*c = (struct config){0};
}

const struct device_settings *config_settings(const struct config *c, struct pci_addr addr)
{
	for (size_t i = 0; i < c->n_settings; i++)
		if (pci_addr_compare(c->settings[i].addr, addr) == 0)
			return &c->settings[i];
	return NULL;
}

bool config_must_search(const struct config *c)
{
	for (size_t i = 0; i < c->n_selectors; i++) {
		enum selector_kind kind = c->selectors[i].kind;
		if (!c->selectors[i].exclude && kind != SELECT_ADDRESS && kind != SELECT_PATH)
			return true;
	}
	return false;
}
