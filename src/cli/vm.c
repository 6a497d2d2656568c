/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm.h"

#include <stdlib.h>
#include <string.h>

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

static void say_function(
	const struct guest_function *g, void (*say)(const char *device, void *to), void *to)
{
	_cleanup_(text_done) struct text device = {0};
	char address[PCI_ADDR_MAX];

	text_print(&device, "vfio-pci,host=%s,bus=vfio-port%u,addr=00.%u%s",
		pci_addr_format(g->addr, address), g->port, g->function,
		g->multifunction ? ",multifunction=on" : "");
	if (g->rom) {
		text_print(&device, ",romfile=");
		add_value(&device, g->rom);
	}
	if (!device.failed)
		say(device.data, to);
}

void guest_qemu(const struct guest_function *list, size_t n,
	void (*say)(const char *device, void *to), void *to)
{
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || list[i].port != list[i - 1].port)
			say_port(list[i].port, say, to);
		say_function(&list[i], say, to);
	}
}

static void print_escaped(const char *text, FILE *f)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '\'':
			fputs("&apos;", f);
			break;
		default:
			putc(*text, f);
		}
	}
}

/* Only functions of one slot that the guest gets together need an address. */
static void print_guest_address(const struct guest_function *g, unsigned bus, FILE *f)
{
	fprintf(f,
		"  <address type='pci' domain='0x0000' bus='0x%02x' slot='0x00' function='0x%x'%s/>\n",
		bus, g->function, g->multifunction ? " multifunction='on'" : "");
}

void guest_libvirt(const struct guest_function *list, size_t n, unsigned bus, FILE *f)
{
	bool together = false;

	for (size_t i = 0; i < n; i++) {
		const struct guest_function *g = &list[i];
		bool first = i == 0 || g->port != list[i - 1].port;
		if (first && together)
			bus++;
		together = first ? g->multifunction : together;
		fprintf(f,
			"<hostdev mode='subsystem' type='pci' managed='no'>\n"
			"  <driver name='vfio'/>\n"
			"  <source>\n"
			"    <address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
			"  </source>\n",
			g->addr.domain, g->addr.bus, g->addr.device, g->addr.function);
		if (g->rom) {
			fputs("  <rom file='", f);
			print_escaped(g->rom, f);
			fputs("'/>\n", f);
		}
		if (together)
			print_guest_address(g, bus, f);
		fputs("</hostdev>\n", f);
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
