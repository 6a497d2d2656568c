# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # t
# shellcheck disable=SC2034 # uefi, direct: for whoever sources this
# A whole machine for vfio-bootcfg: a disk with a Debian on it (tests/bootcfg/layer), booted by its own boot loader, in
# which the program is run as an administrator would run it. Sourced by bash scripts; $t is theirs, for what they write.

bootcfg=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/boot/lib.sh
. "$bootcfg/../boot/lib.sh"
program=${VFIO_BOOTCFG:-$top/build/vfio-bootcfg}
# A Debian is booted and its tools are run on emulated CPUs.
BOOT_TIMEOUT=${BOOTCFG_BOOT_TIMEOUT:-400}

# Where the partitions of every disk are, in sectors: one for GRUB's core, the ESP (131072 KiB), the root.
esp_start=4096 esp_kib=131072 root_start=266240
root_uuid=11111111-2222-4333-8444-555555555555 esp_id=ABCD1234

# machine_missing: what is not here, Debian's names.
machine_missing() {
	tools_missing
	command -v sfdisk >/dev/null || echo fdisk
	command -v mkfs.vfat >/dev/null || echo dosfstools
	command -v mke2fs >/dev/null || echo e2fsprogs
	command -v mmdebstrap >/dev/null || echo mmdebstrap
	[ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || [ -e /usr/share/OVMF/OVMF_CODE.fd ] || echo ovmf
	[ "$(id -u)" -eq 0 ] || echo root
}

# modules_put SUITE ROOT MODULE...: the modules and what they depend on, and /modules with their order.
modules_put() {
	local suite=$1 root=$2 version dir name file
	shift 2
	read -r _ version dir < <("$here/kernels" "$suite") || return
	for name; do
		modprobe -d "$dir" -S "$version" --show-depends "$name" 2>/dev/null
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
		mkdir -p "$root/lib"
		cp "$file" "$root/lib/"
		name=lib/$(basename "$file")
		modules_convert "$root/lib" ko
		echo "/${name%%.ko*}.ko"
	done >"$root/modules"
}

# initrd_make SUITE FILE: what a distribution's does at its least: the drivers of the root's disk, the root, and on.
# It goes on to the test's own program (tests/bootcfg/guest), so that no word of the command line is needed for that.
initrd_make() {
	local root
	root=$(mktemp -d "$t/initrd.XXXXXX")
	mkdir -p "$root"/{bin,dev,proc,root}
	install "$(busybox_static)" "$root/bin/busybox"
	modules_put "$1" "$root" virtio_pci virtio_blk ext4 vfat nls_cp437 nls_ascii nls_iso8859-1 efivarfs
	cat >"$root/init" <<-'END'
		#!/bin/busybox sh
		b=/bin/busybox
		$b mount -t devtmpfs dev /dev
		$b mount -t proc proc /proc
		while read -r module; do $b insmod "$module"; done </modules
		disk=$($b ls /dev/vd?3 | $b head -n 1)
		$b mount -t ext4 "$disk" /root || $b poweroff -f
		exec $b switch_root /root /bootcfg-guest
	END
	chmod +x "$root/init"
	image_pack "$root" "$2"
	rm -rf "$root"
}

# disk_make SUITE DISK FILL: GPT, GRUB's partition, an empty ESP, and the Debian with vfio-bootcfg installed, which the
# function FILL has changed before, called with its directory.
disk_make() {
	local suite=$1 disk=$2 layer version
	read -r _ version _ < <("$here/kernels" "$suite") || return
	layer=$("$bootcfg/layer" "$suite") || return
	rm -rf "$t/tree"
	mkdir -p "$t/tree/boot/efi"
	cp -a --reflink=auto "$layer/." "$t/tree/"
	initrd_make "$suite" "$t/tree/boot/initrd.img-$version"
	install "$bootcfg/guest" "$t/tree/bootcfg-guest"
	install "$(busybox_static)" "$t/tree/usr/bin/busybox"
	install -D "$program" "$t/tree/usr/bin/vfio-bootcfg"
	install -D -t "$t/tree/usr/lib/vfio-bind" "$top/build/vfio-bind-boot"
	install -D -t "$t/tree/usr/lib/kernel/install.d" "$top"/kernel-install/[69]*-vfio-bind.install
	printf 'UUID=%s / ext4 errors=remount-ro 0 1\nUUID=%s /boot/efi vfat umask=0077 0 1\n' \
		"$root_uuid" "${esp_id:0:4}-${esp_id:4}" >"$t/tree/etc/fstab"
	echo 0123456789abcdef0123456789abcdef >"$t/tree/etc/machine-id"
	"$3" "$t/tree" || return
	rm -f "$disk"
	truncate -s 1G "$disk"
	sfdisk -q "$disk" <<-END
		label: gpt
		start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
		start=$esp_start, size=$((esp_kib * 2)), type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B
		start=$root_start, size=$((2097152 - root_start - 2048)), type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709
	END
	rm -f "$t/esp"
	mkfs.vfat -F 32 -i $esp_id -n ESP -C "$t/esp" $esp_kib >/dev/null || return
	dd if="$t/esp" of="$disk" bs=512 seek=$esp_start conv=notrunc,sparse status=none
	rm "$t/esp"
	mke2fs -q -t ext4 -U $root_uuid -E "offset=$((root_start * 512))" -d "$t/tree" "$disk" \
		"$(((2097152 - root_start - 2048) / 2))k" 2>"$t/mke2fs.log" || {
		cat "$t/mke2fs.log" >&2
		return 1
	}
	rm -rf "$t/tree"
}

# guest NAME DISK SCRIPT QEMU-ARGUMENT...: one boot, in which SCRIPT (text) is run; on stdout what it and the guest told.
guest() {
	local name=$1 disk=$2
	# So wide that no message is wrapped and a part of one taken for a word of ours.
	printf 'export COLUMNS=1000\n%s\n' "$3" >"$t/$name.script"
	shift 3
	# Its end is padded with newlines, which are nothing to a shell.
	(head -c 65536 /dev/zero | tr '\0' '\n') >>"$t/$name.script"
	truncate -s 64K "$t/$name.script"
	: >"$t/$name.story"
	timeout "$BOOT_TIMEOUT" qemu-system-x86_64 -accel tcg -m 768 -nodefaults -vga std -no-reboot -display none \
		-serial "file:$t/$name.console" -serial "file:$t/$name.story" \
		-drive "file=$disk,format=raw,if=virtio,cache=unsafe" \
		-drive "file=$t/$name.script,format=raw,if=virtio" "$@" </dev/null >&2
	tr -d '\r' <"$t/$name.story"
}

# The arguments of a machine with UEFI, its variables as on the first day.
firmware() {
	local code=/usr/share/OVMF/OVMF_CODE_4M.fd vars=/usr/share/OVMF/OVMF_VARS_4M.fd
	[ -e "$code" ] || { code=/usr/share/OVMF/OVMF_CODE.fd vars=/usr/share/OVMF/OVMF_VARS.fd; }
	cp "$vars" "$t/vars"
	uefi=(-machine q35 -drive "if=pflash,format=raw,readonly=on,file=$code"
		-drive "if=pflash,format=raw,file=$t/vars")
}

# direct SUITE: arguments that boot the suite's kernel without any boot loader: for what is done to the disk before.
direct() {
	local version dir
	read -r _ version dir < <("$here/kernels" "$1") || return
	[ -e "$t/$1.initrd" ] || initrd_make "$1" "$t/$1.initrd"
	direct=(-machine q35 -kernel "$dir/vmlinuz" -initrd "$t/$1.initrd" -append 'console=ttyS0 no_timer_check panic=-1')
}

# cmdline STORY: the command line that the kernel got. told STORY WORD: what stands behind a word at the start of a line.
cmdline() {
	sed -n 's/^CMDLINE<\(.*\)>CMDLINE$/\1/p' <<<"$1" | head -n 1
}
told() {
	sed -n "s/^$2 //p" <<<"$1" | head -n 1
}
