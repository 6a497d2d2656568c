# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Images made by the distributions' own generators, each in its own Debian, and booted into a root that tells what it
# finds. Sourced by bash scripts. Everything written stands below $build/images; a chroot itself is never changed.
#
# Needs (Debian names), besides what tests/boot/lib.sh does: mmdebstrap, util-linux, e2fsprogs; and root.

images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/boot/lib.sh
. "$images/../boot/lib.sh"
work=$build/images
# Seconds: an image with systemd in it takes about a minute to its root when two CPUs are emulated side by side, and
# several where other suites run beside it.
BOOT_TIMEOUT=${IMAGE_BOOT_TIMEOUT:-600}
export VM_MEMORY=1024

# Asked for on the machine called q35 (tests/boot/lib.sh): a twin of the boot display, two more cards of the same id, and an
# audio function that another driver would take.
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

# other_suite SUITE: whose kernel is the second one where two are installed.
other_suite() {
	case $1 in
	bookworm) echo trixie ;;
	*) echo bookworm ;;
	esac
}

# image_make NAME SUITE GENERATOR [STEP...]: has the generator make an image in an overlay of the suite's Debian (mkinitcpio, which
# Debian hasn't got: of the root tree $MKINITCPIO_ROOT it is installed in), for the suite's own kernel, after the steps
# (tests/images/inside). $work/NAME.img is the image, $work/NAME.conf the config it was made from, $work/NAME.log what was
# said. The status is the generator's.
image_make() {
	local name=$1 suite=$2 version dir other_version other_dir chroot status=0
	read -r _ version dir < <("$here/kernels" "$suite") || return
	read -r _ other_version other_dir < <("$here/kernels" "$(other_suite "$suite")") || return
	case $3 in
	deb*) ls "$build"/packages/vfio-bind_*.deb >/dev/null 2>&1 || "$images/package" >&2 || return ;;
	esac
	case $3 in
	*mkinitcpio*) chroot=${MKINITCPIO_ROOT:?} ;;
	*) chroot=$("$images/chroot" "$suite") || return ;;
	esac
	shift 2
	rm -rf "${work:?}/$name".{img,conf,log,overlay}
	mkdir -p "$work/$name.overlay"/{upper,work,root,out}
	BUILD=$build CHROOT=$chroot VERSION=$version KERNEL=$dir OTHER_VERSION=$other_version \
		OTHER_KERNEL=$other_dir OVERLAY=$work/$name.overlay \
		unshare -m --propagation private "$images/inside" "$@" >"$work/$name.log" 2>&1 || status=$?
	[ ! -e "$work/$name.overlay/out/initrd" ] || mv "$work/$name.overlay/out/initrd" "$work/$name.img"
	[ ! -e "$work/$name.overlay/out/conf" ] || mv "$work/$name.overlay/out/conf" "$work/$name.conf"
	rm -rf "$work/$name.overlay"
	return "$status"
}

# image_boot NAME SUITE IMAGE [COMMANDLINE]: boots an image with its kernel; $work/NAME.verdict is what the root told.
image_boot() {
	local name=$1 dir image=$3 status=0
	read -r _ _ dir < <("$here/kernels" "$2") || return
	vm_start "$name" q35 -kernel "$(kernel_unpacked "$dir/vmlinuz")" -initrd "$work/$image.img" \
		-drive "file=$(root_disk),if=none,id=root,format=raw,snapshot=on" -device virtio-blk-pci,drive=root,addr=8.0 \
		-append "$kernel_words root=/dev/vda rootfstype=ext4 ro ${4-}"
}

