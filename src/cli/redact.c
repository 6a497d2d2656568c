/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/redact.h"

#include "core/boot_switch.h"
#include "pci/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- numbers of what is masked -----------------------------------------------------------------
 */

struct numbered {
	unsigned number;
	char text[];
};

static int compare_numbered(const void *a, const void *b)
{
	const struct numbered *one = a, *other = b;

	return strcasecmp(one->text, other->text);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

void redact_done(struct redact *m)
{
	tdestroy(m->numbers, free);
	tdestroy(m->drivers, free);
	text_done(&m->addresses);
	*m = (struct redact){0};
}

void redact_keep_driver(struct redact *m, const char *name)
{
	char *copy = strdup(name);
	char *const *found = copy ? tsearch(copy, &m->drivers, compare_names) : NULL;

	m->failed |= !found;
	if (!found || *found != copy)
		free(copy);
}

/* 1 and up; a new text gets the next number. */
static unsigned number_of(struct redact *m, const char *text)
{
	size_t len = strlen(text) + 1;
	struct numbered *one = malloc(sizeof(*one) + len);
	struct numbered *const *found = NULL;

	if (one) {
		memcpy(one->text, text, len);
		one->number = m->n + 1;
		found = tsearch(one, &m->numbers, compare_numbered);
	}
	if (!found) {
		free(one);
		m->failed = true;
		return 0;
	}
	unsigned number = (*found)->number;
	if (*found == one)
		m->n++;
	else
		free(one);
	return number;
}

void redact_name(struct redact *m, struct text *t, const char *thing)
{
	if (*thing)
		text_print(t, "name-%x", number_of(m, thing));
}

uint64_t redact_serial(struct redact *m, uint64_t serial)
{
	char text[32];

	if (serial == 0)
		return 0;
	(void)snprintf(text, sizeof(text), "serial %016" PRIx64, serial);
	return number_of(m, text);
}

struct pair {
	uint32_t from, to;
};

/*
 * Two addresses keep the number of leading bits they share. The next bit is the inverse of that of
 * the address with the longest shared prefix.
 */
static uint32_t mask_ipv4(struct redact *m, uint32_t address)
{
	struct pair best = {address, 0x0a000001}, one; /* 10.0.0.1 */
	unsigned most = 0;

	for (size_t at = 0; at < m->addresses.len; at += sizeof(one)) {
		memcpy(&one, m->addresses.data + at, sizeof(one));
		if (one.from == address)
			return one.to;
		unsigned common = (unsigned)__builtin_clz(one.from ^ address);
		if (at > 0 && common <= most)
			continue;
		most = common;
		uint32_t rest = UINT32_MAX >> common;
		best.to = (one.to & ~rest) | (~one.to & (rest ^ rest >> 1));
	}
	text_add(&m->addresses, (const char *)&best, sizeof(best));
	m->failed |= m->addresses.failed;
	return best.to;
}

void redact_address(struct redact *m, struct text *t, const char *address)
{
	char buf[INET_ADDRSTRLEN];
	struct in_addr in;

	if (strchr(address, ':') || !inet_aton(address, &in)) {
		text_print(t, "fd00::%x", number_of(m, address));
		return;
	}
	in.s_addr = htonl(mask_ipv4(m, ntohl(in.s_addr)));
	text_print(t, "%s", inet_ntop(AF_INET, &in, buf, sizeof(buf)));
}

/* ---- names that the kernel forms ---------------------------------------------------------------
 */

/*
 * # is 1 to 5 decimal digits, ^ one hexadecimal digit, % 1 to 3 small letters; + is any number of
 * ".#". Anything else is itself.
 */
static const char *const device_names[] = {
	/* PCI functions, ids, as in the config */
	"^^^^:^^:^^.#", "^^^^^:^^:^^.#", "^^:^^.#", "^^.#", "^^^^:^^:^^.*", "^^:^^.*", "^^^^:*",
	"^^^^:^^^^", "^^^^:^^^^:^^^^:^^^^", "pci-^^^^:^^:^^.#",
	/* disks */
	"sd%", "sd%#", "hd%", "hd%#", "vd%", "vd%#", "xvd%", "xvd%#", "dasd%", "dasd%#", "nvme#",
	"nvme#n#", "nvme#n#p#", "nvme#c#n#", "nvme#c#n#p#", "mmcblk#", "mmcblk#p#", "mmcblk#boot#",
	"md#", "md#p#", "dm-#", "loop#", "loop#p#", "sr#", "nbd#", "nbd#p#", "zd#", "zd#p#",
	"zram#", "ram#", "pmem#", "pmem#p#", "bcache#", "bcache#p#", "drbd#", "rbd#", "rbd#p#",
	"fd#", "ublkb#", "mtdblock#",
	/* interfaces, consoles */
	"eth#", "eth#.#", "wlan#", "wwan#", "bond#", "bond#.#", "br#", "virbr#", "vmbr#", "docker#",
	"tun#", "tap#", "wg#", "ib#", "team#", "dummy#", "veth#", "vnet#", "macvtap#", "macvlan#",
	"vlan#", "ppp#", "tty#", "ttyS#"};

/* Of directories and links below /sys alone: elsewhere these may be anything. */
static const char *const bus_names[] = {"pci^^^^:^^", "pci^^^^^:^^", "nvme-subsys#", "ata#",
	"host#", "target#:#:#", "#:#:#:#", "#:#", "session#", "connection#:#", "rport-#:#-#",
	"port-#:#", "expander-#:#", "end_device-#:#", "end_device-#:#:#", "phy-#:#", "virtio#",
	"mmc#", "mmc#:^^^^", "ctl#", "usb#", "#-#+", "#-#+:#.#", "card#", "renderD#",
	"card#-HDMI-A-#", "card#-HDMI-B-#", "card#-DP-#", "card#-eDP-#", "card#-DVI-D-#",
	"card#-DVI-I-#", "card#-DVI-A-#", "card#-VGA-#", "card#-LVDS-#", "card#-DSI-#",
	"card#-Virtual-#", "card#-USB-#", "card#-Writeback-#", "dmar#", "ivhd#",
	"efi-framebuffer.#", "vesa-framebuffer.#", "simple-framebuffer.#"};

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool matches(const char *s, const char *pattern)
{
	for (; *pattern; pattern++) {
		size_t digits = strspn(s, "0123456789"), n = 0;
		switch (*pattern) {
		case '#':
			if (digits == 0 || digits > 5)
				return false;
			s += digits;
			break;
		case '%':
			while (s[n] >= 'a' && s[n] <= 'z')
				n++;
			if (n == 0 || n > 3)
				return false;
			s += n;
			break;
		case '^':
			if (!is_hex(*s++))
				return false;
			break;
		case '+':
			while (*s == '.' && (n = strspn(s + 1, "0123456789")) > 0 && n <= 5)
				s += 1 + n;
			break;
		default:
			if (*s++ != *pattern)
				return false;
		}
	}
	return *s == '\0';
}

/* "enp3s0f0np0", by slots and ports, but not "enx…" by the address: systemd.net-naming-scheme(7).
 */
static bool is_nic(const char *s)
{
	static const char *const kinds[] = {"en", "wl", "ww", "ib", "sl"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!str_starts(s, kinds[i]))
			continue;
		const char *at = s + 2;
		while (*at && strchr("Ppsfuicnovd", *at)) {
			at += str_starts(at, "np") ? 2 : 1;
			size_t digits = strspn(at, "0123456789");
			if (digits == 0 || digits > 5)
				return false;
			at += digits;
		}
		return at > s + 2 && *at == '\0';
	}
	return false;
}

