/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/guest.h"

#include "base/log.h"
#include "core/release.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ADDRESS=FILE. The file may be on another machine: only its name is needed here. */
int guest_add_rom(void *to, const char *value, struct err *err)
{
	struct guest *g = to;
	const char *equals = strchr(value, '=');
	char address[PCI_ADDR_MAX];

	if (g->n_roms == GUEST_MAX)
		return err_set(err, E2BIG, "--rom: more than %d files", GUEST_MAX);
	struct rom_file *rom = &g->rom[g->n_roms];
	size_t len = equals ? (size_t)(equals - value) : 0;
	if (len > 0 && len < sizeof(address)) {
		memcpy(address, value, len);
		address[len] = '\0';
		if (pci_addr_parse(address, &rom->addr) && equals[1]) {
			rom->path = equals + 1;
			g->n_roms++;
			return 0;
		}
	}
	return err_set(
		err, EINVAL, "--rom %s: write ADDRESS=FILE, as 01:00.0=/path/card.rom", value);
}

static int take(struct guest *g, const struct device *d, struct err *err)
{
	if (g->n == GUEST_MAX)
		return err_set(err, E2BIG, "more than %d functions for one VM", GUEST_MAX);
	struct guest_function *f = &g->list[g->n++];
	*f = (struct guest_function){.addr = d->addr};
	for (size_t i = 0; i < g->n_roms; i++)
		if (pci_addr_compare(g->rom[i].addr, d->addr) == 0)
			f->rom = g->rom[i].path;
	return 0;
}

/* Named functions have to be on vfio; companions are taken if they are. */
static int gather(struct guest *g, const struct plan *p, struct err *err)
{
	char name[VERDICT_NAME_MAX];

	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		if (v->device && release_is_vfio(v->device->driver)) {
			int r = take(g, v->device, err);
			if (r < 0)
				return r;
		} else if (!v->companion) {
			g->left_out++;
			log_print(LOG_WARNING, "%s is left out: %s%s; `vfio-bind bind %s` first",
				verdict_name(v, name), v->device ? "it is on " : v->reason,
				!v->device             ? ""
				: v->device->driver[0] ? v->device->driver
						       : "no driver",
				verdict_name(v, name));
		}
	}
	if (guest_lay_out(g->list, g->n))
		return 0;
	return err_set(err, E2BIG, "more than %d slots for one VM", GUEST_PORTS_MAX);
}

/* A ROM for a device that the VM does not get is a user error. */
static bool roms_fit(const struct guest *g, struct err *err)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < g->n_roms; i++) {
		bool found = false;
		for (size_t k = 0; k < g->n; k++)
			found |= pci_addr_compare(g->list[k].addr, g->rom[i].addr) == 0;
		if (!found) {
			(void)err_set(err, EINVAL, "--rom: %s is not among the VM's devices",
				pci_addr_format(g->rom[i].addr, address));
			return false;
		}
	}
	return true;
}

/* Without operands: devices that the config selects and vfio has. */
enum cmd_result guest_look(struct guest *g, char **operands, int n, struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	enum cmd_result r = CMD_AS_ASKED;

	if (n > 0) {
		r = bind_args_plan(&s, &g->args, operands, n, false, err);
	} else {
		int code = ctx_read(&s, &g->args.sysroot, &bind, err);
		ctx_log_errors(&s.config);
		probe_drivers(&s.host, &s.sysfs);
		r = code == -EINVAL ? CMD_CONFIG : code < 0 ? CMD_SYSTEM : CMD_AS_ASKED;
	}
	if (r != CMD_AS_ASKED)
		return r;
	if (gather(g, &s.plan, err) < 0)
		return CMD_SYSTEM;
	if (!roms_fit(g, err))
		return CMD_USAGE;
	if (g->n == 0 && g->left_out == 0)
		log_print(LOG_WARNING, "the config asks for no device, and none is named");
	return g->left_out > 0 || g->n == 0 ? CMD_NOT_ALL : CMD_AS_ASKED;
}

void guest_print_json(const struct guest *g, void (*more)(struct json *j, const struct guest *g))
{
	struct json j = {.f = stdout};
	char text[PCI_ADDR_MAX];

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < g->n; i++) {
		const struct guest_function *f = &g->list[i];
		json_open_object(&j, NULL);
		json_string(&j, "address", pci_addr_format(f->addr, text));
		json_int(&j, "port", f->port);
		json_int(&j, "function", f->function);
		json_bool(&j, "multifunction", f->multifunction);
		json_string(&j, "rom", f->rom);
		json_close_object(&j);
	}
	json_close_array(&j);
	more(&j, g);
	json_close_object(&j);
	json_end(&j);
}

enum cmd_result guest_flush(enum cmd_result result, struct err *err)
{
	if (fflush(stdout) == 0)
		return result;
	(void)err_set(err, errno, "standard output: %s", strerror(errno));
	return CMD_SYSTEM;
}
