/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/guest.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/options.h"
#include "base/replace.h"
#include "bind/release.h"
#include "bind/script.h"
#include "cmd/cmd.h"
#include "cmd/hand.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_MAX (1U << 20)
/* libvirt makes the ports up to here: as few as there can be above those of virt-manager's VMs. */
#define BUS_DEFAULT 16
#define BUS_MAX 255

struct rom_file {
	struct slot slot;
	const char *path;
};

struct guest {
	struct hand hand; /* of it the world, only, json */
	const char *append;
	bool remove;
	unsigned bus;
	struct rom_file rom[GUEST_MAX];
	size_t n_roms;
	struct guest_function list[GUEST_MAX];
	size_t n;
	size_t left_out; /* asked for, and not with vfio */
};

/* ADDRESS=FILE. The file may be another machine's: only its name is needed here. */
static int add_rom(void *to, const char *value, struct err *err)
{
	struct guest *g = to;
	const char *equals = strchr(value, '=');
	char address[SLOT_MAX];

	if (g->n_roms == GUEST_MAX)
		return err_set(err, E2BIG, "--rom: more than %d files", GUEST_MAX);
	struct rom_file *rom = &g->rom[g->n_roms];
	size_t len = equals ? (size_t)(equals - value) : 0;
	if (len > 0 && len < sizeof(address)) {
		memcpy(address, value, len);
		address[len] = '\0';
		if (slot_parse(address, &rom->slot) && equals[1]) {
			rom->path = equals + 1;
			g->n_roms++;
			return 0;
		}
	}
	return err_set(
		err, EINVAL, "--rom %s: write ADDRESS=FILE, as 01:00.0=/path/card.rom", value);
}

static int set_bus(void *to, const char *value, struct err *err)
{
	unsigned long bus;

	if (!str_decimal(value, BUS_MAX, &bus) || bus == 0)
		return err_set(err, EINVAL, "--bus %s: write a number, 1 to %d", value, BUS_MAX);
	*(unsigned *)to = (unsigned)bus;
	return 0;
}

static int take(struct guest *g, const struct device *d, struct err *err)
{
	if (g->n == GUEST_MAX)
		return err_set(err, E2BIG, "more than %d functions for one VM", GUEST_MAX);
	struct guest_function *f = &g->list[g->n++];
	*f = (struct guest_function){.slot = d->slot};
	for (size_t i = 0; i < g->n_roms; i++)
		if (slot_compare(g->rom[i].slot, d->slot) == 0)
			f->rom = g->rom[i].path;
	return 0;
}

/* Of what was named all has to be there; what only comes along is taken where it can be. */
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
				verdict_name(v, name), v->device ? "it is on " : v->why,
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

/* A ROM for a device that the VM does not get is a slip of whoever typed it. */
static bool roms_fit(const struct guest *g, struct err *err)
{
	char address[SLOT_MAX];

	for (size_t i = 0; i < g->n_roms; i++) {
		bool found = false;
		for (size_t k = 0; k < g->n; k++)
			found |= slot_compare(g->list[k].slot, g->rom[i].slot) == 0;
		if (!found) {
			(void)err_set(err, EINVAL, "--rom: %s is not among the VM's devices",
				slot_format(g->rom[i].slot, address));
			return false;
		}
	}
	return true;
}

/* Without operands: what the config asks for, and vfio has. */
static enum cmd_result look(struct guest *g, char **operands, int n, struct err *err)
{
	const struct boot_switch bind = {.mode = BOOT_BIND};
	_cleanup_(situation_done) struct situation s = {.sysfs = {.devices = -1}};
	enum cmd_result r = CMD_AS_ASKED;

