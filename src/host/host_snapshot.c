/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host_snapshot.h"

#include "base/file.h"
#include "base/str.h"
#include "pci/sysfs.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define PROC_MAX (1024UL * 1024)
#define ADDRESSES_MAX 128
#define SCOPE_LINK 0x20U /* IPV6_ADDR_LINKLOCAL in include/net/ipv6.h */

static char *proc_text(const char *path)
{
	char *text = NULL;
	size_t len;

	return file_read(AT_FDCWD, path, PROC_MAX, &text, &len, NULL) < 0 ? NULL : text;
}

static unsigned prefix_length(const struct ifreq *r, int fd)
{
	struct ifreq mask = *r;

	if (ioctl(fd, SIOCGIFNETMASK, &mask) < 0)
		return 32;
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&mask.ifr_netmask;
	return (unsigned)__builtin_popcount(in->sin_addr.s_addr);
}

/* SIOCGIFCONF returns all IPv4 addresses (netdevice(7)); getifaddrs(3), which returns both kinds,
 * is ten times the code. */
static void add_ipv4(struct text *t)
{
	struct ifreq requests[ADDRESSES_MAX];
	struct ifconf conf = {.ifc_len = sizeof(requests), .ifc_req = requests};
	char buf[INET_ADDRSTRLEN];
	_cleanup_(fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFCONF, &conf) < 0)
		return;
	for (size_t i = 0; i < (size_t)conf.ifc_len / sizeof(*requests); i++) {
		const struct ifreq *r = &requests[i];
		const struct sockaddr_in *in =
			(const struct sockaddr_in *)(const void *)&r->ifr_addr;
		if (inet_ntop(AF_INET, &in->sin_addr, buf, sizeof(buf)))
			text_print(t, "%.*s %s/%u\n", (int)strcspn(r->ifr_name, ":"), r->ifr_name,
				buf, prefix_length(r, fd));
	}
}

/* "20010db8000000000000000000000010 02 40 00 80 eth0": address, index, prefix length, scope, flags,
 * name. */
static void add_ipv6_line(struct text *t, char *line)
{
	struct in6_addr address;
	char buf[INET6_ADDRSTRLEN], *field[6];
	uint32_t byte, length, scope;
	size_t n = 0;

	for (size_t i = 0; i < 6; i++)
		if (!(field[i] = strtok_r(line, " ", &line)))
			return;
	const char *digits = field[0], *of_length = field[2], *of_scope = field[3];
	while (n < sizeof(address) && str_hex_fixed(&digits, 2, &byte))
		address.s6_addr[n++] = (uint8_t)byte;
	if (n < sizeof(address) || !str_hex(&of_length, 2, &length) ||
		!str_hex(&of_scope, 2, &scope) || scope == SCOPE_LINK)
		return; /* every interface has a link-local address */
	if (inet_ntop(AF_INET6, &address, buf, sizeof(buf)))
		text_print(t, "%s %s/%u\n", field[5], buf, length);
}

static void add_ipv6(struct text *t, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		add_ipv6_line(t, line);
}

static char *live_addresses(void)
{
	struct text t = {0};
	char *six = proc_text("/proc/net/if_inet6");

	add_ipv4(&t);
	add_ipv6(&t, six);
	free(six);
	return t.data;
}

/* Reads it as a file of its own, or from the recorded root. */
static char *recorded(struct sysfs *s, const char *name, const char *path)
{
	char full[128];

	(void)snprintf(full, sizeof(full), NOTES_DIRECTORY "/%s", name);
	char *text = sysfs_path_text(s, full);
	if (text)
		return text;
	(void)snprintf(full, sizeof(full), NOTES_ROOT "/%s", path);
	return sysfs_path_text(s, full);
}

void host_snapshot_read(struct host_snapshot *ret, struct sysfs *s, bool live)
{
	if (live)
		*ret = (struct host_snapshot){.mountinfo = proc_text("/proc/self/mountinfo"),
			.swaps = proc_text("/proc/swaps"),
			.addresses = live_addresses()};
	else
		*ret = (struct host_snapshot){
			.mountinfo = recorded(s, "mountinfo", "proc/self/mountinfo"),
			.swaps = recorded(s, "swaps", "proc/swaps"),
			.addresses = sysfs_path_text(s, NOTES_DIRECTORY "/addresses"),
			.candidates = sysfs_path_text(s, NOTES_DIRECTORY "/candidates")};
}

void host_snapshot_done(struct host_snapshot *n)
{
	free(n->mountinfo);
	free(n->swaps);
	free(n->addresses);
	free(n->candidates);
	*n = (struct host_snapshot){0};
}
