/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/domain.h"

#include "base/array.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A controller's index, and with it a bus number, has eight bits (virPCIDeviceAddress). */
#define BUSES 256
#define SLOTS 32
/* Slots of pci.0 that QEMU and libvirt give to nothing by themselves, unless all others are
 * taken. */
#define SLOT_FROM 0x10

#define ALIAS "ua-vfio-bind-"
#define ALIAS_PORT ALIAS "port-"
#define ALIAS_MAX 64

/* ---- reading --------------------------------------------------------------------------------- */

/* As libvirt reads numbers: 0x10, 020, 16. */
static bool number_read(const char *s, unsigned long max, unsigned long *ret)
{
	char *end;

	if (!s || *s < '0' || *s > '9')
		return false;
	errno = 0;
	*ret = strtoul(s, &end, 0);
	return *end == '\0' && errno == 0 && *ret <= max;
}

static bool attr_number(const struct xml *x, size_t element, const char *name, unsigned long max,
	unsigned long *ret)
{
	return number_read(xml_attr(x, element, name), max, ret);
}

static bool address_read(const struct xml *x, size_t element, struct pci_addr *ret)
{
	unsigned long domain = 0, bus, slot, function = 0;

	if (xml_attr(x, element, "domain") &&
		!attr_number(x, element, "domain", UINT32_MAX, &domain))
		return false;
	if (xml_attr(x, element, "function") && !attr_number(x, element, "function", 7, &function))
		return false;
	if (!attr_number(x, element, "bus", 0xff, &bus) ||
		!attr_number(x, element, "slot", SLOTS - 1, &slot))
		return false;
	*ret = (struct pci_addr){(uint32_t)domain, (uint8_t)bus, (uint8_t)slot, (uint8_t)function};
	return true;
}

static const char *alias_of(const struct xml *x, size_t element)
{
	size_t alias = xml_child(x, element, "alias", XML_NONE);

	return alias == XML_NONE ? NULL : xml_attr(x, alias, "name");
}

static const char *alias_of_function(struct pci_addr a, char buf[static ALIAS_MAX])
{
	(void)snprintf(
		buf, ALIAS_MAX, ALIAS "%04x-%02x-%02x-%u", a.domain, a.bus, a.device, a.function);
	return buf;
}

/* The bus of a root port that vfio-bind added, or 0. */
static unsigned our_port(const struct xml *x, size_t controller)
{
	const char *alias = alias_of(x, controller);
	char expected[ALIAS_MAX];
	unsigned long index;

	if (!alias || !number_read(xml_attr(x, controller, "index"), BUSES - 1, &index))
		return 0;
	(void)snprintf(expected, sizeof(expected), ALIAS_PORT "%lu", index);
	return str_equal(alias, expected) ? (unsigned)index : 0;
}

/* <source><address .../></source>, of hostdev, interface and NVMe disk alike. */
static bool host_address(const struct xml *x, size_t device, struct pci_addr *ret)
{
	size_t source = xml_child(x, device, "source", XML_NONE);
	size_t address = source == XML_NONE ? XML_NONE : xml_child(x, source, "address", XML_NONE);

	return address != XML_NONE && address_read(x, address, ret);
}

static int functions_read(struct domain *d, struct err *err)
{
	const struct xml *x = &d->xml;
	char alias[ALIAS_MAX];

	for (size_t i = d->devices + 1; i < x->n && x->v[i].begin < x->v[d->devices].end; i++) {
		struct pci_addr addr;
		if (x->v[i].parent != d->devices || !host_address(x, i, &addr))
			continue;
		struct domain_function *grown = array_grow(
			d->functions, d->n, &d->size, sizeof(*grown));
		if (!grown)
			return err_set(err, ENOMEM, "out of memory");
		d->functions = grown;
		size_t rom = xml_child(x, i, "rom", XML_NONE);
		const char *name = alias_of(x, i);
		d->functions[d->n++] = (struct domain_function){
			.addr = addr,
			.rom = rom == XML_NONE ? NULL : xml_attr(x, rom, "file"),
			.element = i,
			.ours = name && str_equal(name, alias_of_function(addr, alias)),
		};
	}
	return 0;
}

/* libvirt writes the root's controller into each domain it defines; before that the machine says
 * it. Without a machine it is i440fx ("pc"). */