static bool matches_any(const char *s, const char *const *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (matches(s, patterns[i]))
			return true;
	return false;
}

static bool is_device_name(const char *s)
{
	return matches_any(s, device_names, sizeof(device_names) / sizeof(*device_names)) ||
	       is_nic(s);
}

static bool is_bus_name(const char *s)
{
	return matches_any(s, bus_names, sizeof(bus_names) / sizeof(*bus_names));
}

/* ---- known words ------------------------------------------------------------------------------
 */

/* Sorted (strcmp). Of the sentences of `check` and of protected devices, the config, tables of the
 * system, directories of sysfs and of every system, makers of disks and USB devices, values of
 * kernel parameters. tests/unit/records compares them with the sentences. */
static const char *const known_words[] = {"+", "-", "--", "--remove", "-1", "-2", "-b", "-s",
	".snapshot", "1000GB", "115200", "115200n8", "120GB", "128GB", "1G", "1TB", "2.0", "240GB",
	"250GB", "256GB", "2M", "2TB", "3.0", "480GB", "4TB", "500GB", "512GB", "8TB", "9600",
	"960GB", "9p", "@", "@home", "ADATA", "ASMedia", "ASUS", "Adapter", "Apple", "Audio", "B",
	"BAR0", "BAR1", "BAR2", "BAR3", "BAR4", "BAR5", "BOOTFB", "BOOTIF", "Black", "Blue",
	"Bluetooth", "Broadcom", "Bus", "CD-ROM", "Camera", "Card", "Channel", "Cherry",
	"Composite", "Controller", "Corsair", "Crucial", "DEVS", "DVD", "DVD-ROM", "Dell",
	"Destination", "Device", "Digital", "Disk", "Drive", "E", "EFI", "EHCI", "EV", "EVO",
	"Ethernet", "Fibre", "Filename", "Flags", "Flash", "Foundation", "Gaming", "Gateway",
	"Genesys", "Gigabit", "HARDDISK", "HDD", "HGST", "HOOKS", "HP", "Handlers", "Headset",
	"Hitachi", "Host", "Hub", "Hynix", "I", "ID", "ID_FS_LABEL", "ID_FS_TYPE", "INTEL", "Iface",
	"Intel", "KEY", "KINGSTON", "KIOXIA", "Keyboard", "Kingston", "LABEL", "LAN", "LED",
	"LVM2_member", "Lenovo", "Lexar", "Linux", "Logitech", "Mask", "Mass", "MediaTek", "Metric",
	"Micron", "Microsoft", "Mouse", "N", "NEWS", "NIC", "NVMe", "Name", "OHCI", "Optical",
	"PARTLABEL", "PARTUUID", "PCI", "PNY", "PRO", "PROP", "Phison", "Phys", "Plus", "Priority",
	"Pro", "Product", "QEMU", "QVO", "Qualcomm", "Razer", "Reader", "Realtek", "Receiver",
	"Red", "RefCnt", "S", "SAMSUNG", "SATA", "SK", "SSD", "ST", "Sabrent", "Samsung", "SanDisk",
	"Seagate", "Series", "Size", "Solidigm", "Storage", "Sysfs", "TOSHIBA", "Tablet", "Toshiba",
	"Type", "Type-C", "U", "UHCI", "USB", "UUID", "Ubuntu", "Ultra", "Unifying", "Uniq", "Use",
	"Used", "VIA", "VM", "VMware", "Vendor", "Version", "Vfio", "VirtIO", "Virtual", "WDC",
	"Webcam", "Western", "Wireless", "Y", "ZFS", "a", "aarch64", "adapter", "addr", "addresses",
	"after", "ahci", "alias", "allow", "amd64", "amdgpu", "an", "and", "another", "any",
	"apart", "apparmor", "arch", "arch1", "arch2", "are", "arm64", "as", "ash", "asks",
	"assign-busses", "at", "audit", "auditd", "auto", "autofs", "background", "bash",
	"bcachefs", "bdi", "be", "before", "bfsort", "big_root_window", "bin", "bind", "bind-early",
	"bind_vfio.sh", "binds", "blacklist", "block", "bonding", "bonding_masters", "boot",
	"boot_vga", "booted", "boots", "bound", "bpf", "bpo", "btrfs", "bus", "busybox", "by",
	"by-id", "by-label", "by-partlabel", "by-partuuid", "by-path", "by-uuid", "cache", "can",
	"cannot", "card", "ceph", "cgroup", "cgroup2", "chroot", "cifs", "claim", "claims", "class",
	"cloud", "cmdline", "come", "comes", "command", "companions", "compress", "conf.d",
	"confidentiality", "config", "confirms", "console", "continue", "counted", "counts",
	"cryptdevice", "cryptkey", "crypto_LUKS", "crypttab", "ctl", "dark", "dash", "datadir",
	"deb11", "deb12", "deb13", "debug", "default", "default.target", "defaults", "dev",
	"device", "devices", "devpts", "devtmpfs", "dhcp", "did", "directory", "disable_idle_d3",
	"disable_vga", "discard", "disk", "disks", "dm", "does", "domain", "downstream", "dracut",
	"dracut.conf", "dracut.conf.d", "driver", "driver_override", "driverctl", "driverctl.d",
	"drm", "dry-run", "e1000e", "each", "early", "effect", "efi", "efidrm", "efifb",
	"efifb:off", "efifb_probe", "efivarfs", "efivars", "el10", "el8", "el9", "elsewhere",
	"emergency", "emergency.target", "empty", "enable", "enabled", "end", "errors", "etc",
	"every", "exclude", "exfat", "export", "exports", "ext2", "ext3", "ext4", "f2fs", "failed",
	"failed_boots", "fb:off", "fbcon", "fc39", "fc40", "fc41", "fc42", "fc43", "fc_host",
	"file", "find", "firmware", "first", "for", "force", "forcedac", "framebuffer", "from",
	"fs", "fstab", "full", "fullflush", "function", "functions", "fuse", "generator", "generic",
	"gid", "gives", "go", "goes", "gpus", "graphical.target", "graphics", "groups", "guard",
	"guarded", "guards", "guide", "hardened", "hardware", "has", "has_it", "have", "header",
	"here", "hold", "holders", "holds", "home", "hook", "hooks", "host", "hpbussize",
	"hpmemsize", "hub", "hugepages", "hugetlbfs", "hynix", "i8042", "i915", "id", "ids", "if",
	"igc", "igfx_off", "image", "images", "in", "init-top", "initcpio", "initramfs",
	"initramfs-tools", "input", "install", "integrity", "into", "invalid", "iommu", "ip",
	"ipv6_route", "is", "iscsi", "iscsi_connection", "iscsi_host", "iscsi_session", "iso9660",
	"it", "its", "itself", "ixgbe", "kbd", "keep", "keeps", "kernel", "key", "key:", "keyboard",
	"keyboards", "know", "known", "last_display", "later", "layers", "leads", "leave", "leaves",
	"leds", "lets", "lib", "lib64", "libvirt", "lie", "lies", "line", "linux-modules-extra",
	"list", "lo", "load", "loaded", "loads", "local", "lock", "lockdown", "log", "logdev",
	"look", "loop", "lowerdir", "lowlatency", "lts", "luks", "luks.uuid", "luks1", "luks2",
	"lzo", "made", "make", "mapper", "master", "may", "maybe", "md", "means", "media", "memory",
	"merge", "misc", "mkinitcpio", "mkinitcpio.conf", "mlx5_core", "mmc_host", "mnt", "mode",
	"modprobe.d", "module", "modules", "modules.d", "more", "mount.usr", "mounted", "mountinfo",
	"mounts", "mqueue", "multi-user.target", "multi-user.target.wants", "multifunction", "n",
	"name", "names", "nbd", "nbdroot", "needs", "net", "netroot", "network", "networks",
	"newer", "next", "nfs", "nfs4", "nfsroot", "nix", "no", "noacs", "noaer", "noatime",
	"noats", "noauto", "nobfsort", "nobounce", "nocrs", "nodev", "noexec", "nofail", "noforce",
	"nohpet", "nointremap", "nokaslr", "nomerge", "nommconf", "nomodeset", "nomsi", "non-boot",
	"none", "nopt", "noresume", "nosmt", "nosplash", "nosuid", "not", "note", "nothing",
	"nouveau", "nouveau.modeset", "now", "nowatchdog", "ntfs", "ntfs3", "number", "nvidia",
	"nvidia-drm", "nvidia_drm", "nvidia_modeset", "nvidia_uvm", "nvidiafb", "nvme",
	"nvme-fabrics", "nvme-subsystem", "of", "off", "older", "omit_dracutmodules", "on",
	"on_failure", "once", "one", "ones", "only", "open", "opt", "options", "or", "other", "out",
	"over", "overlay", "override", "ovs-system", "package", "pae", "part", "partition",
	"passphrase", "password", "path", "paths", "pci-stub", "pci_stub", "performance", "plan",
	"platform", "plugged", "pool", "port", "post", "powersave", "powersupersave", "pre",
	"preempt", "proc", "pstore", "pt", "pts", "pve", "queues", "quiet", "radeon", "ramfs",
	"rc1", "rc2", "rc3", "rc4", "rc5", "rc6", "rc7", "rc8", "rd.emergency", "rd.luks.key",
	"rd.luks.name", "rd.luks.uuid", "rd.rescue", "reach", "reached", "read", "realloc", "rebar",
	"reboot", "rebuild", "record", "recorded", "recovery", "refuses", "relatime", "release",
	"remote_ports", "remount-ro", "remove", "rescue", "rescue.target", "resource_alignment",
	"rest", "resume", "resume_offset", "ro", "root", "rootflags", "rootfs", "route",
	"route-elsewhere", "rt", "run", "running", "rw", "s", "say", "says", "sbin", "script",
	"scripts", "scsi_host", "security", "self", "selinux", "serials", "serio", "setup", "sh",
	"share", "shared", "shm", "simpledrm", "simpledrm_platform_driver_init", "simplefb",
	"simplefb:off", "single", "size", "slaves", "sm_off", "sm_on", "smaller", "smb3",
	"snd-hda-intel", "snd_hda_intel", "so", "soft", "softdep", "splash", "squashfs", "srv",
	"start", "still", "storage", "store", "strict", "strict_groups", "subvol", "supergfxctl",
	"sw", "swap", "swap.img", "swapfile", "swaps", "sys", "sysfb_init", "sysfs", "sysrq",
	"system", "systemctl", "systemd", "t", "take", "takes", "target", "text", "than", "that",
	"the", "them", "then", "there", "these", "things", "this", "those", "thunderbolt", "tmp",
	"tmpfs", "to", "told", "too", "tools", "tracing", "trans", "true", "tsc", "twins", "two",
	"type", "typed", "uid", "umask", "under", "unit", "unknown", "unknown-keyboard",
	"unknown-network", "unknown-route", "unset-override", "unsigned", "until", "upperdir",
	"usb", "use", "use_crs", "user", "username", "usr", "var", "verbose", "version", "vesa:off",
	"vesadrm", "vesafb", "vesafb:off", "vfat", "vfio", "vfio-bind", "vfio-bind-confirm.service",
	"vfio-bind.conf", "vfio-bind.image", "vfio-bootcfg", "vfio-pci", "vfio-pci-core",
	"vfio-pci-override", "vfio-pci-override.sh", "vfio-pci.conf", "vfio.conf", "vfio.sh",
	"vfio_bind", "vfio_iommu_type1", "vfio_pci", "vfio_pci_core", "virtual", "vmlinuz",
	"voluntary", "was", "well", "what", "whatever", "when", "where", "which", "whole", "why",
	"will", "wins", "with", "word", "work", "workdir", "wrong", "x-initrd.attach",
	"x-initrd.mount", "x-systemd.automount", "x86_64", "xHCI", "xe", "xen-pciback", "xfs",
	"xhci_hcd", "xhci_pci", "y", "yes", "zen", "zen1", "zfs", "zfs_member", "zsh", "zstd"};

