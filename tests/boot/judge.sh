# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Judges a boot by what the scenario table (F, filled by `run`) expects of it. Every judge_x prints
# what is wrong, a line each, and nothing when all is as it should be.
: "${work:?comes with lib.sh}"

# What verdicts say, for those that ask for it a hundred times a boot: of FILE, seen[FILE|devices] has the addresses,
# seen[FILE|ADDRESS|KEY] what verdict_get and, as KEY client, verdict_client say of a function.
declare -A seen=()

# verdict_load FILE
verdict_load()
{
	local kind address rest word key
	[ -z "${seen[$1]-}" ] && [ -e "$1" ] || return 0
	seen[$1]=yes
	while read -r kind address rest; do
		case $kind:$rest in
		device:*)
			seen[$1|devices]+="$address "
			for word in $rest; do
				key=${word%%=*}
				seen["$1|$address|$key"]=${word#*=}
			done
			;;
		client:usable* | client:unusable*) seen[$1|$address|client]=$rest ;;
		esac
	done <"$1"
}

# judge_control BASE: does the boot without vfio-bind give the devices to the host drivers that
# vfio-bind must beat? If it doesn't, to have won against them means nothing.
judge_control()
{
	local address driver
	verdict_load "$1"
	for address in ${seen[$1|devices]-}; do
		driver=${seen[$1|$address|driver]-}
		case ${seen[$1|$address|class]-} in
		0300* | 0380*) [ "$driver" = bochs-drm ] ;;
		0403*) [ "$driver" = snd_hda_intel ] ;;
		0200*) [ "$driver" = e1000e ] || [ "${seen[$1|$address|id]-}" = 8086:100e ] ;;
		0108*) [ "$driver" = nvme ] ;;
		esac || echo "without vfio-bind, $address is on $driver: the coldplug does not work"
	done
}

# judge_drivers NAME VERDICT BASE: has every device the driver and the override it should have?
# BASE is the verdict of the same machine without vfio-bind: what isn't asked for ends as there.
judge_drivers()
{
	local name=$1 verdict=$2 base=$3 address driver override want want_override
	verdict_load "$verdict"
	verdict_load "$base"
	verdict_reached "$verdict" || echo 'userland was not reached'
	[ "${seen[$verdict|devices]-}" = "${seen[$base|devices]-}" ] ||
		echo 'the functions are not those of the boot without vfio-bind'
	for address in ${seen[$base|devices]-}; do
		driver=${seen[$verdict|$address|driver]-}
		override=${seen[$verdict|$address|override]-}
		case ${F[$name.expect.$address]-} in
		takes) want=vfio-pci want_override=vfio-pci ;;
		holds) want=- want_override=vfio-pci ;;
		# Which name no driver has is the program's business, as long as there is one.
		empties) want=- want_override=${override/(null)/set} ;;
		*) want=${seen[$base|$address|driver]-} want_override='(null)' ;;
		esac
		[ "$driver" = "$want" ] || echo "$address is on ${driver:-?} instead of $want"
		[ "$override" = "$want_override" ] ||
			echo "$address has override ${override:-?} instead of $want_override"
	done
}

# takes_any NAME: does the scenario expect that a device is given to virtual machines?
takes_any()
{
	local address
	for address in ${F[$1.expected]-}; do
		[ "${F[$1.expect.$address]}" != takes ] || return 0
	done
	return 1
}

# judge_usable NAME VERDICT: could a virtual machine open what was taken, and map its BARs?
judge_usable()
{
	local name=$1 verdict=$2 address said want
	verdict_load "$verdict"
	for address in ${F[$name.expected]-}; do
		[ "${F[$name.expect.$address]}" = takes ] || continue
		said=${seen[$verdict|$address|client]-}
		want=^usable$
		[ -z "${F[$name.unusable.$address]-}" ] || want="^unusable: ${F[$name.unusable.$address]}$"
		[[ $said =~ $want ]] || echo "$address, to a virtual machine: ${said:-it is not on vfio-pci}"
	done
}

