# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A libvirtd of its own for a test, for `. tests/vm/libvirt.sh`: in a mount namespace in which libvirt's directories
# are empty ones in memory, so that nothing of this machine's libvirt is read or changed. Root, and libvirt-daemon-system.

# libvirt_alone SCRIPT [ARGUMENT...]: runs the script again, in that namespace.
libvirt_alone()
{
	[ -z "${LIBVIRT_ALONE-}" ] || return 0
	export LIBVIRT_ALONE=1
	exec unshare --mount --pid --fork --kill-child --mount-proc "$@"
}

# libvirt_start LOG: returns when virsh gets an answer.
libvirt_start()
{
	local dir log=$1
	for dir in /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /run; do
		mkdir -p $dir
		mount -t tmpfs -o mode=755 tmpfs $dir || return
	done
	mkdir -p /etc/libvirt/hooks /etc/libvirt/qemu /var/lib/libvirt/qemu
	# QEMU as this user, without what a container may not have: cgroups, namespaces and labels.
	printf '%s\n' 'user = "root"' 'group = "root"' 'cgroup_controllers = []' 'namespaces = []' \
		'security_driver = "none"' 'remember_owner = 0' 'stdio_handler = "file"' >/etc/libvirt/qemu.conf
	printf '%s\n' 'auth_unix_rw = "none"' 'unix_sock_group = "root"' >/etc/libvirt/libvirtd.conf
	/usr/sbin/libvirtd --daemon 2>"$log" || return
	for _ in $(seq 100); do
		virsh -c qemu:///system list >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}