static void machine_read(struct domain *d)
{
	const struct xml *x = &d->xml;
	size_t os = xml_child(x, 0, "os", XML_NONE);
	size_t type = os == XML_NONE ? XML_NONE : xml_child(x, os, "type", XML_NONE);
	const char *machine = type == XML_NONE ? NULL : xml_attr(x, type, "machine");
	const char *arch = type == XML_NONE ? NULL : xml_attr(x, type, "arch");

	for (size_t c = XML_NONE; (c = xml_child(x, d->devices, "controller", c)) != XML_NONE;) {
		const char *model = xml_attr(x, c, "model");
		if (model && (str_equal(model, "pcie-root") || str_equal(model, "pci-root"))) {
			d->pcie = str_equal(model, "pcie-root");
			d->known = d->pcie || !machine || !str_starts(machine, "pseries");
			return;
		}
	}
	bool x86 = !arch || str_equal(arch, "x86_64") || str_equal(arch, "i686");
	if (!machine) {
		d->known = x86;
		return;
	}
	d->pcie = str_equal(machine, "q35") || strstr(machine, "-q35-") ||
		  str_equal(machine, "virt") || str_starts(machine, "virt-");
	d->known = d->pcie || str_equal(machine, "pc") || str_starts(machine, "pc-");
}

int domain_read(struct domain *ret, const char *text, size_t len, struct err *err)
{
	*ret = (struct domain){.text = text, .len = len, .name = ""};
	int r = xml_parse(&ret->xml, text, len, err);

	if (r < 0)
		return r;
	const struct xml *x = &ret->xml;
	if (!str_equal(x->v[0].name, "domain"))
		return err_set(err, ENOMSG, "line %u: <%s> is not a domain of libvirt",
			x->v[0].line, x->v[0].name);
	size_t name = xml_child(x, 0, "name", XML_NONE);
	if (name != XML_NONE && x->v[name].content)
		ret->name = x->v[name].content;
	ret->devices = xml_child(x, 0, "devices", XML_NONE);
	if (ret->devices == XML_NONE || x->v[ret->devices].close == x->v[ret->devices].end)
		return err_set(err, EINVAL,
			"line %u: the domain has no <devices> ... </devices>; add them",
			x->v[0].line);
	machine_read(ret);
	return functions_read(ret, err);
}

void domain_done(struct domain *d)
{
	xml_done(&d->xml);
	free(d->functions);
	d->functions = NULL;
	d->n = 0;
}

const struct domain_function *domain_find(const struct domain *d, struct pci_addr addr)
{
	for (size_t i = 0; i < d->n; i++)
		if (pci_addr_compare(d->functions[i].addr, addr) == 0)
			return &d->functions[i];
	return NULL;
}

unsigned domain_line(const struct domain *d, const struct domain_function *f)
{
	return d->xml.v[f->element].line;
}

/* ---- editing --------------------------------------------------------------------------------- */

struct editor {
	const struct domain *d;
	const struct guest_function *list;
	size_t n;
	bool *gone;         /* of each element: it is cut out */
	const char *eol;    /* of the file */
	struct text fresh;  /* what is added */
	size_t port[BUSES]; /* the root port of vfio-bind that makes this bus, or XML_NONE */
	bool used[BUSES];   /* buses, or slots of bus 0 */
};

static void editor_done(struct editor *e)
{
	free(e->gone);
	text_done(&e->fresh);
}

static bool same_rom(const char *a, const char *b)
{
	return a == b || (a && b && str_equal(a, b));
}

/* True if the domain has by vfio-bind what the list has in this slot, and nothing else. */
static bool slot_stays(const struct editor *e, struct pci_addr slot)
{
	size_t wanted = 0, there = 0;

	for (size_t i = 0; i < e->n; i++) {
		if (!pci_addr_same_device(e->list[i].addr, slot))
			continue;
		const struct domain_function *f = domain_find(e->d, e->list[i].addr);
		if (!f || !f->ours || !same_rom(f->rom, e->list[i].rom))
			return false;
		wanted++;
	}
	for (size_t i = 0; i < e->d->n; i++)
		there += e->d->functions[i].ours &&
			 pci_addr_same_device(e->d->functions[i].addr, slot);
	return wanted == there;
}

static int choose_gone(struct editor *e, bool (*touched)(struct pci_addr addr, const void *to),
	const void *to, struct err *err)
{
	char address[PCI_ADDR_MAX];

	for (size_t i = 0; i < e->n; i++) {
		const struct domain_function *f = domain_find(e->d, e->list[i].addr);
		if (f && !f->ours)
			return err_set(err, EEXIST,
				"line %u: %s is in this VM already, and not by vfio-bind; take it out there, or leave it",
				domain_line(e->d, f), pci_addr_format(f->addr, address));
	}
	for (size_t i = 0; i < e->d->n; i++) {
		const struct domain_function *f = &e->d->functions[i];
		if (!f->ours || !touched(f->addr, to) || slot_stays(e, f->addr))
			continue;
		e->gone[f->element] = true;
	}
	return 0;
}

