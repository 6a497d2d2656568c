/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/hostdevs.h"

#include "base/dir.h"
#include "base/file.h"
#include "base/str.h"
#include "core/boot_switch.h"
#include "core/protected.h"
#include "host/blockdev.h"
#include "host/keyboards.h"
#include "pci/devnode.h"
#include "pci/devpath.h"
#include "pci/sysfs.h"
#include "shared/mounts.h"
#include "shared/tabfile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/sysmacros.h>

/*
 * Shared by the sections below. `hostdevs` lists what the host needs; `disks`, `pools` and
 * `filesystems` each add what one item of their kind consists of; `nics` and `keyboards` come last.
 * No section examines an item of another: it adds the item to a queue, which `hostdevs` empties,
 * each disk once.
 */
#define HOSTDEVS_WHAT_MAX 96
#define HOSTDEVS_NEEDS_MAX 2048      /* more than any host needs; a table may contain a cycle */
#define HOSTDEVS_FILE_MAX (4U << 20) /* a mount table may be long */

enum pending_kind {
	PENDING_DISK, /* by its name in /sys/class/block */
	PENDING_PART, /* the same for a log, header or key, which has no sibling disks */
	PENDING_PATH, /* the file system of an absolute path */
	PENDING_POOL, /* of ZFS; "": any pool */
};

struct pending {
	enum pending_kind kind;
	char *name;
	char what[HOSTDEVS_WHAT_MAX]; /* what it is needed for */
};

/* Something that may come over the network, with the peer's address or a NIC, if known. */
#define REMOTES_MAX 32
#define PEER_MAX 64
struct remote {
	char what[HOSTDEVS_WHAT_MAX];
	char peer[PEER_MAX], nic[IFNAMSIZ];
	bool word; /* from a word about the network on the kernel command line, not from a mount */
	bool nbd;  /* its peer is known only from such a word */
};

struct hostdevs_search {
	struct protected_list *keep;
	struct sysfs *sysfs;
	int root;
	struct mount_table mounts, fstab, swaps;
	char what[HOSTDEVS_WHAT_MAX]; /* the current item, "root /" */
	bool no_memory;
	struct pending *needs; /* the queue; entries before `next` are taken */
	size_t n_needs, next;
	struct text seen; /* names of disks, "\nsda\nsda1\n" */
	bool for_swap;    /* the current disks need no passphrase: swap may have a random key */
	bool needs_passphrase; /* something other than swap may need one */
	struct remote remotes[REMOTES_MAX];
	unsigned n_remotes;
};

/* Sets the current item. */
static void hostdevs_search_for(struct hostdevs_search *f, const char *fmt, ...) _printf_(2, 3);

/* sysfs_path_each for callbacks whose result does not matter; records -ENOMEM. */
static void hostdevs_search_each(struct hostdevs_search *f, const char *path,
	int (*each)(const char *name, void *to), void *to);

/* Reads a file below root; false if there is none or memory has run out. The caller frees *ret. */
static bool hostdevs_search_read(struct hostdevs_search *f, const char *path, char **ret);

/*
 * Protects each PCI function in a device path except bridges; the reason is copied. Returns their
 * number. Functions that these depend on are protected, too: the physical function of a virtual
 * one, the suppliers known to the kernel, the controllers of Thunderbolt for devices below its
 * ports.
 */
static unsigned hostdevs_search_protect(struct hostdevs_search *f, enum protected_kind kind,
	const char *device, const char *reason);

/* Adds a copy to the queue, for the current item. A disk that was in the queue before is not added
 * again. */
static void hostdevs_search_need(
	struct hostdevs_search *f, enum pending_kind kind, const char *name);

/* The current item comes over the network: r has the peer and the NIC, if known. */
static void hostdevs_search_need_network(struct hostdevs_search *f, const struct remote *r);

/* Takes the next entry out of the queue, which the caller empties with pending_done; false after
 * the last. */
static bool hostdevs_search_next(struct hostdevs_search *f, struct pending *ret) _must_check_;
static void pending_done(struct pending *need);

/* Empties it; the list, sysfs and the root belong to the caller. */
static void hostdevs_search_done(struct hostdevs_search *f);

/*
 * Adds a disk by its number, or by its name in a table (/dev/…, UUID=, LABEL=, PARTUUID=,
 * PARTLABEL=, ID=). False if there is no such disk now.
 */
static bool disk_need_number(struct hostdevs_search *f, unsigned major, unsigned minor);
static bool disk_need_spec(struct hostdevs_search *f, const char *spec);

/*
 * Adds each disk named anywhere in a text: mount options ("rw,logdev=/dev/sda3"), a word of the
 * kernel command line ("cryptkey=/dev/sdc1:vfat:/key"), a field of crypttab ("/key:UUID=…"). part:
 * logs, headers and keys. If one of these is missing now, the search result is unknown: a stick
 * with a key is unplugged after the boot.
 */
static void disks_need_named(struct hostdevs_search *f, const char *text, bool part);

/* Protects the controller of a disk, and adds the disks that it is made of; for PENDING_DISK also
 * the other disks of its file system. name: as in /sys/class/block. */
static void disk_look(struct hostdevs_search *f, enum pending_kind kind, const char *name);

/* Adds the disks of a ZFS pool; "": of all. */
static void pool_look(struct hostdevs_search *f, const char *pool);

/* Adds what a mounted file system is on: disks, a pool, layers, the network. */
static void mount_look(struct hostdevs_search *f, const struct mount_row *m);

/* The same for the file system of an absolute path. */
static void path_look(struct hostdevs_search *f, const char *path);

/* Adds the server of a network file system, from the source and the options of a mount. */
static void need_server(struct hostdevs_search *f, const char *source, const char *options);

/* True for a file system type that always comes over the network. */
static bool type_is_network(const char *type);

/* Parses a numeric address in a text like "10.0.0.1:/srv" or "[fd00::1]:/srv" into r->peer, and the
 * NIC of "fe80::1%eth0" into r->nic. Leaves r unchanged if there is none. */
static void nics_find_peer(const char *text, struct remote *r);

