#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
# What the scripts share that boot over and over in one guest. Each of them puts everything back in between, so that the
# devices end as without vfio-bind, and tells in /test/result.

devices=/sys/bus/pci/devices
# shellcheck disable=SC2034 # for who sources this
report=/run/vfio-bind/report.json
bad=0

# wrong WORD...: notes what is not as it should be, on the console as long as it is little.
wrong()
{
	bad=$((bad + 1))
	[ $bad -gt 20 ] || echo "${0##*/}: $*" >/dev/console
}

# result WORD...: ok or wrong, and the figures.
result()
{
	if [ $bad -eq 0 ]; then
		echo "ok $*" >/test/result
	else
		echo "wrong $*" >/test/result
	fi
	echo "${0##*/}: $(cat /test/result)" >/dev/console
}

# Sound comes a moment later than its module.
coldplug()
{
	cat /sys/bus/*/devices/*/modalias 2>/dev/null | sort -u | xargs /usr/sbin/modprobe -qab --
	sleep 1
}

# driver_of ADDRESS: nothing where it has none.
driver_of()
{
	link=$(readlink $devices/"$1"/driver)
	echo "${link##*/}"
}

drivers()
{
	for path in "$devices"/*; do
		echo "${path##*/} $(driver_of "${path##*/}")"
	done
}

# remember, and later: who has what as then? With busybox, diff makes a file for its standard input where nobody can.
remember()
{
	drivers >/test/first
}

all_are_back()
{
	drivers >/test/last
	diff /test/first /test/last >/dev/console || wrong 'not all came back'
}

# override_of ADDRESS: sets $override, "" where there is none.
override_of()
{
	read -r override <$devices/"$1"/driver_override
	[ "$override" != '(null)' ] || override=
}

# restore: no override, and everybody on the driver that had it first.
restore()
{
	for path in "$devices"/*; do
		address=${path##*/}
		override_of "$address"
		[ -n "$override" ] || continue
		echo >"$path/driver_override"
		case $(driver_of "$address") in
		*vfio*) echo "$address" >"$path/driver/unbind" ;;
		esac
		echo "$address" >/sys/bus/pci/drivers_probe
	done
}