static int compare_word(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool is_number(const char *s, size_t digits_max)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= digits_max && s[n] == '\0';
}

/* Parameters that plan, list, check or the kernel's PCI, IOMMU and display code read, or that say
 * what is booted from. Their values are masked word by word. */
static const char *const parameters[] = {"amd_iommu", "amdgpu.dc", "amdgpu.runpm", "apparmor",
	"break", "console", "cryptdevice", "cryptkey", "debug", "default_hugepagesz", "efi",
	"elfcorehdr", "hugepages", "hugepagesz", "i915.enable_guc", "i915.modeset", "init",
	"initcall_blacklist", "intel_iommu", "intremap", "iommu", "iommu.passthrough",
	"iommu.strict", "isolcpus", "kvm.ignore_msrs", "kvm.report_ignored_msrs", "kvm_amd.avic",
	"kvm_amd.nested", "kvm_amd.npt", "kvm_intel.nested", "loglevel", "luks.name", "luks.uuid",
	"mitigations", "modprobe.blacklist", "module_blacklist", "mount.usr", "nohz_full",
	"nouveau.modeset", "nvidia_drm.fbdev", "nvidia_drm.modeset", "pci", "pci_stub.ids",
	"pcie_acs_override", "pcie_aspm", "pcie_port_pm", "preempt", "processor.max_cstate",
	"quiet", "rcu_nocbs", "rd.break", "rd.driver.blacklist", "rd.driver.pre", "rd.luks.name",
	"rd.luks.uuid", "rd.systemd.break", "rd.systemd.unit", "rdbreak", "rdinit", "resume",
	"root", "rootflags", "rootfstype", "security", "selinux", "systemd.break", "systemd.unit",
	"vfio_bind", "vfio_bind.debug", "vfio_iommu_type1.allow_unsafe_interrupts",
	"vfio_pci.disable_denylist", "vfio_pci.disable_idle_d3", "vfio_pci.disable_vga",
	"vfio_pci.ids", "video", "zfs"};