/* Adds what a word of the kernel command line needs of the network (kernel_word_is_network). */
static void nics_need_word(struct hostdevs_search *f, const char *word);

/*
 * Protects the functions of the NICs for f->remotes, each by the route to its peer or by its named
 * NIC; a peer without a NIC makes the result unknown. Also protects those of the default route of
 * each family, the one with the lowest metric that leads to a device.
 */
static void nics_keep(struct hostdevs_search *f);

/* Protects the functions that keyboards are attached to. */
static void keyboards_keep(struct hostdevs_search *f);

/* ---- search ------------------------------------------------------------------------------------
 */

static void hostdevs_search_for(struct hostdevs_search *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->what, sizeof(f->what), fmt, ap);
	va_end(ap);
}

static void hostdevs_search_each(struct hostdevs_search *f, const char *path,
	int (*each)(const char *name, void *to), void *to)
{
	if (sysfs_path_each(f->sysfs, path, each, to) == -ENOMEM)
		f->no_memory = true;
}

static bool hostdevs_search_read(struct hostdevs_search *f, const char *path, char **ret)
{
	size_t len;
	int r = file_read(f->root, path, HOSTDEVS_FILE_MAX, ret, &len, NULL);

	if (r == -ENOMEM)
		f->no_memory = true;
	return r == 0;
}

static void keep_one(struct hostdevs_search *f, enum protected_kind kind, const struct device *d,
	const char *device, const char *reason)
{
	struct protected_dev one = {.kind = kind, .addr = d->addr, .class = d->class};
	char path[SELECTOR_TEXT_MAX];

	one.id = (struct pci_id){d->id.vendor, d->id.device, PCI_ANY, PCI_ANY};
	devpath_format(device, d->addr, path, sizeof(path));
	protected_set_path(&one, path);
	(void)str_copy(one.reason, sizeof(one.reason), reason);
	f->no_memory |= protected_add(f->keep, &one) < 0;
}

/* Protects the functions in a path, without their dependencies. */
static unsigned keep_path(
	struct hostdevs_search *f, enum protected_kind kind, const char *device, const char *reason)
{
	_cleanup_(device_list_done) struct device_list list = {0};
	struct pci_addr addr;
	unsigned n = 0;

	for (const char *p = device; devpath_next(&p, &addr);) {
		if (scan_one(f->sysfs, addr, &list, NULL) <= 0)
			continue;
		const struct device *d = device_find(&list, addr);
		if (device_is_bridge(d) || d->class >> 16 == PCI_BASE_BRIDGE)
			continue;
		keep_one(f, kind, d, device, reason);
		n++;
	}
	return n;
}

struct supply {
	struct hostdevs_search *f;
	enum protected_kind kind;
	const char *reason;
};

static void keep_supplier(const struct supply *s, const char *address)
{
	char path[DEVPATH_MAX], device[DEVPATH_MAX];

	(void)snprintf(path, sizeof(path), "bus/pci/devices/%.32s", address);
	if (devpath_of(s->f->sysfs, path, device) > 0)
		(void)keep_path(s->f, s->kind, device, s->reason);
}

/* "supplier:pci:0000:00:0d.2" (device_link_add in drivers/base/core.c): the supplier of Thunderbolt
 * ports is their host interface (tb_acpi_add_links in drivers/thunderbolt/acpi.c). */
static int each_link(const char *name, void *to)
{
	static const char prefix[] = "supplier:pci:";

	if (str_starts(name, prefix))
		keep_supplier(to, name + strlen(prefix));
	return 0;
}

static int each_controller(const char *name, void *to)
{
	if (strchr(name, ':'))
		keep_supplier(to, name);
	return 0;
}

static void keep_suppliers(struct supply *s, struct pci_addr addr)
{
	char path[SYSFS_PATH_MAX], address[PCI_ADDR_MAX], text[DEVPATH_MAX];

	(void)snprintf(path, sizeof(path), "bus/pci/devices/%s", pci_addr_format(addr, address));
	hostdevs_search_each(s->f, path, each_link, s);
	if (sysfs_path_link(s->f->sysfs, text, sizeof(text), "%s/physfn", path) > 0)
		keep_supplier(s, strrchr(text, '/') ? strrchr(text, '/') + 1 : text);
	/* For older controllers nothing maps ports to controllers
	 * (Documentation/ABI/testing/sysfs-devices-removable). */
	if (sysfs_path_read(s->f->sysfs, text, sizeof(text), "%s/removable", path) > 0 &&
		str_equal(text, "removable"))
		hostdevs_search_each(s->f, "bus/pci/drivers/thunderbolt", each_controller, s);
}

static unsigned hostdevs_search_protect(
	struct hostdevs_search *f, enum protected_kind kind, const char *device, const char *reason)
{
	struct supply s = {f, kind, reason};
	struct pci_addr addr;
	unsigned n = keep_path(f, kind, device, reason);

	for (const char *p = device; devpath_next(&p, &addr);)
		keep_suppliers(&s, addr);
	return n;
}

static void hostdevs_search_need_network(struct hostdevs_search *f, const struct remote *r)
{
	if (f->n_remotes == REMOTES_MAX) {
		protected_set_unknown_kind(f->keep, UNKNOWN_NETWORK,
			"more than %d things come over the network", REMOTES_MAX);
		return;
	}
	f->remotes[f->n_remotes] = *r;
	(void)str_copy(f->remotes[f->n_remotes++].what, HOSTDEVS_WHAT_MAX, f->what);
}

/* True if the disk was not in the queue before for this kind of use. */
static bool first_need(struct hostdevs_search *f, enum pending_kind kind, const char *disk)
{
	char key[BLOCKDEV_NAME_MAX + 3];

	(void)snprintf(key, sizeof(key), "\n%s%s\n", kind == PENDING_PART ? "=" : "", disk);
	if (f->seen.data && strstr(f->seen.data, key))
		return false;
	text_print(&f->seen, "%s", key);
	f->no_memory |= f->seen.failed;
	return true;
}

static void hostdevs_search_need(
	struct hostdevs_search *f, enum pending_kind kind, const char *name)
{
	struct pending need = {.kind = kind};