# archive_make NAME SUITE IMAGE PLACE: $work/NAME.img is an image made without vfio-bind, and what `vfio-bind image` wrote: none;
# gzip, behind it, compressed, as it may begin anywhere; behind, not compressed; before, in front of it; cut, half of it.
# other is gzip with another suite's kernel; killed, hung and gone are gzip and another archive behind it, by which the
# program that PID 1 runs ends by a signal, never, or is not there.
archive_make() {
	local name=$1 suite=$2 image=$work/$3.img place=$4 root=$work/$1.root version dir args=()
	rm -rf "$root" "$work/$name".{img,conf,cpio}
	[ "$place" != other ] || suite=$(other_suite "$suite")
	read -r _ version dir < <("$here/kernels" "$suite") || return
	mkdir -p "$root"/{lib,sys/bus/pci/devices,proc}
	ln -s "$dir/lib/modules" "$root/lib/modules"
	printf '[bind]\naddresses = 00:02.0, 00:03.0, 00:04.*\n' >"$work/$name.conf"
	case $place in
	behind | before) ;;
	*) args=(--gzip) ;;
	esac
	"$build/vfio-bind" image -o "$work/$name.cpio" --kernel "$version" --root "$root" --config "$work/$name.conf" \
		"${args[@]}" >"$work/$name.log" 2>&1 || return
	case $place in
	none) cat "$image" ;;
	before) cat "$work/$name.cpio" "$image" ;;
	gzip | other) cat "$image" "$work/$name.cpio" ;;
	cut)
		cat "$image"
		head -c $(($(stat -c %s "$work/$name.cpio") / 2)) "$work/$name.cpio"
		;;
	behind) # as loaders do: what is not compressed begins at a multiple of four bytes
		cat "$image"
		head -c $(((4 - $(stat -c %s "$image") % 4) % 4)) /dev/zero
		cat "$work/$name.cpio"
		;;
	killed | hung | gone)
		cat "$image" "$work/$name.cpio"
		archive_break "$name" "$place"
		;;
	esac >"$work/$name.img"
}

# archive_break NAME HOW: an archive that puts something else in place of the program that `init` runs; `init` stays.
archive_break() {
	local dir=$work/$1.broken own=usr/local/lib/vfio-bind
	rm -rf "$dir"
	mkdir -p "$dir/$own"
	gzip -dc "$work/$1.cpio" | cpio --quiet -i --to-stdout "$own/vfio-bind-boot" >"$dir/$own/init"
	chmod 755 "$dir/$own/init"
	case $2 in
	killed) printf 'int kill(int, int); int getpid(void); int main(void) { return kill(getpid(), 9); }\n' ;;
	hung) printf 'int pause(void); int main(void) { for (;;) pause(); }\n' ;;
	gone) printf '' ;;
	esac >"$dir/program.c"
	if [ -s "$dir/program.c" ]; then
		cc -static -s -o "$dir/$own/vfio-bind-boot" "$dir/program.c"
	else
		: >"$dir/$own/vfio-bind-boot"
	fi
	(cd "$dir" && printf '%s\n' "$own/init" "$own/vfio-bind-boot" | cpio --quiet -o -H newc | gzip -nc)
}

# digest FILE: of a config, as `check` on the host has it; null where there is none.
digest() {
	local dir
	dir=$(mktemp -d "$work/digest.XXXXXX")
	"$build/vfio-bind" check --config "$1" --image "$dir" --into "$dir" >/dev/null 2>&1 || :
	sed -n 's/^config \([^ ]*\) .*/\1/p' "$dir/etc/vfio-bind.image" | grep . || echo null
	rm -rf "$dir"
}

# drivers NAME: who has what was asked for, in that order, in one word each.
drivers() {
	local address
	for address in $asked; do
		printf '%s ' "$(verdict_get "$work/$1.verdict" "$address" driver)"
	done
}

# What has all that was asked for where nothing binds, and where vfio-bind does, as drivers prints it.
# shellcheck disable=SC2034 # for whoever sources this
hosts='bochs-drm bochs-drm bochs-drm snd_hda_intel ' vfio='vfio-pci vfio-pci vfio-pci vfio-pci '

# boot_wrong NAME DRIVERS BOUND: prints why the boot is not as expected, or nothing: who has what was asked for, and how many
# functions the host's report says are bound; '' where there need be none.
boot_wrong() {
	local verdict=$work/$1.verdict found
	if ! verdict_reached "$verdict"; then
		echo 'userland was not reached'
		return
	fi
	found=$(drivers "$1")
	[ "$found" = "$2" ] || echo "drivers are $found"
	found=$(verdict_get "$verdict" 0000:00:01.0 driver)
	[ "$found" = bochs-drm ] || echo "the boot display is on $found"
	[ -n "$3" ] || return 0
	grep -qx 'module vfio_iommu_type1' "$verdict" || echo 'vfio_iommu_type1 is not loaded'
	found=$(verdict_report "$verdict" | jq '[.devices[] | select(.action == "bind" and .after == "vfio-pci")] | length')
	[ "$found" = "$3" ] || echo "the report has '$found' bound devices"
}