/* Of PCI Express the buses that controllers make and devices are on, of i440fx the slots of bus 0.
 * What has no address yet gets one from libvirt that is free. */
static int find_used(struct editor *e, struct err *err)
{
	const struct xml *x = &e->d->xml;
	unsigned long number;

	for (size_t i = e->d->devices + 1; i < x->n && x->v[i].begin < x->v[e->d->devices].end;
		i++) {
		const struct xml_element *v = &x->v[i];
		const char *type = xml_attr(x, i, "type");
		if (e->gone[i] || e->gone[v->parent] || !type || !str_equal(type, "pci"))
			continue;
		if (e->d->pcie && str_equal(v->name, "controller") &&
			attr_number(x, i, "index", BUSES - 1, &number)) {
			if (!our_port(x, i))
				e->used[number] = true;
			else if (e->port[number] == XML_NONE)
				e->port[number] = i;
			else
				return err_set(err, EINVAL,
					"line %u: two controllers have the index %lu", v->line,
					number);
		}
		if (!str_equal(v->name, "address") || v->parent == e->d->devices ||
			str_equal(x->v[v->parent].name, "source") ||
			!attr_number(x, i, "bus", BUSES - 1, &number))
			continue;
		if (e->d->pcie)
			e->used[number] = true;
		else if (number == 0 && attr_number(x, i, "slot", SLOTS - 1, &number))
			e->used[number] = true;
	}
	e->used[0] = true;
	return 0;
}

/* A root port of vfio-bind that is empty; else the bus after the last one, because libvirt fills a
 * gap with root ports. */
static unsigned free_bus(const struct editor *e)
{
	unsigned at = 0;

	for (unsigned i = 0; i < BUSES; i++) {
		if (e->port[i] != XML_NONE && !e->used[i])
			return i;
		at = e->used[i] || e->port[i] != XML_NONE ? i + 1 : at;
	}
	return at;
}

static unsigned free_slot(const struct editor *e)
{
	for (unsigned i = SLOT_FROM; i < SLOTS; i++)
		if (!e->used[i])
			return i;
	for (unsigned i = SLOT_FROM - 1; i > 2; i--)
		if (!e->used[i])
			return i;
	return SLOTS;
}

static int choose_place(struct editor *e, unsigned *ret, struct err *err)
{
	unsigned at = e->d->pcie ? free_bus(e) : free_slot(e);

	if (at == (e->d->pcie ? BUSES : SLOTS))
		return err_set(err, ENOSPC, "the VM has no %s left for another card",
			e->d->pcie ? "PCI bus" : "slot on its PCI bus");
	e->used[at] = true;
	*ret = at;
	return 0;
}

/* Empty root ports go, from the last one down: before another bus one would leave a gap, which
 * libvirt fills with a port of its own. */
static void trim_ports(struct editor *e)
{
	for (unsigned i = BUSES - 1; i > 0 && !e->used[i]; i--)
		if (e->port[i] != XML_NONE)
			e->gone[e->port[i]] = true;
}

static void add_slot(struct editor *e, size_t first, size_t n, unsigned place)
{
	struct guest_place at = {.bus = e->d->pcie ? place : 0, .slot = e->d->pcie ? 0 : place};
	char alias[ALIAS_MAX];

	if (e->d->pcie && e->port[place] == XML_NONE)
		text_print(&e->fresh,
			"<controller type='pci' index='%u' model='pcie-root-port'>\n"
			"  <alias name='" ALIAS_PORT "%u'/>\n"
			"</controller>\n",
			place, place);
	for (size_t i = first; i < first + n; i++) {
		at.alias = alias_of_function(e->list[i].addr, alias);
		guest_hostdev(&e->list[i], &at, &e->fresh);
	}
}

static int add_all(struct editor *e, struct err *err)
{
	unsigned place = 0;
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < e->n; i = end) {
		for (end = i; end < e->n && e->list[end].port == e->list[i].port;)
			end++;
		if (slot_stays(e, e->list[i].addr))
			continue;
		r = choose_place(e, &place, err);
		if (r == 0)
			add_slot(e, i, end - i, place);
	}
	return r;
}

static bool is_blank(const char *text, size_t from, size_t to)
{
	while (from < to && (text[from] == ' ' || text[from] == '\t'))
		from++;
	return from == to;
}

