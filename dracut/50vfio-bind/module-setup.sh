#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dracut: puts vfio-bind into the image. What goes in is `vfio-bind check --image`'s to say.
# 50-59 is where modules from outside dracut belong (dracut.modules(7)); the order at boot does not come from it.

# vfio_bind_list: prints what goes in, and leaves a record in the image; fails where the config's errors shall stop the build.
vfio_bind_list() {
	vfio-bind check --config "${dracutsysrootdir-}/etc/vfio-bind.conf" \
		--image "${srcmods:-${dracutsysrootdir-}/lib/modules/${kernel:?}}" --into "${initdir:?}"
}

check() {
	# The rescue image is for when things went wrong: it binds nothing.
	dracut_module_included rescue && return 1
	# So does the kernel that saves a crashed one's memory: mkdumprd sets it for its image (kdump-utils).
	[[ ${IN_KDUMP-} ]] && return 1
	if [[ ! -e ${dracutsysrootdir-}/etc/vfio-bind.conf ]]; then
		dwarn 'vfio-bind: no /etc/vfio-bind.conf, nothing is added to the image'
		return 1
	fi
	if ! type -P vfio-bind >/dev/null; then
		dwarn 'vfio-bind: the program is gone and the image binds nothing; install vfio-bind'
		return 1
	fi
	return 0
}

depends() {
	return 0
}

# The one function whose failure dracut obeys (the old image stays then), so the config is judged here.
installkernel() {
	local list names name
	list=$(vfio_bind_list) || return 1
	mapfile -t names < <(sed -n 's/^module //p' <<<"$list")
	for name in "${names[@]}"; do
		# hostonly would leave out what this machine has no use for at this moment.
		hostonly='' instmods "$name"
		[[ $(find "$initdir" -name "${name//_/[-_]}.ko*" -print -quit) ]] ||
			dwarn "vfio-bind: module $name did not get into the image; does omit_drivers name it?"
	done
}

install() {
	local kind thing
	while read -r kind thing; do
		case $kind in
		program) inst_binary "$thing" /usr/bin/vfio-bind ;;
		library) inst_library "$thing" ;;
		file) inst_simple "${thing#"${dracutsysrootdir-}"}" ;;
		esac
	done < <(vfio_bind_list 2>/dev/null)

	# modules-load.d and udev run beside dracut's own hooks when systemd is in the image: only a unit comes before.
	# Without systemd `cmdline` is the hook before forced drivers.
	if dracut_module_included systemd; then
		inst_simple "${moddir:?}/vfio-bind.service" "${systemdsystemunitdir:?}/vfio-bind.service"
		${SYSTEMCTL:?} -q --root "$initdir" add-wants sysinit.target vfio-bind.service
	else
		inst_hook cmdline 00 "$moddir/vfio-bind.sh"
		inst_hook pre-pivot 99 "$moddir/vfio-bind-join.sh"
	fi
}
