# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by scripts with roots in namespaces of their own at one switch, a bridge. They set P (what the namespaces'
# names begin with), ROOTS (their names) and NEED (tools beside ip and jq), and put processes into PID_OF by name; what
# one says is in WORK/NAME.log.
# shellcheck disable=SC2153 # by who sources this
declare -A PID_OF
WIRED=()

# shellcheck source=tests/smoke/_check.sh
. "$(dirname "$0")/_check.sh"
die() { echo "FAIL: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || skip "network namespaces need root"
for tool in ip jq $NEED; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
WORK=$(mktemp -d)
# stop_one NAME, kill_one NAME: of a process that serve or serve_nats has started.
stop_one() {
	stop "${PID_OF[$1]}"
	unset "PID_OF[$1]"
}
kill_one() {
	kill -9 "${PID_OF[$1]}" && wait "${PID_OF[$1]}" 2>/dev/null
	unset "PID_OF[$1]"
}
cleanup() {
	local status=$? m
	trap - EXIT INT TERM
	[ ${#PID_OF[@]} = 0 ] || stop "${PID_OF[@]}"
	for m in $ROOTS; do
		[ "${ENDED[${PID_OF[$m]:-0}]:-0}" = 0 ] || { echo "not ok - $m ended with an error"; FAILED=1; }
	done
	[ $status != 0 ] || status=$FAILED
	if [ $status != 0 ]; then
		for m in $ROOTS; do
			echo "--- $m:"
			tail -n 15 "$WORK/$m.log" "$WORK/nats-$m.log" 2>/dev/null
		done
	fi
	for m in "${WIRED[@]}" sw; do
		ip netns del "$P-$m" 2>/dev/null
	done
	rm -rf "$WORK"
	exit $status
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# In a build with sanitizers: what libnats leaks is not ours.
LSAN_OPTIONS="suppressions=$(dirname "$0")/lsan.supp:print_suppressions=0"
export LSAN_OPTIONS

# wire NAME ADDRESS: a namespace at the switch.
wire() {
	ip netns add "$P-$1" || die "cannot make a namespace"
	WIRED+=("$1")
	ip -n "$P-$1" link set lo up
	ip link add eth0 netns "$P-$1" type veth peer name "to-$1" netns "$P-sw" || die "cannot make a veth pair"
	ip -n "$P-sw" link set "to-$1" master br0 up
	ip netns exec "$P-$1" ethtool -K eth0 tx off >/dev/null 2>&1
	ip -n "$P-$1" addr add "$2/24" dev eth0
	ip -n "$P-$1" link set eth0 up
}

ip netns add "$P-sw" 2>/dev/null || skip "network namespaces cannot be made here"
ip -n "$P-sw" link add br0 type bridge
ip -n "$P-sw" link set br0 up
