/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bind/disks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK "class/block/"

/* class/block/NAME/BELOW */
static const char *block_path(const char *name, const char *below, char buf[static DEVPATH_MAX])
{
	(void)snprintf(buf, DEVPATH_MAX, BLOCK "%s%s%s", name, *below ? "/" : "", below);
	return buf;
}

struct below {
	struct hostdevs_search *f;
	const char *directory; /* below /sys */
	const char *prefix;    /* of the names that count */
	unsigned n;
};

static int need_each(const char *name, void *to)
{
	struct below *b = to;

	b->n++;
	hostdevs_search_need(b->f, PENDING_DISK, name);
	return 0;
}

/* What dm, md, bcache and drbd are made of (bd_link_disk_holder in block/holder.c). */
static unsigned need_slaves(struct hostdevs_search *f, const char *name)
{
	char path[DEVPATH_MAX];
	struct below b = {.f = f};

	hostdevs_search_each(f, block_path(name, "slaves", path), need_each, &b);
	return b.n;
}

#define FABRICS "/nvme-fabrics/"

struct adapter {
	struct hostdevs_search *f;
	const char *port; /* "nn-0x…:pn-0x…" */
	unsigned n;
};

static int keep_adapter(const char *name, void *to)
{
	struct adapter *a = to;
	char port[64], path[DEVPATH_MAX], device[DEVPATH_MAX], why[PROTECTED_REASON_MAX];

	(void)snprintf(path, sizeof(path), "class/fc_host/%.64s", name);
	if (sysfs_path_read(a->f->sysfs, port, sizeof(port), "%s/port_name", path) <= 0 ||
		!strstr(a->port, port) || devpath_of(a->f->sysfs, path, device) < 0)
		return 0;
	(void)snprintf(why, sizeof(why), "%.80s comes over it (%.40s)", a->f->what, name);
	a->n += hostdevs_search_protect(a->f, PROTECTED_STORAGE, device, why);
	return 0;
}

/* Over Fibre Channel the address names the port of an adapter. */
static void need_adapter(struct hostdevs_search *f, const char *port)
{
	struct adapter a = {.f = f, .port = port};

	hostdevs_search_each(f, "class/fc_host", keep_adapter, &a);
	if (a.n == 0)
		protected_set_unknown(f->keep,
			"%s comes over Fibre Channel, and no adapter has the port %s", f->what,
			port);
}

/* "traddr=10.0.5.1,trsvcid=4420,host_iface=eth1" (nvmf_get_address in drivers/nvme/host/fabrics.c);
 * directory: of the controller. */
static void need_fabric(struct hostdevs_search *f, const char *directory)
{
	char transport[16], address[512], port[128] = "";
	struct remote r = {.word = false};

	(void)sysfs_path_read(
		f->sysfs, transport, sizeof(transport), "%.300s/transport", directory);
	(void)sysfs_path_read(f->sysfs, address, sizeof(address), "%.300s/address", directory);
	if (str_equal(transport, "loop")) {
		protected_set_unknown(
			f->keep, "%s is on a disk that this host exports to itself", f->what);
	} else if (str_equal(transport, "fc")) {
		(void)tabfile_option_value(address, "host_traddr", port, sizeof(port));
		need_adapter(f, port);
	} else {
		(void)tabfile_option_value(address, "traddr", r.peer, sizeof(r.peer));
		(void)tabfile_option_value(address, "host_iface", r.nic, sizeof(r.nic));
		hostdevs_search_need_network(f, &r);
	}
}

struct session {
	struct hostdevs_search *f;
	char prefix[48];
	unsigned n;
};

static int need_connection(const char *name, void *to)
{
	static const char *const ends[] = {"persistent_address", "address"};
	struct session *s = to;
	struct remote r = {.word = false};

	for (size_t i = 0; str_starts(name, s->prefix) && i < 2; i++) {
		if (sysfs_path_read(s->f->sysfs, r.peer, sizeof(r.peer),
			    "class/iscsi_connection/%s/%s", name, ends[i]) <= 0)
			continue;
		hostdevs_search_need_network(s->f, &r);
		s->n++;
	}
	return 0;
}

/* ".../session1/target9:0:0/…" has the connections "connection1:0", "connection1:1"
 * (drivers/scsi/scsi_transport_iscsi.c). */
static unsigned need_session(struct hostdevs_search *f, const char *number)
{
	struct session s = {.f = f};

	(void)snprintf(
		s.prefix, sizeof(s.prefix), "connection%.*s:", (int)strcspn(number, "/"), number);
	hostdevs_search_each(f, "class/iscsi_connection", need_connection, &s);
	return s.n;
}

/* Fibre Channel over Ethernet in software is below a NIC, which may be a VLAN
 * (fcoe_interface_create in drivers/scsi/fcoe/fcoe.c). */
