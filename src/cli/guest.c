/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/guest.h"

#include "base/log.h"
#include "core/release.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	*f = (struct guest_function){.addr = d->addr, .id = d->id, .class = d->class};
	for (size_t i = 0; i < g->n_roms; i++)
		if (pci_addr_compare(g->rom[i].addr, d->addr) == 0)
			f->rom = g->rom[i].path;
	return 0;
}

static void log_later(const struct verdict *v)
{
	char name[VERDICT_NAME_MAX];

	log_print(LOG_WARNING,
		"%s is on %s now: the VM starts after `vfio-bind bind %s`, or after a boot with it in the config",
		verdict_name(v, name), v->device->driver[0] ? v->device->driver : "no driver",
		verdict_name(v, name));
}

/* Named functions have to be on vfio; companions are taken if they are. */
static int gather(struct guest *g, const struct plan *p, struct err *err)
{
	char name[VERDICT_NAME_MAX];

	for (size_t i = 0; i < p->n; i++) {
		const struct verdict *v = &p->verdicts[i];
		bool here = v->device && release_is_vfio(v->device->driver);
		if (here || (g->later && v->device && v->action == ACTION_BIND)) {
			int r = take(g, v->device, err);
			if (r < 0)
				return r;
			if (!here && !v->companion && !g->by_turns)
				log_later(v);
		} else if (!v->companion) {
			g->left_out++;
			if (g->later) {
				log_print(LOG_WARNING, "%s is left out: %s", verdict_name(v, name),
					v->reason);
				continue;
			}
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

/* QEMU refuses to start without the file, and libvirt only says so then. */
static bool rom_is_there(const struct rom_file *rom, struct err *err)
{
	struct stat st;

	if (stat(rom->path, &st) < 0 || access(rom->path, R_OK) < 0)
		(void)err_set(err, errno,
			"--rom: %s: %s; name a file that `vfio-bind rom --output` has written",
			rom->path, strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_size == 0)
		(void)err_set(err, EINVAL, "--rom: %s: expected a file with the contents of a ROM",
			rom->path);
	else
		return true;
	return false;
}

/* A ROM for a device that the VM does not get is a user error. */
static bool roms_fit(const struct guest *g, struct err *err)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < g->n_roms; i++) {
		bool found = false;
		if (!rom_is_there(&g->rom[i], err))
			return false;
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
	struct boot_switch boot = sysroot_switch(&g->args.sysroot);
	_cleanup_(ctx_done) struct ctx s = {.sysfs = {.devices = -1}};
	enum cmd_result r = CMD_AS_ASKED;

	if (n > 0) {
		r = bind_args_plan(&s, &g->args, operands, n, g->by_turns, err);
	} else {
		boot.mode = BOOT_BIND;
		int code = ctx_read(&s, &g->args.sysroot, &boot, err);
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

/* The position of the ports on pcie.0: eight per slot, from here. A q35 has its own devices at 1d
 * to 1f, and devices of a VM's command line are numbered from 1 up (hw/i386/pc_q35.c of QEMU). */
#define PORTS_AT 0x10
#define CHASSIS_FROM 0x80

static int function_compare(const void *a, const void *b)
{
	const struct guest_function *x = a, *y = b;
	return pci_addr_compare(x->addr, y->addr);
}

bool guest_lay_out(struct guest_function *list, size_t n)
{
	unsigned port = 0;

	if (n > 1)
		qsort(list, n, sizeof(*list), function_compare);
	for (size_t i = 0, end; i < n; i = end, port++) {
		for (end = i; end < n && pci_addr_same_device(list[end].addr, list[i].addr);
			end++) {
			list[end].port = port;
			list[end].function = list[end].addr.function;
			list[end].multifunction = false;
		}
		list[i].function = 0;
		list[i].multifunction = end - i > 1;
	}
	return port <= GUEST_PORTS_MAX;
}

/* A comma separates the properties of a device; one inside a value is doubled (qemu(1)). */
static void add_value(struct text *t, const char *value)
{
	for (; *value; value++)
		text_print(t, *value == ',' ? ",%c" : "%c", *value);
}

static void say_port(unsigned port, void (*say)(const char *device, void *to), void *to)
{
	char device[160];

	(void)snprintf(device, sizeof(device),
		"pcie-root-port,id=vfio-port%u,bus=pcie.0,addr=%x.%x%s,chassis=%u,slot=%u,port=%u",
		port, PORTS_AT + port / 8, port % 8, port % 8 == 0 ? ",multifunction=on" : "",
		CHASSIS_FROM + port, CHASSIS_FROM + port, CHASSIS_FROM + port);
	say(device, to);
}

static void say_function(const struct guest_function *g, bool pcie,
	void (*say)(const char *device, void *to), void *to)
{
	_cleanup_(text_done) struct text device = {0};
	char address[PCI_ADDR_MAX];

	text_print(&device, "vfio-pci,host=%s,", pci_addr_format(g->addr, address));
	if (pcie)
		text_print(&device, "bus=vfio-port%u,addr=00.%u", g->port, g->function);
	else
		text_print(&device, "bus=pci.0,addr=%x.%u", PORTS_AT + g->port, g->function);
	if (g->multifunction)
		text_print(&device, ",multifunction=on");
	if (g->rom) {
		text_print(&device, ",romfile=");
		add_value(&device, g->rom);
	}
	if (!device.failed)
		say(device.data, to);
}

void guest_qemu(const struct guest_function *list, size_t n, bool pcie,
	void (*say)(const char *device, void *to), void *to)
{
	for (size_t i = 0; i < n; i++) {
		if (pcie && (i == 0 || list[i].port != list[i - 1].port))
			say_port(list[i].port, say, to);
		say_function(&list[i], pcie, say, to);
	}
}

static void add_escaped(struct text *t, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			text_print(t, "&amp;");
			break;
		case '<':
			text_print(t, "&lt;");
			break;
		case '\'':
			text_print(t, "&apos;");
			break;
		default:
			text_add(t, text, 1);
		}
	}
}

void guest_hostdev(const struct guest_function *g, const struct guest_place *at, struct text *t)
{
	text_print(t,
		"<hostdev mode='subsystem' type='pci' managed='no'>\n"
		"  <driver name='vfio'/>\n"
		"  <source>\n"
		"    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
		"  </source>\n",
		g->addr.domain, g->addr.bus, g->addr.device, g->addr.function);
	if (at && at->alias)
		text_print(t, "  <alias name='%s'/>\n", at->alias);
	if (g->rom) {
		text_print(t, "  <rom file='");
		add_escaped(t, g->rom);
		text_print(t, "'/>\n");
	}
	if (at)
		text_print(t,
			"  <address type='pci' domain='0x0000' bus='0x%02x' slot='0x%02x' function='0x%x'%s/>\n",
			at->bus, at->slot, g->function,
			g->multifunction ? " multifunction='on'" : "");
	text_print(t, "</hostdev>\n");
}

void guest_libvirt(const struct guest_function *list, size_t n, unsigned bus,
	void (*say)(const struct guest_function *g, const char *element, void *to), void *to)
{
	struct guest_place at = {.bus = bus};
	bool together = false;

	for (size_t i = 0; i < n; i++) {
		_cleanup_(text_done) struct text element = {0};
		const struct guest_function *g = &list[i];
		bool first = i == 0 || g->port != list[i - 1].port;
		if (first && together)
			at.bus++;
		together = first ? g->multifunction : together;
		guest_hostdev(g, together ? &at : NULL, &element);
		if (!element.failed)
			say(g, element.data, to);
	}
}

void guest_quote(const char *text, FILE *f)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,:=/+@%";

	if (text[strspn(text, plain)] == '\0') {
		fputs(text, f);
		return;
	}
	putc('\'', f);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", f);
		else
			putc(*text, f);
	}
	putc('\'', f);
}

bool guest_roms_are_absolute(const struct guest *g, struct err *err)
{
	for (size_t i = 0; i < g->n_roms; i++)
		if (g->rom[i].path[0] != '/') {
			(void)err_set(err, EINVAL,
				"--rom: %s: libvirt wants the whole path, from / on",
				g->rom[i].path);
			return false;
		}
	return true;
}
