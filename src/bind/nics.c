/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/nics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

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

/* Interface, destination, gateway, flags, references, uses, metric, mask: numbers in hexadecimal,
 * addresses as they stand in memory (fib_route_seq_show in net/ipv4/fib_trie.c). */
static void note_routes(struct finder *f, struct nics *nics)
{
	_cleanup_(str_free) char *text = NULL;
	struct in_addr server = {0};
	uint32_t best_mask = 0;
	char best[IFNAMSIZ] = "";
	char *words[8];

	if (!finder_read(f, "proc/net/route", &text))
		return;
	bool known = inet_aton(f->server, &server) != 0;
	for (char *rest = text, *line; (line = table_line(&rest, false));) {
		uint32_t to, mask;
		if (table_words(line, words, 8) < 8)
			continue;
		const char *destination = words[1], *width = words[7];
		if (!str_hex(&destination, 8, &to) || !str_hex(&width, 8, &mask))
			continue;
		if (to == 0 && mask == 0)
			note(nics, words[0]);
		else if (known && (server.s_addr & mask) == to && ntohl(mask) >= best_mask) {
			best_mask = ntohl(mask);
			(void)str_copy(best, sizeof(best), words[0]);
		}
	}
	if (best[0])
		note(nics, best);
}

/* Destination, its length, source, its length, gateway, metric, references, uses, flags, interface
 * (rt6_info_route in net/ipv6/route.c). */
static void note_routes6(struct finder *f, struct nics *nics)
{
	_cleanup_(str_free) char *text = NULL;
	char *words[10];

	if (!finder_read(f, "proc/net/ipv6_route", &text))
		return;
	for (char *rest = text, *line; (line = table_line(&rest, false));)
		if (table_words(line, words, 10) == 10 && str_equal(words[1], "00") &&
			!str_equal(words[9], "lo"))
			note(nics, words[9]);
}

/* lower_eth0 in a bond, bridge or VLAN (netdev_adjacent_sysfs_add in net/core/dev.c). */
static int note_lower(const char *name, void *to)
{
	if (str_starts(name, "lower_"))
		note(to, name + strlen("lower_"));
	return 0;
}

static unsigned keep_nic(struct finder *f, const char *name)
{
	char path[SYSFS_PATH_MAX], device[DEVPATH_MAX], why[KEEP_WHY_MAX];

	(void)snprintf(path, sizeof(path), "class/net/%s", name);
	if (devpath_of(f->sysfs, path, device) < 0)
		return 0;
	(void)snprintf(why, sizeof(why), "%.100s comes over it (%s)", f->network, name);
	return finder_keep(f, KEEP_NETWORK, device, why);
}

void nics_keep(struct finder *f)
{
	struct nics nics = {.n = 0};
	char path[SYSFS_PATH_MAX];
	unsigned kept = 0;

	note_routes(f, &nics);
	note_routes6(f, &nics);
	for (unsigned i = 0; i < nics.n; i++) { /* the list grows as we go */
		kept += keep_nic(f, nics.name[i]);
		(void)snprintf(path, sizeof(path), "class/net/%s", nics.name[i]);
		finder_each(f, path, note_lower, &nics);
	}
	if (kept == 0)
		keep_unknown(f->keep,
			"%s comes over the network, and no route says by which "
			"device",
			f->network);
}