static bool is_parameter(const char *word)
{
	for (size_t i = 0; i < sizeof(parameters) / sizeof(*parameters); i++)
		if (kcmdline_word_is(word, parameters[i]))
			return true;
	return false;
}

static bool is_word(const struct redact *m, const char *s)
{
	return bsearch(s, known_words, sizeof(known_words) / sizeof(*known_words),
		       sizeof(*known_words), compare_word) ||
	       tfind(s, &m->drivers, compare_names) || (!strchr(s, '=') && is_parameter(s)) ||
	       is_number(s, 3);
}

/* "6.12.0-1-amd64": two to four numbers, the first ones with dots, and known words. */
static bool is_version(const struct redact *m, const char *s)
{
	size_t numbers = 0, first = strspn(s, "0123456789.");
	char piece[32];

	for (const char *at = s;; at++) {
		size_t len = strcspn(at, "-.+~");
		if (len == 0 || len >= sizeof(piece))
			return false;
		(void)snprintf(piece, sizeof(piece), "%.*s", (int)len, at);
		if (!is_word(m, piece))
			return false;
		numbers += is_number(piece, 3);
		at += len;
		if (at == s + first && numbers > 3) /* it has the form of an address */
			return false;
		if (*at == '\0')
			break;
	}
	return numbers >= 2 && numbers <= (s[first] ? 4 : 3) && memchr(s, '.', first) &&
	       strchr("-+~", s[first]);
}

