# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Images made by the distributions' own generators, each in its own Debian, and booted into a root that tells what it
# finds. Sourced by bash scripts. Everything written stands below $build/images; a chroot itself is never changed.
#
# Needs, besides what tests/boot/lib.sh does: root, mmdebstrap, unshare, mke2fs.

images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/boot/lib.sh
. "$images/../boot/lib.sh"
work=$build/images
BOOT_TIMEOUT=${BOOT_TIMEOUT:-300}
VM_MEMORY=1024

# The devices asked for, on the machine called q35 (tests/boot/lib.sh): a twin of the boot display, two more cards of the
# same id, and an audio function that another driver would take.
asked='0000:00:02.0 0000:00:03.0 0000:00:04.0 0000:00:04.1'

# root_disk: an ext4 file system whose init tells the verdict; on stdout its path. Made once.
root_disk() {
	local out=$work/root.ext4 dir
	echo "$out"
	[ ! "$out" -nt "$images/root-init" ] || return 0
	mkdir -p "$work"
	dir=$(mktemp -d "$work/root.XXXXXX")
	mkdir -p "$dir"/{bin,sbin,etc,proc,sys,dev,run,tmp,usr/lib}
	install "$(busybox_static)" "$dir/bin/busybox"
	ln -s busybox "$dir/bin/sh"
	install "$images/root-init" "$dir/sbin/init"
	# systemd hands over to nothing that does not look like a system.
	echo 'ID=test' >"$dir/etc/os-release"
	rm -f "$out"
	mke2fs -q -t ext4 -d "$dir" "$out" 16M >/dev/null
	rm -rf "$dir"
}

# image_make NAME SUITE GENERATOR [STEP...]: builds an image in an overlay of the suite's chroot, with the suite's own
# kernel, and puts it to $work/NAME.img, what the generator said to $work/NAME.log. Its status is the generator's.
# A STEP is a function below, called step_STEP, run inside before the image is made.
image_make() {
	local name=$1 suite=$2 version dir chroot
	read -r _ version dir < <("$here/kernels" "$suite") || return
	chroot=$("$images/chroot" "$suite") || return
	mkdir -p "$work"
	rm -rf "${work:?}/$name".{img,overlay}
	mkdir -p "$work/$name.overlay"/{upper,work,root}
	unshare -m --propagation private bash "$images/inside" "$@" \
		"$chroot" "$version" "$dir" >"$work/$name.log" 2>&1
}