	if (n > 0) {
		r = hand_plan(&s, &g->hand, operands, n, false, err);
	} else {
		int code = situation_read(&s, &g->hand.world, &bind, err);
		situation_tell_errors(&s.config);
		host_look_at_drivers(&s.host, &s.sysfs);
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

static void print_json(const struct guest *g, void (*more)(struct json *j, const struct guest *g))
{
	struct json j = {.f = stdout};
	char text[SLOT_MAX];

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < g->n; i++) {
		const struct guest_function *f = &g->list[i];
		json_open_object(&j, NULL);
		json_string(&j, "address", slot_format(f->slot, text));
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

static enum cmd_result flushed(enum cmd_result result, struct err *err)
{
	if (fflush(stdout) == 0)
		return result;
	(void)err_set(err, errno, "standard output: %s", strerror(errno));
	return CMD_SYSTEM;
}

/* ---- qemu --------------------------------------------------------------------------------------
 */

static void print_argument(const char *device, void *to)
{
	FILE *f = to;

	fputs("-device ", f);
	guest_quote(device, f);
	putc('\n', f);
}

static void json_argument(const char *device, void *to)
{
	json_string(to, NULL, "-device");
	json_string(to, NULL, device);
}

static void json_arguments(struct json *j, const struct guest *g)
{
	json_open_array(j, "arguments");
	guest_qemu(g->list, g->n, json_argument, j);
	json_close_array(j);
}

struct words {
	const char **word;
	size_t n;
	bool failed;
};

static void words_done(struct words *w)
{
	for (size_t i = 1; i < w->n; i += 2)
		free((void *)(uintptr_t)w->word[i]);
	free(w->word);
}

static void add_word(const char *device, void *to)
{
	struct words *w = to;
	const char **grown = reallocarray(w->word, w->n + 2, sizeof(*grown));
	char *copy = strdup(device);

	if (grown)
		w->word = grown;
	if (!grown || !copy) {
		free(copy);
		w->failed = true;
		return;
	}
	w->word[w->n++] = "-device";
	w->word[w->n++] = copy;
}

static void tell_append(const struct guest *g, enum script_place place, bool used)
{
	if (g->remove)
		log_print(LOG_INFO, "%s: the lines are out", g->append);
	else
		log_print(LOG_INFO, "%s: the lines for %zu functions are in", g->append, g->n);
	if (!g->remove && !used && place == SCRIPT_BEFORE)
		log_print(LOG_WARNING,
			"%s: they are no part of a command yet: write \"$@\" as the last word of "
			"the line that runs QEMU",
			g->append);
}

/* Replaced as a whole, and only where it changes. */
static enum cmd_result append(const struct guest *g, struct err *err)
{
	_cleanup_(words_done) struct words words = {0};
	_cleanup_(text_done) struct text edited = {0};
	_cleanup_(str_free) char *script = NULL;
	struct err why = {""};
	enum script_place place;
	size_t len;
	bool used;

	if (!g->remove)
		guest_qemu(g->list, g->n, add_word, &words);
	if (words.failed) {
		(void)err_set(err, ENOMEM, "out of memory");
		return CMD_SYSTEM;
	}
	if (file_read(AT_FDCWD, g->append, SCRIPT_MAX, &script, &len, err) < 0)
		return CMD_SYSTEM;
	if (script_edit(&edited, script, len, words.word, words.n, &place, &used, &why) < 0) {
		(void)err_set(err, EINVAL, "%s: %s", g->append, why.text);
		return CMD_NOT_ALL;
	}
	if (edited.len != len || memcmp(edited.data ? edited.data : "", script, len) != 0)
		if (file_replace_path(
			    g->append, edited.data ? edited.data : "", edited.len, 0755, err) < 0)
			return CMD_SYSTEM;
	tell_append(g, place, used);
	return CMD_AS_ASKED;
}

static enum cmd_result qemu(struct guest *g, char **operands, int n, struct err *err)
{
	if (g->remove)
		return append(g, err);
	enum cmd_result r = look(g, operands, n, err);
	if (r != CMD_AS_ASKED && r != CMD_NOT_ALL)
		return r;
	if (g->append)
		/* A script with half of the devices starts a VM that nobody asked for. */
		return r == CMD_AS_ASKED ? append(g, err) : r;
	if (g->hand.json)
		print_json(g, json_arguments);
	else
		guest_qemu(g->list, g->n, print_argument, stdout);
	return flushed(r, err);
}

enum cmd_result cmd_qemu(int argc, char **argv, struct err *err)
{
	struct guest g = {0};
	bool help = false;
	const struct option_row rows[] = {
		{"rom", 0, "ADDRESS=FILE", "the option ROM of a device (more than once)", NULL,
			NULL, add_rom, &g},
		{"append", 0, "FILE", "write the lines into the script FILE, between marks",
			&g.append, NULL, NULL, NULL},
		{"remove", 0, NULL, "take them out of it again", NULL, &g.remove, NULL, NULL},
		{"only", 0, NULL, "only the functions named, without companions", NULL,
			&g.hand.only, NULL, NULL},
		{"json", 0, NULL, "print JSON", NULL, &g.hand.json, NULL, NULL},
		WORLD_OPTIONS(&g.hand.world),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	int operands;

	if (options_read(rows, argc, argv, &operands, err) < 0)
		return CMD_USAGE;
	if (help) {
		printf("Usage: vfio-bind qemu [OPTION...] [ADDRESS...]\nPrints QEMU's -device "
		       "arguments for the devices that are bound (all of the config's, or those "
		       "named).\n\n");
		options_print(rows);
		return CMD_AS_ASKED;
	}
	if (g.remove && (!g.append || operands > 0)) {
		(void)err_set(err, EINVAL, "--remove goes with --append FILE and no address");
		return CMD_USAGE;
	}
	log_open("vfio-bind", LOG_TO_STDERR, false);
	return qemu(&g, argv + 1, operands, err);
}

/* ---- libvirt -----------------------------------------------------------------------------------
 */

static void json_xml(struct json *j, const struct guest *g)
{
	char *xml = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&xml, &len);

	if (f) {
		guest_libvirt(g->list, g->n, g->bus, f);
		(void)fclose(f);
	}
	json_string(j, "xml", xml);
	free(xml);
}

/* libvirt looks for a ROM in its own directory and in the VM's, not where the shell stands. */
static bool roms_are_absolute(const struct guest *g, struct err *err)
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

enum cmd_result cmd_libvirt(int argc, char **argv, struct err *err)
{
	struct guest g = {.bus = BUS_DEFAULT};
	bool help = false, xml = false;
	const struct option_row rows[] = {
		{"rom", 0, "ADDRESS=FILE", "the option ROM of a device (more than once)", NULL,
			NULL, add_rom, &g},
		{"bus", 0, "NUMBER", "first bus in the guest for cards of several functions (16)",
			NULL, NULL, set_bus, &g.bus},
		{"xml", 0, NULL, "print libvirt's XML (the default)", NULL, &xml, NULL, NULL},
		{"only", 0, NULL, "only the functions named, without companions", NULL,
			&g.hand.only, NULL, NULL},
		{"json", 0, NULL, "print JSON", NULL, &g.hand.json, NULL, NULL},
		WORLD_OPTIONS(&g.hand.world),
		{"help", 'h', NULL, "this text", NULL, &help, NULL, NULL},
		{0},
	};
	int operands;

	if (options_read(rows, argc, argv, &operands, err) < 0)
		return CMD_USAGE;
	if (help) {
		printf("Usage: vfio-bind libvirt [OPTION...] [ADDRESS...]\nPrints libvirt's "
		       "<hostdev> elements for the devices that are bound (all of the config's, "
		       "or those named).\n\n");
		options_print(rows);
		return CMD_AS_ASKED;
	}
	if (xml && g.hand.json) {
		(void)err_set(err, EINVAL, "--xml or --json, not both");
		return CMD_USAGE;
	}
	if (!roms_are_absolute(&g, err))
		return CMD_USAGE;
	log_open("vfio-bind", LOG_TO_STDERR, false);
	enum cmd_result r = look(&g, argv + 1, operands, err);
	if (r != CMD_AS_ASKED && r != CMD_NOT_ALL)
		return r;
	if (g.hand.json)
		print_json(&g, json_xml);
	else
		guest_libvirt(g.list, g.n, g.bus, stdout);
	return flushed(r, err);
}