static bool is_known(const struct redact *m, const char *s)
{
	return is_word(m, s) || is_device_name(s) || is_version(m, s);
}

/* ---- texts -------------------------------------------------------------------------------------
 */

#define TOKEN_MAX 1024
#define SEPARATORS " \t\n\r,=()[]{}\"'`;/@|<>!?"

/* "00-11-22-33-44-55-66-77" is masked as the serial number of its device is. */
static bool add_serial(struct redact *m, struct text *t, const char *s)
{
	uint64_t serial = 0;
	uint32_t byte;

	for (int i = 0; i < 8; i++) {
		if ((i > 0 && *s++ != '-') || !str_hex_fixed(&s, 2, &byte))
			return false;
		serial = serial << 8 | byte;
	}
	if (*s != '\0')
		return false;
	serial = redact_serial(m, serial);
	for (int i = 7; i >= 0; i--)
		text_print(t, "%02x%s", (unsigned)(serial >> 8 * i) & 0xff, i ? "-" : "");
	return true;
}

static void add_token(struct redact *m, struct text *t, const char *s, size_t len)
{
	char token[TOKEN_MAX];
	size_t end = len;

	while (end > 1 && strchr(".:", s[end - 1])) /* of a sentence */
		end--;
	(void)snprintf(token, sizeof(token), "%.*s", (int)end, s);
	if (end < sizeof(token) && is_known(m, token))
		text_add(t, token, end);
	else if (!add_serial(m, t, token))
		redact_name(m, t, token);
	text_add(t, s + end, len - end);
}

