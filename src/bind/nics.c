/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/nics.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NICS_MAX 32

struct nics {
	char name[NICS_MAX][IFNAMSIZ];
	unsigned n;
};

static void note(struct nics *nics, const char *name)
{
	for (unsigned i = 0; i < nics->n; i++)
		if (str_equal(nics->name[i], name))
			return;
	if (nics->n < NICS_MAX && strlen(name) < IFNAMSIZ)
		(void)str_copy(nics->name[nics->n++], IFNAMSIZ, name);
}

/* ---- from an interface down to the devices ----------------------------------------------------
 */

struct lower {
	struct hostdevs_search *f;
	struct nics *nics;
	char index[16]; /* of the interface that a tunnel goes over */
};

/* lower_eth0 in a bond, bridge or VLAN (netdev_adjacent_sysfs_add in net/core/dev.c). */
static int note_lower(const char *name, void *to)
{
	const struct lower *l = to;

	if (str_starts(name, "lower_"))
		note(l->nics, name + strlen("lower_"));
	return 0;
}

static int note_index(const char *name, void *to)
{
	const struct lower *l = to;
	char index[sizeof(l->index)];

	if (sysfs_path_read(l->f->sysfs, index, sizeof(index), "class/net/%s/ifindex", name) > 0 &&
		str_equal(index, l->index))
		note(l->nics, name);
	return 0;
}

static void note_lowers(struct hostdevs_search *f, struct nics *nics, const char *name)
{
	struct lower l = {.f = f, .nics = nics};
	char path[SYSFS_PATH_MAX];
	unsigned before = nics->n;

	(void)snprintf(path, sizeof(path), "class/net/%s", name);
	hostdevs_search_each(f, path, note_lower, &l);
	/* A tunnel has only the number of what it goes over (dev_get_iflink). */
	if (nics->n == before &&
		sysfs_path_read(f->sysfs, l.index, sizeof(l.index), "%s/iflink", path) > 0)
		hostdevs_search_each(f, "class/net", note_index, &l);
	/* Nor has a port of Open vSwitch, whose devices are all below one (ovs_netdev_link). */
	if (nics->n == before)
		note(nics, "ovs-system");
}

/* Is it a device, and is one kept for it? */
static bool keep_nic(
	struct hostdevs_search *f, enum protected_kind kind, const char *what, const char *name)
{
	char path[SYSFS_PATH_MAX], device[DEVPATH_MAX], why[PROTECTED_REASON_MAX];

	(void)snprintf(path, sizeof(path), "class/net/%s", name);
	if (devpath_of(f->sysfs, path, device) < 0)
		return false;
	(void)snprintf(why, sizeof(why), "%.90s over it (%s)", what, name);
	if (hostdevs_search_protect(f, kind, device, why) > 0)
		return true;
	bool elsewhere = !str_starts(device, "devices/virtual/");
	f->keep->route_elsewhere |= elsewhere && kind == PROTECTED_ROUTE;
	return elsewhere;
}

/* How many of them, and of what is below them, are devices. */
static unsigned keep_nics(
	struct hostdevs_search *f, enum protected_kind kind, const char *what, struct nics *nics)
{
	unsigned found = 0;

	for (unsigned i = 0; i < nics->n; i++) { /* the list grows as we go */
		if (keep_nic(f, kind, what, nics->name[i]))
			found++;
		else
			note_lowers(f, nics, nics->name[i]);
	}
	return found;
}

/* ---- routes -----------------------------------------------------------------------------------
 */

struct route {
	uint8_t to[16]; /* in the order of the network */
	unsigned bits;
	uint32_t metric;
	const char *nic;
};

#define ROUTE_UP 0x1
#define ROUTE_REJECT 0x200

/* Interface, destination, gateway, flags, references, uses, metric, mask: numbers in hexadecimal,
 * addresses as they stand in memory, the metric in decimal (fib_route_seq_show in
 * net/ipv4/fib_trie.c). */
static bool route_parse(char *line, struct route *ret)
{
	char *words[8];
	uint32_t to, mask, flags;
	unsigned long metric;

	if (tabfile_words(line, words, 8) < 8)
		return false;
	const char *destination = words[1], *width = words[7], *sign = words[3];
	if (!str_hex(&destination, 8, &to) || !str_hex(&width, 8, &mask) ||
		!str_hex(&sign, 8, &flags) || !str_decimal(words[6], UINT32_MAX, &metric))
		return false;
	memcpy(ret->to, &to, sizeof(to));
	ret->bits = (unsigned)__builtin_popcount(mask);
	ret->metric = (uint32_t)metric;
	ret->nic = words[0];
	return (flags & ROUTE_UP) && !(flags & ROUTE_REJECT);
}