# judge_untouched NAME VERDICT BASE: did a host driver ever name a device that was to be taken? By
# the kernel's log; where the drivers had their devices before vfio-bind ran, they may have.
judge_untouched()
{
	local name=$1 console=${2%.verdict}.console base=$3 address host line
	[ -z "${F[$name.before]-}" ] || return 0
	verdict_load "$base"
	for address in ${F[$name.expected]-}; do
		case ${F[$name.expect.$address]} in
		takes | holds | empties) ;;
		*) continue ;;
		esac
		host=${seen[$base|$address|driver]-}
		[ "$host" != - ] || continue
		if line=$(grep -m 1 -E "$host.*$address" "$console"); then
			echo "$address was touched by $host: $line"
		fi
	done
}

# report_query FILTER [JQ ARGUMENT...]: asks $report.
report_query()
{
	jq -er "$@" <<<"$report" 2>/dev/null
}

# report_rows: ADDRESS ACTION PLANNED-DRIVER DRIVER-AFTERWARDS of each device, a line each.
report_rows()
{
	report_query '.devices[] | "\(.address) \(.action) \(.driver // "-") \(.after // "-")"'
}

report_shape='.version == 1 and has("off")
	and (.devices | type == "array") and (.errors | type == "array")
	and all(.devices[]; has("address") and has("asked") and has("action") and has("driver")
		and has("why") and has("before") and has("after"))
	and ([.devices[].address] | length == (unique | length))'

# judge_report NAME VERDICT: does the report say what the links say?
judge_report()
{
	local name=$1 verdict=$2 report address row link off errors
	local -A rows=()
	report=$(verdict_report "$verdict")
	if ! report_query "$report_shape" >/dev/null; then
		echo 'report.json is missing or has not the shape it should have'
		return
	fi
	while read -r address row; do
		rows[$address]=$row
	done < <(report_rows)
	verdict_load "$verdict"
	for address in ${seen[$verdict|devices]-}; do
		row=${rows[$address]-}
		link=${seen[$verdict|$address|driver]-}
		case ${F[$name.expect.$address]-unasked} in
		takes) [ "$row" = "bind $link $link" ] ;;
		empties) [ "$row" = 'bind none -' ] ;;
		holds) [ "$row" = 'bind vfio-pci -' ] ;;
		# Another driver in the end, or none, than the one that was planned.
		spares) [[ $row == 'bind '* && $row != "bind ${row##* } ${row##* }" ]] ;;
		refuses) [[ $row == 'refuse '* ]] ;;
		unasked) [ -z "$row" ] ;;
		esac || echo "the report says of $address: ${row:-nothing}"
	done
	for address in ${F[$name.misses]-}; do
		row=${rows[$address]-}
		[[ $row == 'absent '* ]] || echo "the report does not say that $address is absent"
	done
	off=$(report_query '.off // ""')
	errors=$(report_query '.errors[]')
	if [ -n "${F[$name.off]-}" ]; then
		[[ $off =~ ${F[$name.off]} ]] || echo "the report's reason for being off is '$off'"
	elif [ -n "$off" ]; then
		echo "the report says it is off: $off"
	fi
	[[ $errors =~ ${F[$name.errors]-} ]] || echo "the report's errors are '$errors'"
}

# judge_console NAME CONSOLE: what should be said on it is, and what should not is not.
judge_console()
{
	local said=${F[$1.said]-} unsaid=${F[$1.unsaid]-} line
	[ -z "$said" ] || grep -Eq "$said" "$2" || echo "nobody said '$said' on the console"
	if [ -n "$unsaid" ] && line=$(grep -Em 1 "$unsaid" "$2"); then
		echo "somebody said on the console: $line"
	fi
}