void redact_words(struct redact *m, struct text *t, const char *s)
{
	while (*s) {
		size_t len = strcspn(s, SEPARATORS);
		if (len > 0)
			add_token(m, t, s, len);
		else
			text_add(t, s, len = 1);
		s += len;
	}
}

void redact_sysfs_path(struct redact *m, struct text *t, const char *path)
{
	static const char lower[] = "lower_";
	char name[TOKEN_MAX];

	while (*path) {
		if (str_starts(path, lower)) {
			text_print(t, "%s", lower);
			path += strlen(lower);
		}
		size_t len = strcspn(path, "/");
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, path);
		if (is_known(m, name) || is_bus_name(name) || str_equal(name, "..") || len == 0)
			text_add(t, name, strlen(name));
		else
			redact_name(m, t, name);
		path += len;
		if (*path == '/')
			text_add(t, path++, 1);
	}
}

/* ---- the kernel command line -------------------------------------------------------------------
 */

/* Of a word about the network (kernel_word_is_network) only that it is one remains. */
static void add_network(struct text *t, const char *word)
{
	static const char *const roots[] = {"root=/dev/nfs", "root=nfs",
		"root=iscsi:", "root=nbd:", "root=fcoe", "root=cifs:", "root=dhcp",
		"root=live:http", "root=live:nfs", "rd.iscsi.", "rd.nvmf.", "iscsi_", "ISCSI_"};

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (str_starts(word, roots[i])) {
			text_print(t, "%s%s", roots[i],
				str_equal(word, roots[i])                       ? ""
				: strchr(".:_", roots[i][strlen(roots[i]) - 1]) ? "masked"
										: ":masked");
			return;
		}
	text_print(t, "%.*s=masked", (int)strcspn(word, "="), word);
}