/* Destination, its length, source, its length, gateway, metric, references, uses, flags, interface
 * (rt6_info_route in net/ipv6/route.c). */
static bool route6_parse(char *line, struct route *ret)
{
	char *words[10];
	uint32_t byte, bits, flags;

	if (tabfile_words(line, words, 10) < 10)
		return false;
	const char *to = words[0], *width = words[1], *metric = words[5], *sign = words[8];
	for (size_t i = 0; i < sizeof(ret->to); i++) {
		if (!str_hex_fixed(&to, 2, &byte))
			return false;
		ret->to[i] = (uint8_t)byte;
	}
	if (!str_hex(&width, 2, &bits) || bits > 128 || !str_hex(&metric, 8, &ret->metric) ||
		!str_hex(&sign, 8, &flags))
		return false;
	ret->bits = bits;
	ret->nic = words[9];
	return (flags & ROUTE_UP) && !(flags & ROUTE_REJECT) && !str_equal(ret->nic, "lo");
}

static bool is_way_to(const struct route *r, const uint8_t *peer)
{
	unsigned bytes = r->bits / 8, rest = r->bits % 8;

	return memcmp(r->to, peer, bytes) == 0 &&
	       (rest == 0 || (r->to[bytes] ^ peer[bytes]) >> (8 - rest) == 0);
}

/* A family's table, and a search in it. */
struct search {
	bool v6;
	const uint8_t *peer; /* the way to it; NULL: the default route */
	int64_t above;       /* of default routes those with a metric above this */
	struct route best;   /* without a name */
	struct nics nics;    /* of all that are as good */
};

/* The longest prefix, of these the lowest metric. False where there is no table. */
static bool routes_search(struct hostdevs_search *f, struct search *s)
{
	_cleanup_(str_free) char *text = NULL;
	bool found = false;

	s->nics.n = 0;
	if (!hostdevs_search_read(f, s->v6 ? "proc/net/ipv6_route" : "proc/net/route", &text))
		return false;
	for (char *rest = text, *line; (line = tabfile_line(&rest, false));) {
		struct route r = {.bits = 0};
		if (!(s->v6 ? route6_parse : route_parse)(line, &r) ||
			(s->peer ? !is_way_to(&r, s->peer)
				 : r.bits > 0 || (int64_t)r.metric <= s->above))
			continue;
		bool better = !found || r.bits > s->best.bits ||
			      (r.bits == s->best.bits && r.metric < s->best.metric);
		if (better)
			s->nics.n = 0;
		else if (r.bits != s->best.bits || r.metric != s->best.metric)
			continue;
		found = true;
		note(&s->nics, r.nic);
		s->best = r;
	}
	return true;
}

/* ---- the default route ------------------------------------------------------------------------
 */

#define DEFAULTS_MAX 16

/* A VPN may have the best one, and leads to no device: then the next best leads to its peer. */
static bool keep_default(struct hostdevs_search *f, bool v6)
{
	struct search s = {.v6 = v6, .above = -1};

	for (unsigned i = 0; i < DEFAULTS_MAX; i++) {
		if (!routes_search(f, &s) || s.nics.n == 0)
			return false;
		if (keep_nics(f, PROTECTED_ROUTE, "the default route goes", &s.nics) > 0)
			return true;
		s.above = s.best.metric;
	}
	return false;
}

/* ---- peers ------------------------------------------------------------------------------------
 */

/* An address alone, with the NIC that is its scope, if any. */
static bool take_address(const char *word, size_t len, struct remote *r)
{
	char text[PEER_MAX];
	uint8_t address[16];

	if (len == 0 || len >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, word);
	char *scope = strchr(text, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) != 1)
		return false;
	(void)str_copy(r->peer, sizeof(r->peer), text);
	if (scope)
		(void)snprintf(r->nic, sizeof(r->nic), "%.15s", scope);
	return true;
}

void nics_find_peer(const char *text, struct remote *r)
{
	for (const char *p = text; *p != '\0'; p += *p != '\0') {
		size_t all = strcspn(p, "@,/[]= "), part = strcspn(p, "@,/[]= :");
		if (take_address(p, all, r) || take_address(p, part, r))
			return;
		p += part;
	}
}

/* The part of "ip=" with that number; "" where there is none. An address in brackets is one. */
static void ip_part(const char *value, unsigned number, char *buf, size_t size)
{
	const char *p = value;

	buf[0] = '\0';
	for (unsigned i = 0;; i++) {
		size_t len = *p == '[' ? strcspn(p, "]") : 0;
		len += strcspn(p + len, ":");
		if (i == number)
			(void)snprintf(buf, size, "%.*s", (int)(len < size ? len : size - 1), p);
		if (i == number || p[len] == '\0')
			return;
		p += len + 1;
	}
}

