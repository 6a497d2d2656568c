# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# `list --json` on a machine that is up, against what sysfs and the real kmod say of each function. Sourced by `hands`,
# which is the machine.

# guest_list: a script for the guest, told on descriptor 3.
guest_list()
{
	cat <<'END'
# What `list` says of a machine as it is, and what the kernel and kmod say.
vfio-bind list --json 2>/dev/null | sed 's/^/list /' >&3
for function in $devices/*; do
	one()
	{
		if [ -L $function/$1 ]; then readlink $function/$1 | sed 's,.*/,,'; else echo -; fi
	}
	echo "live ${function##*/} $(cat $function/vendor $function/device $function/class | sed 's/0x//' | tr '\n' ' ')$(one driver) $(one iommu_group)" \
		"$(cat $function/boot_vga 2>/dev/null || echo -)" \
		"$($modprobe -R "$(cat $function/modalias)" 2>/dev/null | sort -u | tr '\n' ' ')" >&3
	for driver in $($modprobe -D "$(cat $function/modalias)" 2>/dev/null | sed -n 's,^insmod .*/\([^/]*\)\.ko.*,\1,p' | tail -n 1); do
		echo "loads ${function##*/} $driver" >&3
	done
done
for connector in /sys/class/drm/card*-*; do
	path=$(readlink -f $connector)
	function=${path%/drm/*}
	[ "$(cat $connector/status)" != connected ] || echo "screen ${function##*/} ${path##*/card[0-9]-} $(head -n 1 $connector/modes)" >&3
done
END
}

# listed VERDICT, live VERDICT: every function: address, ids, class, driver, group, boot display, who could drive it.
listed()
{
	sed -n 's/^list //p' "$1" | jq -r '.devices[] | "\(.address) \(.vendor) \(.device) \(.class) \(.driver // "-")" +
		" \(.group // "-") \(.boot_display | if . == null then "-" elif . then 1 else 0 end)" +
		" \(.candidates | map(gsub("-"; "_")) | sort | join(" "))"' | sed 's/ *$//'
}

live()
{
	sed -n 's/^live //p' "$1" | sed 's/ *$//'
}

# screens VERDICT: what it says is connected to which card, as the lines of the guest have it.
screens()
{
	sed -n 's/^list //p' "$1" | jq -r '.devices[] | .address as $a | .screens[] | "screen \($a) \(.name) \(.mode)"'
}

# lists VERDICT: what is wrong with it.
lists()
{
	local address module
	[ -n "$(live "$1")" ] || echo 'nothing came of it'
	diff <(listed "$1") <(live "$1") | grep '^[<>]'
	diff <(screens "$1" | sort) <(grep '^screen ' "$1" | sort) | grep '^[<>]'
	[ -n "$(screens "$1")" ] || echo 'no screen'
	# What modprobe would load of it last is the driver itself.
	while read -r _ address module; do
		listed "$1" | grep "^$address " | grep -qw -- "${module//-/_}" || echo "$address: $module is no candidate"
	done < <(grep '^loads ' "$1")
	[ "$(listed "$1" | awk 'NF > 8' | wc -l)" -gt 0 ] || echo 'no device that two drivers want'
}