	if ((kind == PENDING_DISK || kind == PENDING_PART) && !first_need(f, kind, name))
		return;
	if (f->n_needs == HOSTDEVS_NEEDS_MAX) {
		protected_set_unknown(f->keep, "%s: it is on more than %d disks and layers",
			f->what, HOSTDEVS_NEEDS_MAX);
		return;
	}
	need.name = strdup(name);
	struct pending *at = need.name ? reallocarray(f->needs, f->n_needs + 1, sizeof(*at)) : NULL;
	if (!at) {
		free(need.name);
		f->no_memory = true;
		return;
	}
	(void)str_copy(need.what, sizeof(need.what), f->what);
	f->needs = at;
	f->needs[f->n_needs++] = need;
}

static bool hostdevs_search_next(struct hostdevs_search *f, struct pending *ret)
{
	if (f->next == f->n_needs)
		return false;
	*ret = f->needs[f->next];
	f->needs[f->next++].name = NULL;
	return true;
}

static void pending_done(struct pending *need)
{
	free(need->name);
	need->name = NULL;
}

static void hostdevs_search_done(struct hostdevs_search *f)
{
	for (size_t i = 0; i < f->n_needs; i++)
		pending_done(&f->needs[i]);
	free(f->needs);
	mount_table_done(&f->mounts);
	mount_table_done(&f->fstab);
	mount_table_done(&f->swaps);
	text_done(&f->seen);
}

/* ---- disks -------------------------------------------------------------------------------------
 */

struct found {
	struct hostdevs_search *f;
	unsigned n;
};

static int need_each(const char *name, void *to)
{
	struct found *b = to;

	b->n++;
	hostdevs_search_need(b->f, PENDING_DISK, name);
	return 0;
}

static unsigned need_slaves(struct hostdevs_search *f, const char *name)
{
	struct found b = {.f = f};

	f->no_memory |= blockdev_slaves(f->sysfs, name, need_each, &b) < 0;
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
	char port[64], path[DEVPATH_MAX], device[DEVPATH_MAX], reason[PROTECTED_REASON_MAX];

	(void)snprintf(path, sizeof(path), "class/fc_host/%.64s", name);
	if (sysfs_path_read(a->f->sysfs, port, sizeof(port), "%s/port_name", path) <= 0 ||
		!strstr(a->port, port) || devpath_of(a->f->sysfs, path, device) < 0)
		return 0;
	(void)snprintf(reason, sizeof(reason), "%.80s comes over it (%.40s)", a->f->what, name);
	a->n += hostdevs_search_protect(a->f, PROTECTED_STORAGE, device, reason);
	return 0;
}

/* With Fibre Channel the address names the port of an adapter. */
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
 * directory: the controller's. */
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

/* Software Fibre Channel over Ethernet is below a NIC, which may be a VLAN (fcoe_interface_create
 * in drivers/scsi/fcoe/fcoe.c). */
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

/* Adds the network of a disk that is not below a PCI function; false if it has none. */
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
	if (fabric) { /* with a single path the disk is not below the subsystem */
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

static int keep_controller(const char *path, void *to)
{
	struct found *b = to;
	char device[DEVPATH_MAX], reason[PROTECTED_REASON_MAX];

	if (devpath_of(b->f->sysfs, path, device) < 0)
		return 0;
	b->n++;
	(void)snprintf(reason, sizeof(reason), "%.80s is on it (/dev/%.40s)", b->f->what,
		strrchr(path, '/') + 1);
	if (strstr(device, FABRICS))
		need_fabric(b->f, device);
	else
		(void)hostdevs_search_protect(b->f, PROTECTED_STORAGE, device, reason);
	return 0;
}

static unsigned need_controllers(struct hostdevs_search *f, const char *device)
{
	struct found b = {.f = f};

	f->no_memory |= blockdev_controllers(f->sysfs, device, keep_controller, &b) < 0;
	return b.n;
}

/* btrfs is mounted by any one of its devices. */
static void need_siblings(struct hostdevs_search *f, const char *name)
{
	struct found b = {.f = f};

	f->no_memory |= blockdev_btrfs(f->sysfs, name, need_each, &b) < 0;
}

static bool need_backing_file(struct hostdevs_search *f, const char *name)
{
	char file[DEVPATH_MAX];

	if (sysfs_path_read(
		    f->sysfs, file, sizeof(file), "class/block/%s/loop/backing_file", name) <= 0)
		return false;
	hostdevs_search_need(f, PENDING_PATH, file);
	return true;
}

static bool is_memory(const char *name)
{
	return str_starts(name, "zram") || str_starts(name, "ram") || str_starts(name, "pmem");
}

static void find_passphrase(struct hostdevs_search *f, const char *name)
{
	char uuid[64];

	/* "CRYPT-LUKS2-…" (libcryptsetup, dm_prepare_uuid). */
	if (sysfs_path_read(f->sysfs, uuid, sizeof(uuid), "class/block/%s/dm/uuid", name) < 0)
		return;
	if (str_starts(uuid, "CRYPT-") && !f->for_swap)
		f->needs_passphrase = true;
}

static void look(
	struct hostdevs_search *f, enum pending_kind kind, const char *name, const char *device)
{
	char whole[BLOCKDEV_NAME_MAX], reason[PROTECTED_REASON_MAX];

	(void)snprintf(reason, sizeof(reason), "%.80s is on it (/dev/%.40s)", f->what, name);
	unsigned found = hostdevs_search_protect(f, PROTECTED_STORAGE, device, reason);
	if (kind == PENDING_DISK)
		need_siblings(f, name);
	blockdev_whole(f->sysfs, name, whole);
	find_passphrase(f, whole);
	if (found == 0)
		found += need_remote(f, whole, device);
	found += need_slaves(f, whole);
	found += need_controllers(f, device);
	if (str_starts(whole, "zd")) { /* a volume of ZFS, of an unknown pool */
		hostdevs_search_need(f, PENDING_POOL, "");
		return;
	}
	found += need_backing_file(f, whole);
	/* A disk on a bus other than PCI has its parent there, and cannot be bound to vfio-pci. */
	if (found == 0 && str_starts(device, "devices/virtual/") && !is_memory(whole))
		protected_set_unknown(f->keep, "%s is on /dev/%s, which does not say where it lies",
			f->what, name);
}

static void disk_look(struct hostdevs_search *f, enum pending_kind kind, const char *name)
{
	char device[DEVPATH_MAX];

	if (!blockdev_directory(f->sysfs, name, device))
		protected_set_unknown(
			f->keep, "%s is on /dev/%s, which is not in sysfs", f->what, name);
	else
		look(f, kind, name, device);
}

static bool disk_need_number(struct hostdevs_search *f, unsigned major, unsigned minor)
{
	char name[BLOCKDEV_NAME_MAX];

	if (!blockdev_by_number(f->sysfs, major, minor, name))
		return false;
	hostdevs_search_need(f, PENDING_DISK, name);
	return true;
}

static bool need_spec(struct hostdevs_search *f, enum pending_kind kind, const char *spec)
{
	char name[BLOCKDEV_NAME_MAX];

	if (!dev_tag_disk(f->root, f->sysfs, spec, name))
		return false;
	hostdevs_search_need(f, kind, name);
	return true;
}

static bool disk_need_spec(struct hostdevs_search *f, const char *spec)
{
	return need_spec(f, PENDING_DISK, spec);
}

#define SEPARATORS "=:,"

/* True for nodes that may be named in place of a disk. */
static bool is_no_disk(const char *path)
{
	static const char *const nodes[] = {"/dev/urandom", "/dev/random", "/dev/null", "/dev/zero",
		"/dev/tty", "/dev/console", "/dev/tpm", "/dev/hidraw", "/dev/fuse", "/dev/nfs"};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++)
		if (str_starts(path, nodes[i]))
			return true;
	return false;
}

