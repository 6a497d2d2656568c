# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Judges a boot by what the scenario table (F, filled by `run`) expects of it. Every judge_x prints what is wrong, a line
# each, and nothing when all is as it should be.
: "${work:?comes with lib.sh}"

# judge_drivers NAME VERDICT BASE: has every device the driver and the override it should have? BASE is the verdict of the
# same machine without vfio-bind: what isn't asked for must end as there.
judge_drivers() {
	local name=$1 verdict=$2 base=$3 address driver override want want_override
	verdict_reached "$verdict" || echo 'userland was not reached'
	[ "$(verdict_devices "$verdict")" = "$(verdict_devices "$base")" ] ||
		echo 'the functions are not those of the boot without vfio-bind'
	while read -r address; do
		driver=$(verdict_get "$verdict" "$address" driver)
		override=$(verdict_get "$verdict" "$address" override)
		want_override='(null)'
		case ${F[$name.expect.$address]-} in
		takes)
			want=vfio-pci
			want_override=vfio-pci
			;;
		holds)
			want=-
			want_override=vfio-pci
			;;
		empties)
			want=-
			want_override=$override
			;;
		*) want=$(verdict_get "$base" "$address" driver) ;;
		esac
		[ "$driver" = "$want" ] || echo "$address has driver $driver instead of $want"
		[ "$override" = "$want_override" ] || echo "$address has override $override instead of $want_override"
	done < <(verdict_devices "$base")
}

# Did a host driver ever say a word about a device that was to be taken? Judged from the kernel's log; where
# host drivers had the devices before vfio-bind ran, they may have.
judge_untouched() {
	local name=$1 verdict=$2 base=$3 address host
	[ -z "${F[$name.before]-}" ] || return 0
	for address in ${F[$name.expected]-}; do
		case ${F[$name.expect.$address]} in
		takes | holds | empties) ;;
		*) continue ;;
		esac
		host=$(verdict_get "$base" "$address" driver)
		if [ "$host" != - ] && grep -qE "$host.*$address" "${verdict%.verdict}.console"; then
			echo "$address was touched by $host: $(grep -m 1 -E "$host.*$address" "${verdict%.verdict}.console")"
		fi
	done
}

# report_row ADDRESS: action, planned driver and driver afterwards, as the report has them; nothing if it isn't in it.
report_row() {
	jq -r --arg a "$1" '.devices[] | select(.address == $a) | [.action, .driver // "-", .after // "-"] | join(" ")' \
		<<<"$report"
}

# judge_report NAME VERDICT: does the report say what the links say?
judge_report() {
	local name=$1 verdict=$2 report address row link
	report=$(verdict_report "$verdict")
	if ! jq -e '.version == 1 and (.devices | type == "array") and (.errors | type == "array") and has("off") and
		all(.devices[]; has("address") and has("asked") and has("action") and has("why") and has("before"))' \
		<<<"$report" >/dev/null 2>&1; then
		echo 'report.json is missing or not of the shape it should have'
		return
	fi
	[ "$(jq -r '[.devices[].address] | length' <<<"$report")" = "$(jq -r '[.devices[].address] | unique | length' <<<"$report")" ] ||
		echo 'the report has a device twice'
	for address in $(verdict_devices "$verdict"); do
		row=$(report_row "$address")
		link=$(verdict_get "$verdict" "$address" driver)
		case ${F[$name.expect.$address]-unasked} in
		takes) [ "$row" = "bind $link $link" ] ;;
		empties) [ "$row" = 'bind none -' ] ;;
		holds) [ "$row" = 'bind vfio-pci -' ] ;;
		spares) [[ $row == 'bind '* && ${row#bind } != "${row##* } ${row##* }" ]] ;;
		refuses) [[ $row == 'refuse '* ]] ;;
		unasked) [ -z "$row" ] ;;
		esac || echo "the report says of $address: ${row:-nothing}"
	done
	for address in ${F[$name.misses]-}; do
		[[ $(report_row "$address") == 'absent '* ]] || echo "the report does not say that $address is absent"
	done
	jq -e --arg re "${F[$name.off]-}" 'if $re == "" then .off == null else (.off // "" | test($re)) end' \
		<<<"$report" >/dev/null || echo "the report's reason for being off is $(jq -c .off <<<"$report")"
	[ -z "${F[$name.errors]-}" ] || jq -e --arg re "${F[$name.errors]}" 'any(.errors[]; tostring | test($re))' \
		<<<"$report" >/dev/null || echo "the report's errors are $(jq -c .errors <<<"$report")"
}

# What else was promised: it ran, in bounded time, with few words, and with the modules and options asked for.
judge_rest() {
	local name=$1 verdict=$2 time path value last=0 line module
	time=$(sed -n 's/^ran tool .*milliseconds=//p' "$verdict")
	# Ten seconds is its bound for everything; the rest is the emulator's and the other boot's beside it.
	[ "${time:-99999}" -le 14000 ] || echo "vfio-bind took ${time:-for ever} ms"
	[ "$(grep -c '^kmsg ' "$verdict")" -le 10 ] || [ -n "${F[$name.join]-}" ] || echo 'more than 10 records on the kernel log'
	grep -q '^kmsg ' "$verdict" || echo 'not a word on the kernel log'
	while read -r path value; do
		[ -z "$path" ] || grep -qx "fact $path $value *" "$verdict" ||
			echo "$path is not $value: $(grep "^fact $path " "$verdict")"
	done <<<"${F[$name.fact]-}"
	for module in ${F[$name.order]-}; do
		line=$(grep -nx "module $module" "$verdict" | cut -d : -f 1)
		[ "${line:-0}" -gt "$last" ] || echo "module $module is not there, or not in its place"
		last=${line:-0}
	done
}

# judge_control BASE: does the boot without vfio-bind give the devices to the host drivers that vfio-bind must beat? If it
# doesn't, to have won against them means nothing.
judge_control() {
	local address driver
	for address in $(verdict_devices "$1"); do
		driver=$(verdict_get "$1" "$address" driver)
		case $(verdict_get "$1" "$address" class) in
		0300* | 0380*) [ "$driver" = bochs-drm ] ;;
		0403*) [ "$driver" = snd_hda_intel ] ;;
		0200*) [ "$driver" = e1000e ] ;;
		esac || echo "without vfio-bind, $address has driver $driver: the image's coldplug does not work"
	done
}

# judge SUITE NAME: all of it, and that the twin fails.
judge() {
	local suite=$1 name=$2 verdict=$work/$1-$2.verdict base twin
	base=$work/$suite-${F[$name.baseline]}.verdict
	twin=$suite-${F[$name.twin]}
	judge_control "$base"
	judge_drivers "$name" "$verdict" "$base"
	judge_untouched "$name" "$verdict" "$base"
	judge_report "$name" "$verdict"
	judge_rest "$name" "$verdict"
	if ! verdict_reached "$work/$twin.verdict"; then
		echo "its twin, $twin, did not reach userland"
	elif [ -z "$(judge_drivers "$name" "$work/$twin.verdict" "$base")" ]; then
		echo "its twin, $twin, passes too: the check proves nothing"
	fi
}