static bool need_nic_above(struct hostdevs_search *f, const char *device)
{
	static const char below[] = "/net/";
	const char *at = strstr(device, below);
	struct remote r = {.word = false};

	if (!at)
		return false;
	at += strlen(below);
	(void)snprintf(r.nic, sizeof(r.nic), "%.*s", (int)strcspn(at, "/"), at);
	hostdevs_search_need_network(f, &r);
	return true;
}

/* What a disk that is on no PCI function has for a network behind it; false for none. */
static bool need_remote(struct hostdevs_search *f, const char *name, const char *device)
{
	static const char session[] = "/session", controller[] = FABRICS "ctl/";
	const char *at = strstr(device, session);
	struct remote r = {.nbd = str_starts(name, "nbd")};

	if (at && need_session(f, at + strlen(session)) > 0)
		return true;
	if (need_nic_above(f, device))
		return true;
	const char *fabric = strstr(device, controller);
	if (fabric) { /* with one way to it there is no disk of the subsystem */
		size_t len = (size_t)(fabric - device) + strlen(controller);
		char directory[DEVPATH_MAX];
		len += strcspn(device + len, "/");
		(void)snprintf(directory, sizeof(directory), "%.*s", (int)len, device);
		need_fabric(f, directory);
		return true;
	}
	if (!at && !r.nbd && !str_starts(name, "rbd") && !str_starts(name, "drbd") &&
		!str_starts(name, "etherd"))
		return false;
	hostdevs_search_need_network(f, &r);
	return true;
}

/* The controllers of an NVMe subsystem, which is where a disk hangs that has several ways to it
 * (nvme_mpath_alloc_disk in drivers/nvme/host/multipath.c). */
static int keep_controller(const char *name, void *to)
{
	struct below *b = to;
	char path[DEVPATH_MAX], device[DEVPATH_MAX], why[PROTECTED_REASON_MAX];

	if (!str_starts(name, b->prefix))
		return 0;
	(void)snprintf(path, sizeof(path), "%.700s/%.255s", b->directory, name);
	if (devpath_of(b->f->sysfs, path, device) < 0)
		return 0;
	b->n++;
	(void)snprintf(why, sizeof(why), "%.80s is on it (/dev/%.40s)", b->f->what, name);
	if (strstr(device, FABRICS))
		need_fabric(b->f, device);
	else
		(void)hostdevs_search_protect(b->f, PROTECTED_STORAGE, device, why);
	return 0;
}

static unsigned need_controllers(struct hostdevs_search *f, const char *device)
{
	static const char subsystems[] = "/nvme-subsystem/";
	const char *at = strstr(device, subsystems);
	char directory[DEVPATH_MAX];
	struct below b = {.f = f, .directory = directory, .prefix = "nvme"};

	if (!at)
		return 0;
	size_t len = (size_t)(at - device) + strlen(subsystems);
	len += strcspn(device + len, "/");
	(void)snprintf(directory, sizeof(directory), "%.*s", (int)len, device);
	hostdevs_search_each(f, directory, keep_controller, &b);
	return b.n;
}

/* btrfs mounts any one of its devices and lists them all. */
static int need_filesystem(const char *uuid, void *to)
{
	const struct below *b = to;
	char path[DEVPATH_MAX], device[DEVPATH_MAX];
	struct below siblings = {.f = b->f};

	(void)snprintf(path, sizeof(path), "fs/btrfs/%.64s/devices/%.255s", uuid, b->prefix);
	if (devpath_of(b->f->sysfs, path, device) < 0)
		return 0;
	*strrchr(path, '/') = '\0';
	hostdevs_search_each(b->f, path, need_each, &siblings);
	return 1;
}

static void need_siblings(struct hostdevs_search *f, const char *name)
{
	struct below b = {.f = f, .prefix = name};

	hostdevs_search_each(f, "fs/btrfs", need_filesystem, &b);
}

static bool need_backing_file(struct hostdevs_search *f, const char *name)
{
	char file[DEVPATH_MAX];

	if (sysfs_path_read(f->sysfs, file, sizeof(file), BLOCK "%s/loop/backing_file", name) <= 0)
		return false;
	hostdevs_search_need(f, PENDING_PATH, file);
	return true;
}

static bool is_memory(const char *name)
{
	return str_starts(name, "zram") || str_starts(name, "ram") || str_starts(name, "pmem");
}

static void look_for_passphrase(struct hostdevs_search *f, const char *name)
{
	char uuid[64];

	/* "CRYPT-LUKS2-…" (libcryptsetup, dm_prepare_uuid). */
	if (sysfs_path_read(f->sysfs, uuid, sizeof(uuid), BLOCK "%s/dm/uuid", name) < 0)
		return;
	if (str_starts(uuid, "CRYPT-") && !f->for_swap)
		f->needs_passphrase = true;
}