#define CUTS_MAX 32  /* parts of a by-path name, and what follows it */
#define NAMED_MAX 64 /* in one text */

/* Adds the longest prefix that names a disk: by-path names contain separators, too, but no comma.
 * Returns its length. */
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

static void disks_need_named(struct hostdevs_search *f, const char *text, bool part)
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

/* ---- pools -------------------------------------------------------------------------------------
 */

/*
 * ZFS does not list the disks of a pool in sysfs. udev's database has the type of each disk's
 * contents, and the pool; without it, any unmounted partition without holders may be a member.
 */

#define UDEV "run/udev/data"
#define UDEV_ENTRY_MAX 65536
#define UDEV_ENTRIES_MAX 65536

static bool has_line(char *text, const char *prefix, const char *value)
{
	for (char *p = text; (p = strstr(p, prefix)); p++) {
		size_t len = strlen(value);
		const char *at = p + strlen(prefix);
		if ((p == text || p[-1] == '\n') && strncmp(at, value, len) == 0 &&
			(at[len] == '\n' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* True for a member of the pool. A member whose pool is not named may belong to any. */
static bool is_member(char *entry, const char *pool)
{
	return has_line(entry, "E:ID_FS_TYPE=", "zfs_member") &&
	       (*pool == '\0' || !strstr(entry, "\nE:ID_FS_LABEL=") ||
		       has_line(entry, "E:ID_FS_LABEL=", pool));
}

static bool is_block(const char *name)
{
	return name[0] == 'b';
}

/* The name of an entry is "b8:1". */
static bool need_member(struct hostdevs_search *f, const char *name, const char *pool)
{
	_cleanup_(str_free) char *entry = NULL, *path = NULL;
	char number[32];
	dev_t dev;
	size_t len;

	return str_copy(number, sizeof(number), name + 1) == strlen(name + 1) &&
	       devnode_read_device(number, &dev) && asprintf(&path, UDEV "/%s", name) >= 0 &&
	       file_read(f->root, path, UDEV_ENTRY_MAX, &entry, &len, NULL) == 0 &&
	       is_member(entry, pool) && disk_need_number(f, major(dev), minor(dev));
}

static unsigned need_members(struct hostdevs_search *f, const char *pool)
{
	_cleanup_(strings_done) struct strings names = {0};
	unsigned found = 0;

	(void)dir_list(&names, f->root, UDEV, is_block, NULL);
	for (size_t i = 0; i < names.n && i < UDEV_ENTRIES_MAX; i++)
		found += need_member(f, names.v[i], pool);
	return found;
}

static int count(const char *name, void *to)
{
	(void)name;
	++*(unsigned *)to;
	return 0;
}

static bool is_mounted(const struct hostdevs_search *f, const char *name)
{
	unsigned major, minor;

	if (!blockdev_number(f->sysfs, name, &major, &minor))
		return false;
	for (size_t i = 0; i < f->mounts.n; i++)
		if (f->mounts.at[i].major == major && f->mounts.at[i].minor == minor)
			return true;
	return false;
}

static int guess_one(const char *name, void *to)
{
	struct found *g = to;
	unsigned holders = 0;

	if (!blockdev_is_partition(g->f->sysfs, name))
		return 0;
	g->f->no_memory |= blockdev_holders(g->f->sysfs, name, count, &holders) < 0;
	if (holders > 0 || is_mounted(g->f, name))
		return 0;
	return need_each(name, g);
}

static void pool_look(struct hostdevs_search *f, const char *pool)
{
	char what[sizeof(f->what)];
	struct found g = {.f = f};

	if (need_members(f, pool) > 0)
		return;
	(void)str_copy(what, sizeof(what), f->what);
	hostdevs_search_for(f, "maybe the pool of %.60s", what);
	hostdevs_search_each(f, "class/block", guess_one, &g);
	hostdevs_search_for(f, "%s", what);
	if (g.n == 0)
		protected_set_unknown(f->keep, "%s is on ZFS, and its disks are not known", what);
}

/* ---- filesystems -------------------------------------------------------------------------------
 */

static bool is_one_of(const char *type, const char *const *types, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_equal(type, types[i]))
			return true;
	return false;
}

static bool type_is_network(const char *type)
{
	static const char *const types[] = {"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs",
		"fuse.glusterfs", "fuse.ceph", "fuse.sshfs", "afs", "lustre", "beegfs", "orangefs"};

	return is_one_of(type, types, sizeof(types) / sizeof(*types));
}

/* 9p goes over a socket, or to the host of a VM, which is not a network. */
static bool mount_is_network(const struct mount_row *m)
{
	char transport[16];

	if (str_equal(m->type, "9p"))
		return tabfile_option_value(m->options, "trans", transport, sizeof(transport)) &&
		       (str_equal(transport, "tcp") || str_equal(transport, "rdma"));
	return type_is_network(m->type);
}

#define ZFS_LISTS "etc/zfs/zfs-list.cache/"
#define ZFS_WORDS 12
#define ZFS_ENCRYPTION_ROOT 10

/* Only zed's list of the datasets shows that no passphrase is needed; its columns are those of
 * history_event-zfs-list-cacher.sh. */
static bool is_unencrypted(struct hostdevs_search *f, const char *pool, const char *dataset)
{
	_cleanup_(str_free) char *text = NULL;
	char path[sizeof(ZFS_LISTS) + BLOCKDEV_NAME_MAX], *words[ZFS_WORDS];

	(void)snprintf(path, sizeof(path), ZFS_LISTS "%s", pool);
	if (!hostdevs_search_read(f, path, &text))
		return false;
	for (char *rest = text, *line; (line = tabfile_line(&rest, true));)
		if (tabfile_words(line, words, ZFS_WORDS) == ZFS_WORDS &&
			str_equal(words[0], dataset))
			return str_equal(words[ZFS_ENCRYPTION_ROOT], "-");
	return false;
}

/* The pool of "rpool/ROOT/debian". */
static void need_dataset(struct hostdevs_search *f, const char *dataset)
{
	char pool[BLOCKDEV_NAME_MAX];

	(void)snprintf(pool, sizeof(pool), "%.*s", (int)strcspn(dataset, "/"), dataset);
	hostdevs_search_need(f, PENDING_POOL, pool);
	if (!f->for_swap && !is_unencrypted(f, pool, dataset))
		f->needs_passphrase = true;
}

/* Adds every absolute path in the values of lowerdir=, lowerdir+=, datadir+= and upperdir= (kernel:
 * Documentation/filesystems/overlayfs.rst). */
static void need_layers(struct hostdevs_search *f, const char *options)
{
	for (const char *p = options; *p != '\0'; p += *p == ',') {
		size_t len = strcspn(p, ",");
		bool layers = str_starts(p, "lowerdir") || str_starts(p, "upperdir") ||
			      str_starts(p, "datadir");
		const char *end = p + len;
		const char *from = layers ? memchr(p, '=', len) : NULL;
		while (from && from < end) {
			from++;
			size_t part = strcspn(from, ":,");
			_cleanup_(str_free) char *path = strndup(from, part);
			if (path && *path == '/')
				hostdevs_search_need(f, PENDING_PATH, path);
			from += part;
		}
		p = end;
	}
}

/* bcachefs lists all its devices: "/dev/sda:/dev/sdb". */
static bool need_sources(struct hostdevs_search *f, const char *sources)
{
	bool found = false;

	while (*sources != '\0') {
		size_t len = strcspn(sources, ":");
		_cleanup_(str_free) char *one = strndup(sources, len);
		if (one)
			found |= disk_need_spec(f, one);
		sources += len + (sources[len] == ':');
	}
	return found;
}

/* NFS and CIFS have the peer in "addr="; others in the source, if it is numeric. */
static void need_server(struct hostdevs_search *f, const char *source, const char *options)
{
	struct remote r = {.word = false};

	if (!tabfile_option_value(options, "addr", r.peer, sizeof(r.peer)))
		nics_find_peer(source, &r);
	hostdevs_search_need_network(f, &r);
}

#define JOURNALS "proc/fs/jbd2"

/*
 * The external journal of ext3, ext4 or ocfs2, which is not in the mount options. Each journal in
 * use has a directory: "sda1-8" is one in a file of sda1, "sdb1" one on a disk of its own
 * (jbd2_journal_init_inode and _dev in fs/jbd2/journal.c). The latter does not name its file
 * system: every one may be this journal.
 */
static void need_journal(struct hostdevs_search *f, const struct mount_row *m)
{
	_cleanup_(strings_done) struct strings names = {0};
	char name[BLOCKDEV_NAME_MAX], own[BLOCKDEV_NAME_MAX + 1];

	if (!blockdev_by_number(f->sysfs, m->major, m->minor, name))
		return;
	(void)snprintf(own, sizeof(own), "%s-", name);
	(void)dir_list(&names, f->root, JOURNALS, NULL, NULL);
	bool has_own = false;
	for (size_t i = 0; i < names.n; i++)
		has_own |= str_starts(names.v[i], own);
	for (size_t i = 0; !has_own && i < names.n; i++)
		if (sysfs_path_exists(f->sysfs, "class/block/%s/dev", names.v[i]))
			hostdevs_search_need(f, PENDING_DISK, names.v[i]);
}

/* Adds other disks that a mounted file system names: the log of XFS, the other disks of btrfs. */
static void need_others(struct hostdevs_search *f, const struct mount_row *m)
{
	static const char *const journaled[] = {"ext3", "ext4", "ocfs2"};

	disks_need_named(f, m->options, true);
	if (is_one_of(m->type, journaled, sizeof(journaled) / sizeof(*journaled)))
		need_journal(f, m);
}

static void mount_look(struct hostdevs_search *f, const struct mount_row *m)
{
	static const char *const memory[] = {"tmpfs", "ramfs", "devtmpfs", "autofs"};

	if (mount_is_network(m)) {
		need_server(f, m->source, m->options);
	} else if (str_equal(m->type, "zfs")) {
		need_dataset(f, m->source);
	} else if (str_equal(m->type, "overlay")) {
		need_layers(f, m->options);
	} else if (is_one_of(m->type, memory, sizeof(memory) / sizeof(*memory))) {
		return;
	} else if (m->major != 0 && disk_need_number(f, m->major, m->minor)) {
		need_others(f, m);
	} else {
		/* A file system on several devices has a device number of its own; its source names
		 * the devices. */
		need_others(f, m);
		/* It may be encrypted by itself, which nothing shows. */
		f->needs_passphrase |= !f->for_swap && str_equal(m->type, "bcachefs");
		if (!need_sources(f, m->source))
			protected_set_unknown(f->keep,
				"%s is of type %s, which does not say where it lies", f->what,
				m->type);
	}
}

static void path_look(struct hostdevs_search *f, const char *path)
{
	const struct mount_row *m = mount_table_of(&f->mounts, path);

	if (m)
		mount_look(f, m);
	else
		protected_set_unknown(
			f->keep, "%s is in %s, which is not mounted here", f->what, path);
}

/* ---- nics --------------------------------------------------------------------------------------
 */

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
	char index[16]; /* of the interface below a tunnel */
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
	/* A tunnel only has the index of the interface below it (dev_get_iflink). */
	if (nics->n == before &&
		sysfs_path_read(f->sysfs, l.index, sizeof(l.index), "%s/iflink", path) > 0)
		hostdevs_search_each(f, "class/net", note_index, &l);
	/* A port of Open vSwitch does not even have that; its devices are all below one
	 * (ovs_netdev_link). */
	if (nics->n == before)
		note(nics, "ovs-system");
}

/* True if it is a physical device; protects its function, if it has one. */
static bool keep_nic(
	struct hostdevs_search *f, enum protected_kind kind, const char *what, const char *name)
{
	char path[SYSFS_PATH_MAX], device[DEVPATH_MAX], reason[PROTECTED_REASON_MAX];

	(void)snprintf(path, sizeof(path), "class/net/%s", name);
	if (devpath_of(f->sysfs, path, device) < 0)
		return false;
	(void)snprintf(reason, sizeof(reason), "%.90s over it (%s)", what, name);
	if (hostdevs_search_protect(f, kind, device, reason) > 0)
		return true;
	bool elsewhere = !str_starts(device, "devices/virtual/");
	f->keep->route_elsewhere |= elsewhere && kind == PROTECTED_ROUTE;
	return elsewhere;
}

/* Returns how many of them, and of those below them, are physical devices. */
static unsigned keep_nics(
	struct hostdevs_search *f, enum protected_kind kind, const char *what, struct nics *nics)
{
	unsigned found = 0;

	for (unsigned i = 0; i < nics->n; i++) { /* the list grows during the loop */
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
	uint8_t to[16]; /* in network byte order */
	unsigned bits;
	uint32_t metric;
	const char *nic;
};

#define ROUTE_UP 0x1
#define ROUTE_REJECT 0x200

/* Interface, destination, gateway, flags, references, uses, metric, mask: numbers in hexadecimal,
 * addresses in memory order, the metric in decimal (fib_route_seq_show in net/ipv4/fib_trie.c). */
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

/* A search in the routing table of one family. */
struct search {
	bool v6;
	const uint8_t *peer; /* the destination; NULL: the default route */
	int64_t upstream;    /* only default routes with a metric above this */
	struct route best;   /* the best route; its nic is not valid */
	struct nics nics;    /* of all equally good routes */
};

/* Finds the longest prefix, and among equals the lowest metric. False if there is no table. */
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
				 : r.bits > 0 || (int64_t)r.metric <= s->upstream))
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

/* A VPN may have the best default route, which leads to no device: then the next best leads to its
 * peer. */
static bool keep_default(struct hostdevs_search *f, bool v6)
{
	struct search s = {.v6 = v6, .upstream = -1};

	for (unsigned i = 0; i < DEFAULTS_MAX; i++) {
		if (!routes_search(f, &s) || s.nics.n == 0)
			return false;
		if (keep_nics(f, PROTECTED_ROUTE, "the default route goes", &s.nics) > 0)
			return true;
		s.upstream = s.best.metric;
	}
	return false;
}

/* ---- peers ------------------------------------------------------------------------------------
 */

/* Parses an address alone, with the NIC of its scope, if any. */
static bool parse_address(const char *word, size_t len, struct remote *r)
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

static void nics_find_peer(const char *text, struct remote *r)
{
	for (const char *p = text; *p != '\0'; p += *p != '\0') {
		size_t all = strcspn(p, "@,/[]= "), part = strcspn(p, "@,/[]= :");
		if (parse_address(p, all, r) || parse_address(p, part, r))
			return;
		p += part;
	}
}

/* The part of "ip=" with this number; "" if there is none. An address in brackets is one part. */
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
static void parse_ip(const char *value, struct remote *r)
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

static int add_nic_of(const char *name, void *to)
{
	const struct mac *m = to;
	char address[64], device[DEVPATH_MAX], path[SYSFS_PATH_MAX];

	(void)snprintf(path, sizeof(path), "class/net/%.64s", name);
	if (sysfs_path_read(m->f->sysfs, address, sizeof(address), "%s/address", path) <= 0)
		return 0;
	for (char *p = address; (p = strchr(p, ':'));)
		*p = '-';
	/* A bond and a bridge have the address of a port. */
	if (strcasecmp(address, m->address) != 0 || devpath_of(m->f->sysfs, path, device) < 0 ||
		str_starts(device, "devices/virtual/"))
		return 0;
	(void)snprintf(m->r->nic, sizeof(m->r->nic), "%.15s", name);
	return 1;
}

static void nics_need_word(struct hostdevs_search *f, const char *word)
{
	struct remote r = {.word = true, .nbd = strstr(word, "nbd") != NULL};
	const char *value = strchr(word, '=');

	value = value ? value + 1 : "";
	if (str_starts(word, "ip=")) {
		parse_ip(value, &r);
	} else if (str_starts(word, "BOOTIF=")) {
		struct mac m = {f, strchr(value, '-') ? strchr(value, '-') + 1 : value, &r};
		hostdevs_search_each(f, "class/net", add_nic_of, &m);
	} else {
		nics_find_peer(value, &r);
	}
	hostdevs_search_need_network(f, &r);
}

/* A named NIC is used, whatever the routes are. */
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

/* A word without peer and NIC brings up the network for another item; if no such item was found, or
 * none of that kind, it may use any NIC. */
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

static void nics_keep(struct hostdevs_search *f)
{
	keep_remotes(f);
	bool v4 = keep_default(f, false), v6 = keep_default(f, true);
	if (!v4 && !v6)
		protected_set_unknown_kind(
			f->keep, UNKNOWN_ROUTE, "no default route leads to a device now");
}

/* ---- keyboards ---------------------------------------------------------------------------------
 */

static void keep_keyboard(const struct keyboard *k, void *to)
{
	struct hostdevs_search *f = to;
	char reason[PROTECTED_REASON_MAX];

	(void)snprintf(
		reason, sizeof(reason), "a passphrase may have to be typed on it (%s)", k->name);
	if (hostdevs_search_protect(f, PROTECTED_KEYBOARD, k->device, reason) == 0 &&
		!keyboard_is_virtual(k))
		f->keep->keyboard_elsewhere = true;
}

static void keyboards_keep(struct hostdevs_search *f)
{
	_cleanup_(str_free) char *text = NULL;

	if (!hostdevs_search_read(f, "proc/bus/input/devices", &text)) {
		protected_set_unknown_kind(
			f->keep, UNKNOWN_KEYBOARD, "proc/bus/input/devices can't be read");
		return;
	}
	keyboards_each(text, keep_keyboard, f);
	if (!f->keep->keyboard_elsewhere && !protected_has(f->keep, PROTECTED_KEYBOARD))
		protected_set_unknown_kind(
			f->keep, UNKNOWN_KEYBOARD, "no keyboard is plugged in now");
}

/* ---- hostdevs ----------------------------------------------------------------------------------
 */

/* The mount points that a system needs to boot, whatever they are mounted from. */
static const struct point {
	const char *path, *what;
} points[] = {
	{"/", "root /"},
	{"/usr", "/usr"},
	{"/boot", "/boot"},
	{"/boot/efi", "/boot/efi"},
	{"/boot/firmware", "/boot/firmware"},
	{"/efi", "/efi"},
	{"/etc", "/etc"},
	{"/var", "/var"},
};
#define N_POINTS (sizeof(points) / sizeof(*points))

/* Processes the queue, to which each item may add more, until it is empty. */
static void resolve_pending(struct hostdevs_search *f)
{
	char subject[sizeof(f->what)];
	struct pending need;

	(void)str_copy(subject, sizeof(subject), f->what);
	while (hostdevs_search_next(f, &need)) {
		hostdevs_search_for(f, "%s", need.what);
		switch (need.kind) {
		case PENDING_DISK:
		case PENDING_PART:
			disk_look(f, need.kind, need.name);
			break;
		case PENDING_PATH:
			path_look(f, need.name);
			break;
		case PENDING_POOL:
			pool_look(f, need.name);
			break;
		}
		pending_done(&need);
	}
	hostdevs_search_for(f, "%s", subject);
}

static void need_mount(struct hostdevs_search *f, const struct mount_row *m)
{
	mount_look(f, m);
	resolve_pending(f);
}

static bool hostdevs_need_spec(struct hostdevs_search *f, const char *spec)
{
	bool found = disk_need_spec(f, spec);

	resolve_pending(f);
	return found;
}

static void need_named(struct hostdevs_search *f, const char *text, bool part)
{
	disks_need_named(f, text, part);
	resolve_pending(f);
}

static void need_mounts(struct hostdevs_search *f)
{
	const struct mount_row *root = mount_table_at(&f->mounts, "/");

	if (!root)
		protected_set_unknown(f->keep, "nothing is mounted at / here; is this a chroot?");
	for (size_t i = 0; i < N_POINTS; i++) {
		const struct mount_row *m = mount_table_at(&f->mounts, points[i].path);
		hostdevs_search_for(f, "%s", points[i].what);
		if (m && !str_equal(m->type, "rootfs"))
			need_mount(f, m);
	}
	if (!root || !str_equal(root->type, "rootfs"))
		return;
	/* In an initramfs: everything mounted by now is for the system to be booted. */
	protected_set_unknown(f->keep, "/ is still the initramfs");
	for (size_t i = 0; i < f->mounts.n; i++) {
		hostdevs_search_for(f, "%s", f->mounts.at[i].point);
		if (f->mounts.at[i].major != 0)
			need_mount(f, &f->mounts.at[i]);
	}
}

static bool is_point(const char *path)
{
	for (size_t i = 0; i < N_POINTS; i++)
		if (str_equal(path, points[i].path))
			return true;
	return false;
}

/* True if a failed mount ends the boot in emergency mode (systemd-fstab-generator(8)). */
static bool boot_waits_for(const char *options)
{
	return !tabfile_option(options, "noauto") && !tabfile_option(options, "nofail") &&
	       !tabfile_option(options, "x-systemd.automount");
}

static void need_entry(struct hostdevs_search *f, const struct mount_row *e)
{
	const struct mount_row *m = mount_table_at(&f->mounts, e->point);

	if (m && str_equal(m->type, "autofs")) /* not mounted before the first access */
		m = NULL;
	if (m && is_point(e->point)) /* the actual mount counts, not the table */
		return;
	hostdevs_search_for(f, "%.60s of /etc/fstab", e->point);
	if (!type_is_network(e->type))
		disks_need_named(f, e->options, false);
	if (type_is_network(e->type)) {
		if (is_point(e->point) || tabfile_option(e->options, "x-initrd.mount"))
			need_server(f, e->source, e->options);
	} else if (m) {
		need_mount(f, m);
	} else {
		(void)hostdevs_need_spec(f, e->source);
	}
}

/* swap: only its swap lines, else all others. */
static void need_fstab(struct hostdevs_search *f, bool swap)
{
	for (size_t i = 0; i < f->fstab.n; i++) {
		const struct mount_row *e = &f->fstab.at[i];
		if (str_equal(e->type, "swap") != swap)
			continue;
		hostdevs_search_for(f, "swap");
		if (!is_point(e->point) && !boot_waits_for(e->options))
			continue;
		if (swap)
			(void)hostdevs_need_spec(f, e->source);
		else
			need_entry(f, e);
	}
}

/*
 * The key file may have a device of its own ("/key:UUID=…"; in
 * Debian's passdev "/dev/…:/key"), and so may the header ("header=/header:UUID=…").
 */
static void need_crypttab(struct hostdevs_search *f)
{
	_cleanup_(str_free) char *text = NULL;
	struct crypttab_row row;

	if (!hostdevs_search_read(f, "etc/crypttab", &text))
		return;
	for (char *rest = text; crypttab_next(&rest, &row);) {
		bool early = tabfile_option(row.options, "initramfs") ||
			     tabfile_option(row.options, "x-initrd.attach");
		if (!early && !boot_waits_for(row.options))
			continue;
		hostdevs_search_for(f, "%.60s of /etc/crypttab", row.name);
		(void)hostdevs_need_spec(f, row.device);
		need_named(f, row.options, true);
		need_named(f, row.key, true);
		f->needs_passphrase |= !*row.key || str_equal(row.key, "none") ||
				       str_equal(row.key, "-");
	}
}

/* LUKS volumes named by UUID alone, followed by a name or a key (systemd-cryptsetup-generator(8),
 * dracut.cmdline(7)). */
static void need_volume(struct hostdevs_search *f, const char *word)
{
	static const char *const words[] = {"rd.luks.", "luks."}, *const keys[] = {
									  "uuid=", "name="};
	char spec[KCMDLINE_WORD_MAX + 8];

	for (size_t i = 0; i < 4; i++) {
		const char *first = words[i / 2], *key = keys[i % 2];
		if (!str_starts(word, first) || !str_starts(word + strlen(first), key))
			continue;
		const char *value = word + strlen(first) + strlen(key);
		if (str_starts(value, "luks-"))
			value += strlen("luks-");
		(void)snprintf(spec, sizeof(spec), "UUID=%.*s", (int)strcspn(value, "="), value);
		(void)hostdevs_need_spec(f, spec);
		f->needs_passphrase = true;
	}
}

/* Any word may name disks: root=, resume=, cryptdevice=, rootflags=logdev=… */
static void need_word(struct hostdevs_search *f, const char *word, bool *resumes)
{
	static const char *const parts[] = {
		"cryptkey=", "rd.luks.key=", "luks.key=", "rd.luks.options=", "luks.options=",
		"rd.luks.data=", "luks.data=", "rootflags=", "mount.usrflags="};
	size_t len = strcspn(word, "=");
	bool part = false;

	if (str_equal(word, "noresume"))
		*resumes = false;
	if (word[len] == '\0' || (str_starts(word, "resume=") && !*resumes))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		part |= str_starts(word, parts[i]);
	hostdevs_search_for(
		f, "%.*s= of the kernel command line", (int)(len < 40 ? len : 40), word);
	need_volume(f, word);
	f->needs_passphrase |= str_starts(word, "cryptdevice=");
	need_named(f, word + len + 1, part);
}

static void need_cmdline(struct hostdevs_search *f, const char *line)
{
	char word[KCMDLINE_WORD_MAX];
	bool resumes = true;

	while (kcmdline_word_next(&line, word)) {
		need_word(f, word, &resumes);
		if (!kernel_word_is_network(word))
			continue;
		hostdevs_search_for(f, "'%.60s' of the kernel command line", word);
		nics_need_word(f, word);
	}
}

static void need_swaps(struct hostdevs_search *f)
{
	f->for_swap = true;
	hostdevs_search_for(f, "swap");
	for (size_t i = 0; i < f->swaps.n; i++) {
		const struct mount_row *e = &f->swaps.at[i];
		if (str_equal(e->type, "file")) {
			hostdevs_search_need(f, PENDING_PATH, e->source);
			resolve_pending(f);
		} else if (str_equal(e->type, "partition") && !hostdevs_need_spec(f, e->source)) {
			protected_set_unknown(
				f->keep, "swap is on %s, which is not in sysfs", e->source);
		}
	}
}

/* An invalid line may name what the host needs. False if there is no such file. */
static bool read_table(struct hostdevs_search *f, const char *path, struct mount_table *ret,
	int (*parse)(struct mount_table *ret, const char *text))
{
	_cleanup_(str_free) char *text = NULL;

	if (!hostdevs_search_read(f, path, &text))
		return false;
	f->no_memory |= parse(ret, text) < 0;
	if (ret->bad_line)
		protected_set_unknown(f->keep, "/%s:%u: invalid line", path, ret->bad_line);
	return true;
}

static void read_tables(struct hostdevs_search *f)
{
	if (!read_table(f, "proc/self/mountinfo", &f->mounts, mount_table_parse))
		protected_set_unknown(
			f->keep, "/proc/self/mountinfo can't be read; is /proc mounted?");
	(void)read_table(f, "etc/fstab", &f->fstab, mount_table_parse_fstab);
	(void)read_table(f, "proc/swaps", &f->swaps, mount_table_parse_swaps);
}

static void search_host(struct hostdevs_search *f, const char *cmdline)
{
	need_mounts(f);
	need_crypttab(f);
	if (cmdline)
		need_cmdline(f, cmdline);
	need_fstab(f, false);
	need_swaps(f);
	need_fstab(f, true);
	nics_keep(f);
	if (f->needs_passphrase)
		keyboards_keep(f);
	f->keep->ended = true;
}

int hostdevs_find(struct protected_list *ret, const char *root, const char *cmdline,
	struct sysfs *sysfs, struct err *err)
{
	_cleanup_(fd_close) int fd = open(root, O_DIRECTORY | O_PATH | O_CLOEXEC);
	struct hostdevs_search f = {.keep = ret, .sysfs = sysfs, .root = fd};
	_cleanup_(str_free) char *line = NULL;

	*ret = (struct protected_list){0};
	if (fd < 0)
		return err_set(err, errno, "%s: can't open it: %s", root, strerror(errno));
	if (!cmdline && kcmdline_read(&line, root) == 0)
		cmdline = line;
	read_tables(&f);
	if (!f.no_memory)
		search_host(&f, cmdline);
	hostdevs_search_done(&f);
	if (f.no_memory)
		return err_set(
			err, ENOMEM, "cannot find the devices the host boots from: out of memory");
	return 0;
}