/* ip=dhcp; ip=eth0:dhcp of dracut; ip=client:server:gateway:mask:host:eth0:method
 * (Documentation/admin-guide/nfs/nfsroot.rst, dracut.cmdline(7)). */
static void take_ip(const char *value, struct remote *r)
{
	struct remote client = {.word = true};
	char part[PEER_MAX];

	ip_part(value, 5, part, sizeof(part));
	(void)snprintf(r->nic, sizeof(r->nic), "%.15s", part);
	if (r->nic[0])
		return;
	ip_part(value, 1, part, sizeof(part));
	nics_find_peer(part, r);
	ip_part(value, 0, part, sizeof(part));
	nics_find_peer(part, &client);
	if (!client.peer[0] && value[strlen(part)] == ':')
		(void)snprintf(r->nic, sizeof(r->nic), "%.15s", part);
}

struct mac {
	struct hostdevs_search *f;
	const char *address; /* with '-' */
	struct remote *r;
};

static int take_nic_of(const char *name, void *to)
{
	const struct mac *m = to;
	char address[64], device[DEVPATH_MAX], path[SYSFS_PATH_MAX];

	(void)snprintf(path, sizeof(path), "class/net/%.64s", name);
	if (sysfs_path_read(m->f->sysfs, address, sizeof(address), "%s/address", path) <= 0)
		return 0;
	for (char *p = address; (p = strchr(p, ':'));)
		*p = '-';
	/* A bond and a bridge have that of a port. */
	if (strcasecmp(address, m->address) != 0 || devpath_of(m->f->sysfs, path, device) < 0 ||
		str_starts(device, "devices/virtual/"))
		return 0;
	(void)snprintf(m->r->nic, sizeof(m->r->nic), "%.15s", name);
	return 1;
}

void nics_need_word(struct hostdevs_search *f, const char *word)
{
	struct remote r = {.word = true, .nbd = strstr(word, "nbd") != NULL};
	const char *value = strchr(word, '=');

	value = value ? value + 1 : "";
	if (str_starts(word, "ip=")) {
		take_ip(value, &r);
	} else if (str_starts(word, "BOOTIF=")) {
		struct mac m = {f, strchr(value, '-') ? strchr(value, '-') + 1 : value, &r};
		hostdevs_search_each(f, "class/net", take_nic_of, &m);
	} else {
		nics_find_peer(value, &r);
	}
	hostdevs_search_need_network(f, &r);
}

/* A NIC that is named is the one, wherever the routes lead. */
static bool keep_remote(struct hostdevs_search *f, const struct remote *r)
{
	struct search s = {.v6 = strchr(r->peer, ':') != NULL};
	char what[HOSTDEVS_WHAT_MAX];
	uint8_t address[16];

	(void)snprintf(what, sizeof(what), "%.85s comes", r->what);
	if (r->nic[0]) {
		note(&s.nics, r->nic);
		return keep_nics(f, PROTECTED_NETWORK, what, &s.nics) > 0;
	}
	if (inet_pton(s.v6 ? AF_INET6 : AF_INET, r->peer, address) != 1)
		return false;
	s.peer = address;
	return routes_search(f, &s) && keep_nics(f, PROTECTED_NETWORK, what, &s.nics) > 0;
}

static bool is_open(const struct remote *r)
{
	return !r->peer[0] && !r->nic[0] && (r->word || r->nbd);
}

/* A word without peer and NIC has the network come up for something that is found by itself; if
 * nothing is, or not of that kind, it may come over any NIC. */
static void keep_remotes(struct hostdevs_search *f)
{
	bool kept[REMOTES_MAX] = {false};
	unsigned found = 0, nbds = 0;

	for (unsigned i = 0; i < f->n_remotes; i++) {
		kept[i] = keep_remote(f, &f->remotes[i]);
		found += kept[i];
		nbds += kept[i] && f->remotes[i].nbd;
	}
	for (unsigned i = 0; i < f->n_remotes; i++) {
		const struct remote *r = &f->remotes[i];
		if (is_open(r) && (r->nbd ? nbds : found) > 0)
			continue;
		if (!kept[i])
			protected_set_unknown_kind(
				f->keep, UNKNOWN_NETWORK, "%s: no NIC is known for it", r->what);
	}
}

void nics_keep(struct hostdevs_search *f)
{
	keep_remotes(f);
	bool v4 = keep_default(f, false), v6 = keep_default(f, true);
	if (!v4 && !v6)
		protected_set_unknown_kind(
			f->keep, UNKNOWN_ROUTE, "no default route leads to a device now");
}