static size_t line_start(const char *text, size_t at)
{
	while (at > 0 && text[at - 1] != '\n')
		at--;
	return at;
}

/* The bytes of an element; where it has its lines for itself, these lines. */
static void cut_of(const struct domain *d, size_t element, size_t *ret_from, size_t *ret_to)
{
	const struct xml_element *v = &d->xml.v[element];
	size_t from = line_start(d->text, v->begin), to = v->end;

	*ret_from = v->begin;
	*ret_to = v->end;
	while (to < d->len && (d->text[to] == ' ' || d->text[to] == '\t' || d->text[to] == '\r'))
		to++;
	if (to < d->len && d->text[to] == '\n' && is_blank(d->text, from, v->begin)) {
		*ret_from = from;
		*ret_to = to + 1;
	}
}

/* The lines, each below `indent` and two blanks; or all in one line where </devices> is in one with
 * what is before it. */
static void add_fresh(struct text *ret, const struct editor *e, const char *indent, size_t len)
{
	for (const char *line = e->fresh.data; line && *line;) {
		const char *end = strchr(line, '\n');
		if (indent) {
			text_add(ret, indent, len);
			text_print(ret, "  %.*s%s", (int)(end - line), line, e->eol);
		} else {
			line += strspn(line, " ");
			text_add(ret, line, (size_t)(end - line));
		}
		line = end + 1;
	}
}

static void assemble(struct text *ret, const struct editor *e)
{
	const struct domain *d = e->d;
	size_t close = d->xml.v[d->devices].close, at = 0;
	size_t start = line_start(d->text, close);
	bool lines = is_blank(d->text, start, close) && start > d->xml.v[d->devices].begin;
	size_t place = lines ? start : close;

	for (size_t i = d->devices + 1; i < d->xml.n; i++) {
		size_t from, to;
		if (!e->gone[i])
			continue;
		cut_of(d, i, &from, &to);
		text_add(ret, d->text + at, from - at);
		at = to;
	}
	text_add(ret, d->text + at, place - at);
	add_fresh(ret, e, lines ? d->text + start : NULL, close - start);
	text_add(ret, d->text + place, d->len - place);
}

/* Reads the result: each function of the list, and of the others in these slots none. */
static int result_check(const struct text *text, const struct editor *e,
	bool (*touched)(struct pci_addr addr, const void *to), const void *to, struct err *err)
{
	_cleanup_(domain_done) struct domain now = {0};
	size_t others = 0, had = 0;
	int r = domain_read(&now, text->data, text->len, err);

	for (size_t i = 0; r == 0 && i < e->n; i++) {
		const struct domain_function *f = domain_find(&now, e->list[i].addr);
		if (!f || !f->ours || !same_rom(f->rom, e->list[i].rom))
			r = -EINVAL;
	}
	for (size_t i = 0; r == 0 && i < now.n; i++)
		others += !now.functions[i].ours || !touched(now.functions[i].addr, to);
	for (size_t i = 0; r == 0 && i < e->d->n; i++)
		had += !e->d->functions[i].ours || !touched(e->d->functions[i].addr, to);
	if (r < 0 || others != had || now.n - others != e->n)
		return err_set(err, EINVAL,
			"the edited text would not be read as it is meant; nothing is changed");
	return 0;
}

int domain_edit(struct text *ret, const struct domain *d, const struct guest_function *list,
	size_t n, bool (*touched)(struct pci_addr addr, const void *to), const void *to,
	struct err *err)
{
	const char *newline = memchr(d->text, '\n', d->len);
	_cleanup_(editor_done) struct editor e = {.d = d,
		.list = list,
		.n = n,
		.gone = calloc(d->xml.n + 1, sizeof(bool)),
		.eol = newline && newline > d->text && newline[-1] == '\r' ? "\r\n" : "\n"};

	for (size_t i = 0; i < BUSES; i++)
		e.port[i] = XML_NONE;
	if (!e.gone)
		return err_set(err, ENOMEM, "out of memory");
	if (!d->known && n > 0)
		return err_set(err, ENOTSUP,
			"the VM's machine is neither q35, virt nor i440fx (pc); add what `vfio-bind libvirt` prints by hand");
	int r = choose_gone(&e, touched, to, err);
	if (r == 0)
		r = find_used(&e, err);
	if (r == 0)
		r = add_all(&e, err);
	if (r < 0)
		return r;
	trim_ports(&e);
	assemble(ret, &e);
	if (ret->failed || e.fresh.failed)
		return err_set(err, ENOMEM, "out of memory");
	return result_check(ret, &e, touched, to, err);
}