/* Adds one word; `bare` is not before an "=". A word after which nothing is bound stays such a
 * word: init=/bin/sh is the shortest that names a shell. */
static void add_word(struct redact *m, struct text *t, const char *word)
{
	_cleanup_(text_done) struct text masked = {0};
	const char *equals = strchr(word, '=');

	if (kernel_word_is_network(word))
		add_network(&masked, word);
	else if (!equals)
		add_token(m, &masked, word, strlen(word));
	else if (is_parameter(word)) {
		text_add(&masked, word, (size_t)(equals + 1 - word));
		redact_words(m, &masked, equals + 1);
	} else
		text_print(&masked, "masked");
	const char *text = masked.data ? masked.data : "";
	if (boot_switch_parse(word).mode == BOOT_OFF && boot_switch_parse(text).mode != BOOT_OFF)
		text = "init=/bin/sh";
	bool blank = strpbrk(text, " \t\n");
	text_print(t, blank ? "\"%s\"" : "%s", text);
	m->failed |= masked.failed;
}

void redact_cmdline(struct redact *m, struct text *t, const char *cmdline)
{
	char word[KCMDLINE_WORD_MAX];
	size_t start = t->len;

	while (kcmdline_word_next(&cmdline, word)) {
		if (t->len > start)
			text_add(t, " ", 1);
		add_word(m, t, word);
	}
}

/* ---- the config --------------------------------------------------------------------------------
 */

static void add_config_line(struct redact *m, struct text *t, const char *line)
{
	const char *first = line + strspn(line, " \t"), *equals = strchr(line, '=');
	const char *value = equals ? equals + 1 + strspn(equals + 1, " \t") : "";

	if (*first == '#' || *first == ';') {
		text_print(t, "#");
	} else if (is_number(value, 5)) {
		_cleanup_(str_free) char *key = strndup(line, (size_t)(value - line));
		m->failed |= !key;
		if (key)
			redact_words(m, t, key);
		text_print(t, "%s", value);
	} else {
		redact_words(m, t, line);
	}
}

void redact_config(struct redact *m, struct text *t, const char *config)
{
	while (*config) {
		size_t len = strcspn(config, "\n");
		_cleanup_(str_free) char *line = strndup(config, len);
		m->failed |= !line;
		if (line)
			add_config_line(m, t, line);
		text_add(t, "\n", 1);
		config += len + (config[len] == '\n');
	}
}