/* The disk that a partition is of: the directory above it. */
static void whole_disk(struct hostdevs_search *f, const char *name, const char *device,
	char buf[static DISK_NAME_SIZE])
{
	char number[16];

	(void)str_copy(buf, DISK_NAME_SIZE, name);
	if (sysfs_path_read(f->sysfs, number, sizeof(number), BLOCK "%s/partition", name) < 0)
		return;
	const char *last = strrchr(device, '/'), *from = last;
	while (from > device && from[-1] != '/')
		from--;
	(void)snprintf(buf, DISK_NAME_SIZE, "%.*s", (int)(last - from), from);
}

static void look(
	struct hostdevs_search *f, enum pending_kind kind, const char *name, const char *device)
{
	char whole[DISK_NAME_SIZE], why[PROTECTED_REASON_MAX];

	(void)snprintf(why, sizeof(why), "%.80s is on it (/dev/%.40s)", f->what, name);
	unsigned found = hostdevs_search_protect(f, PROTECTED_STORAGE, device, why);
	if (kind == PENDING_DISK)
		need_siblings(f, name);
	whole_disk(f, name, device, whole);
	look_for_passphrase(f, whole);
	if (found == 0)
		found += need_remote(f, whole, device);
	found += need_slaves(f, whole);
	found += need_controllers(f, device);
	if (str_starts(whole, "zd")) { /* a volume of ZFS, of one pool or other */
		hostdevs_search_need(f, PENDING_POOL, "");
		return;
	}
	found += need_backing_file(f, whole);
	/* What is on another bus than PCI has its parent there, and nobody can take it. */
	if (found == 0 && str_starts(device, "devices/virtual/") && !is_memory(whole))
		protected_set_unknown(f->keep, "%s is on /dev/%s, which does not say where it lies",
			f->what, name);
}

void disk_look(struct hostdevs_search *f, enum pending_kind kind, const char *name)
{
	char path[DEVPATH_MAX], device[DEVPATH_MAX];

	if (devpath_of(f->sysfs, block_path(name, "", path), device) < 0)
		protected_set_unknown(
			f->keep, "%s is on /dev/%s, which is not in sysfs", f->what, name);
	else
		look(f, kind, name, device);
}

bool disk_need_number(struct hostdevs_search *f, unsigned major, unsigned minor)
{
	char path[DEVPATH_MAX], device[DEVPATH_MAX];

	(void)snprintf(path, sizeof(path), "dev/block/%u:%u", major, minor);
	if (devpath_of(f->sysfs, path, device) < 0)
		return false;
	hostdevs_search_need(f, PENDING_DISK, strrchr(device, '/') + 1);
	return true;
}

static bool need_spec(struct hostdevs_search *f, enum pending_kind kind, const char *spec)
{
	char name[DISK_NAME_SIZE];

	if (!dev_tag_disk(f->root, f->sysfs, spec, name))
		return false;
	hostdevs_search_need(f, kind, name);
	return true;
}

bool disk_need_spec(struct hostdevs_search *f, const char *spec)
{
	return need_spec(f, PENDING_DISK, spec);
}

#define SEPARATORS "=:,"

/* What may be named in place of a disk, and is none. */
static bool is_no_disk(const char *path)
{
	static const char *const nodes[] = {"/dev/urandom", "/dev/random", "/dev/null", "/dev/zero",
		"/dev/tty", "/dev/console", "/dev/tpm", "/dev/hidraw", "/dev/fuse", "/dev/nfs"};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		if (str_starts(path, nodes[i]))
			return true;
	return false;
}

#define CUTS_MAX 32  /* the parts of a name of by-path, and what stands behind it */
#define NAMED_MAX 64 /* in one text */

/* The longest that is a disk counts: the names of by-path hold separators too, but no comma. Its
 * length. */
static size_t need_longest(struct hostdevs_search *f, enum pending_kind kind, const char *text)
{
	char spec[DEVPATH_MAX];
	size_t len = strcspn(text, ",");

	len = len < sizeof(spec) ? len : sizeof(spec) - 1;
	memcpy(spec, text, len);
	for (int i = 0; i < CUTS_MAX && len > 0; i++) {
		spec[len] = '\0';
		if (need_spec(f, kind, spec))
			return len;
		while (len > 0 && !strchr(SEPARATORS, spec[--len]))
			;
	}
	return 0;
}

void disks_need_named(struct hostdevs_search *f, const char *text, bool part)
{
	char path[DEVPATH_MAX];
	unsigned n = 0;

	for (const char *p = text; *p != '\0';) {
		size_t len = 0;
		bool named = dev_tag_path(p, path) && !is_no_disk(path);
		if (named && n++ == NAMED_MAX) {
			protected_set_unknown(
				f->keep, "%s names more than %d disks", f->what, NAMED_MAX);
			return;
		}
		if (named)
			len = need_longest(f, part ? PENDING_PART : PENDING_DISK, p);
		if (named && len == 0 && part)
			protected_set_unknown(f->keep, "%s names %.*s, which is not there now",
				f->what, (int)strcspn(p, ":,"), p);
		p += len;
		p += strcspn(p, SEPARATORS);
		p += *p != '\0';
	}
}