# judge_kind NAME VERDICT: is it the machine that the scenario means? By what the guest saw of it before any driver came.
judge_kind()
{
	local lit=${F[$1.lit]-} told vga
	[ -n "$lit" ] || return 0
	told=$(verdict_lit "$2")
	[ "${told:-none}" = "${lit/#0/0000:0}" ] || echo "the firmware's framebuffer is on ${told:-none} instead of $lit"
	vga=$(sed -n 's/^device \([^ ]*\) .*boot_vga=1 .*/\1/p' "$2")
	[ "${vga:-none}" = "${F[$1.boot_vga]/#0/0000:0}" ] || echo "boot_vga=1 is of ${vga:-none} instead of ${F[$1.boot_vga]}"
}

# judge_rest NAME VERDICT: it ran, in bounded time, with few words, and with the modules and the
# options that were asked for.
judge_rest()
{
	local name=$1 verdict=$2 time records path value last=0 line module
	time=$(sed -n 's/^ran tool .*milliseconds=//p' "$verdict")
	# Ten seconds is its bound for everything; the rest is the emulator's on a busy host. A script judges by itself.
	[ "${time:-99999}" -le 15000 ] || [ -n "${F[$name.script]-}" ] || echo "vfio-bind took ${time:-for ever} ms"
	records=$(grep -c '^kmsg ' "$verdict")
	[ "$records" -gt 0 ] || [ -n "${F[$name.silent]-}" ] || echo 'not a word on the kernel log'
	# A second run (join, again) has words of its own.
	[ "$records" -le 10 ] || [ -n "${F[$name.join]-}${F[$name.script]-}" ] ||
		echo "$records records on the kernel log"
	# Each device that was bound is told with the line that asked, as long as they are few.
	if [ "$(wc -w <<<"${F[$name.expected]-}")" -le 6 ]; then
		for path in ${F[$name.expected]-}; do
			[ "${F[$name.expect.$path]}" != takes ] || [ -n "${F[$name.silent]-}" ] ||
				grep -q "^kmsg .*$path.*/etc/vfio-bind.conf:[0-9]" "$verdict" ||
				echo "no word of $path and who asked for it on the kernel log"
		done
	fi
	while read -r path value; do
		[ -z "$path" ] || grep -qx "fact $path $value *" "$verdict" ||
			echo "not $value, but $(grep "^fact $path " "$verdict")"
	done <<<"${F[$name.fact]-}"
	for module in ${F[$name.order]-}; do
		line=$(grep -nx "module $module" "$verdict" | cut -d : -f 1)
		[ "${line:-0}" -gt "$last" ] || echo "module $module isn't there or comes too late"
		last=${line:-0}
	done
}

# judge SUITE NAME: all of it, and that the twin fails.
judge()
{
	local suite=$1 name=$2 verdict=$work/$1-$2.verdict base twin
	base=$work/$suite-${F[$name.baseline]}.verdict
	twin=$suite-${F[$name.twin]}
	judge_control "$base"
	judge_kind "$name" "$base"
	judge_kind "$name" "$verdict"
	judge_drivers "$name" "$verdict" "$base"
	judge_usable "$name" "$verdict"
	judge_untouched "$name" "$verdict" "$base"
	[ -n "${F[$name.unreported]-}" ] || judge_report "$name" "$verdict"
	judge_console "$name" "${verdict%.verdict}.console"
	judge_rest "$name" "$verdict"
	if ! verdict_reached "$work/$twin.verdict"; then
		echo "its twin, $twin, did not reach userland"
	elif [ -z "$(judge_drivers "$name" "$work/$twin.verdict" "$base")" ]; then
		echo "its twin, $twin, passes too: the check proves nothing"
	elif [[ ${F[$name.twin]} == without-* ]] && takes_any "$name" && [ -z "$(judge_usable "$name" "$work/$twin.verdict")" ]; then
		echo "its twin, $twin, gives the devices to virtual machines too: the check proves nothing"
	fi
}
