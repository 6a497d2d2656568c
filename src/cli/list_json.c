/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_write.h"
#include "base/str.h"
#include "cli/list.h"

#include <string.h>

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static void print_hex(struct json *j, const char *key, uint32_t value, int digits)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%0*x", digits, value);
	json_string(j, key, text);
}

static void print_slot(struct json *j, const char *key, bool there, struct pci_addr addr)
{
	char address[PCI_ADDR_MAX];

	json_string(j, key, there ? pci_addr_format(addr, address) : NULL);
}

/* Prints "a b c" as an array. */
static void print_words(struct json *j, const char *key, const char *words)
{
	char word[64];

	json_open_array(j, key);
	while (words && *words) {
		size_t len = strcspn(words, " ");
		if (len > 0 && len < sizeof(word)) {
			memcpy(word, words, len);
			word[len] = '\0';
			json_string(j, NULL, word);
		}
		words += len + (words[len] == ' ');
	}
	json_close_array(j);
}

static void print_uses(struct json *j, const char *key, const char *uses)
{
	json_open_array(j, key);
	for (; uses && *uses; uses += strlen(uses) + 1)
		json_string(j, NULL, uses);
	json_close_array(j);
}

static void print_identity(struct json *j, const struct function *f)
{
	const struct pci_id *id = &f->d.id;
	bool has_subsystem = id->subvendor != 0;

	print_hex(j, "class", f->d.class, 6);
	json_string(j, "class_name", or_null(f->class_name));
	print_hex(j, "vendor", id->vendor & 0xffffU, 4);
	json_string(j, "vendor_name", or_null(f->vendor_name));
	print_hex(j, "device", id->device & 0xffffU, 4);
	json_string(j, "device_name", or_null(f->name));
	if (has_subsystem) {
		print_hex(j, "subvendor", id->subvendor & 0xffffU, 4);
		print_hex(j, "subdevice", id->subdevice & 0xffffU, 4);
	} else {
		json_null(j, "subvendor");
		json_null(j, "subdevice");
	}
	json_string(j, "subsystem_name", or_null(f->subsystem_name));
}

static void print_link(struct json *j, const struct function *f)
{
	if (!f->now.rate[0]) {
		json_null(j, "link");
		return;
	}
	json_open_object(j, "link");
	json_string(j, "speed", f->now.rate);
	json_int(j, "width", f->now.width);
	json_string(j, "max_speed", or_null(f->max.rate));
	json_int(j, "max_width", f->max.width);
	json_close_object(j);
}

static void print_bars(struct json *j, const struct function *f)
{
	json_open_array(j, "resizable_bars");
	for (unsigned i = 0; i < BARS; i++) {
		if (!f->bars[i].resizable)
			continue;
		json_open_object(j, NULL);
		json_int(j, "bar", i);
		json_int(j, "bytes", (long long)f->bars[i].size);
		json_open_array(j, "sizes"); /* as in [device] rebar: 2^n MiB */
		for (unsigned n = 0; n < 44; n++)
			if (f->bars[i].sizes >> n & 1)
				json_int(j, NULL, n);
		json_close_array(j);
		json_close_object(j);
	}
	json_close_array(j);
}

static void print_virtual(struct json *j, const struct function *f)
{
	if (f->vfs_max > 0) {
		json_open_object(j, "sriov");
		json_int(j, "functions", f->vfs);
		json_int(j, "max", f->vfs_max);
		json_close_object(j);
	} else {
		json_null(j, "sriov");
	}
	print_slot(j, "physical_function", f->is_vf, f->physical);
}

static void print_verdict(struct json *j, const struct listing *l, const struct function *f)
{
	const struct verdict *v = listing_verdict(l, f);
	char asked[512];

	if (v)
		(void)snprintf(
			asked, sizeof(asked), "%s:%u", l->plan->config->path, v->selector->line);
	json_string(j, "asked", v ? asked : NULL);
	json_string(j, "action", v ? action_name(v->action) : NULL);
	json_string(j, "why", v ? v->reason : NULL);
}

static void print_one_attached(struct json *j, const struct attached *b)
{
	json_open_object(j, NULL);
	json_string(j, "name", b->name);
	switch (b->kind) {
	case ATTACHED_BLOCK:
		json_string(j, "model", or_null(b->what));
		json_int(j, "bytes", (long long)b->bytes);
		print_uses(j, "mounts", b->uses);
		print_words(j, "part_of", b->holders);
		break;
	case ATTACHED_NET:
		json_bool(j, "up", b->up);
		json_string(j, "part_of", or_null(b->what));
		print_uses(j, "addresses", b->uses);
		break;
	case ATTACHED_USB:
		json_string(j, "id", b->id);
		json_string(j, "product", or_null(b->what));
		break;
	case ATTACHED_CONNECTOR:
		json_string(j, "mode", or_null(b->what));
		json_bool(j, "lit", b->up);
		break;
	}
	json_close_object(j);
}

static void print_attached(struct json *j, const struct listing *l, const struct function *f)
{
	static const char *const keys[] = {"disks", "interfaces", "usb", "screens"};
	size_t n;
	const struct attached *b = inventory_attached(l->inventory, f->d.addr, &n);

	for (unsigned kind = ATTACHED_BLOCK; kind <= ATTACHED_CONNECTOR; kind++) {
		json_open_array(j, keys[kind]);
		for (size_t i = 0; i < n; i++)
			if (b[i].kind == kind)
				print_one_attached(j, &b[i]);
		json_close_array(j);
	}
}

static void print_function(struct json *j, const struct listing *l, const struct function *f)
{
	json_open_object(j, NULL);
	print_slot(j, "address", true, f->d.addr);
	if (f->d.group >= 0)
		json_int(j, "group", f->d.group);
	else
		json_null(j, "group");
	json_string(j, "error", f->d.error ? strerror(-f->d.error) : NULL);
	print_identity(j, f);
	json_string(j, "driver", or_null(f->d.driver));
	print_words(j, "candidates", f->candidates);
	if (f->d.boot_vga < 0 && !f->d.is_boot_display)
		json_null(j, "boot_display");
	else
		json_bool(j, "boot_display", f->d.is_boot_display);
	json_bool(j, "bridge", device_is_fixed(&f->d));
	print_slot(j, "above", f->has_upstream, f->upstream);
	print_words(j, "reset", f->reset);
	print_virtual(j, f);
	if (f->numa >= 0)
		json_int(j, "numa_node", f->numa);
	else
		json_null(j, "numa_node");
	print_link(j, f);
	print_bars(j, f);
	json_bool(j, "rom", f->has_rom);
	print_verdict(j, l, f);
	print_attached(j, l, f);
	json_close_object(j);
}

void listing_print_json(const struct listing *l, FILE *f)
{
	struct json j = {.f = f};
	char name[VERDICT_NAME_MAX];

	json_open_object(&j, NULL);
	json_int(&j, "version", 1);
	json_open_array(&j, "devices");
	for (size_t i = 0; i < l->n; i++)
		print_function(&j, l, l->shown[i]);
	json_close_array(&j);
	json_open_array(&j, "absent");
	for (size_t i = 0; l->plan && i < l->plan->n; i++)
		if (!l->plan->verdicts[i].device)
			json_string(&j, NULL, verdict_name(&l->plan->verdicts[i], name));
	json_close_array(&j);
	json_close_object(&j);
	json_end(&j);
}
