#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# ./run on a machine of its own: what it makes, what it keeps, what it refuses, and that it leaves the machine's network
# alone. run.sh TREE BUILD: nothing is installed or built.
#
#   PREFIX-root              PREFIX-cli
#   +---------------+        +------------+
#   | ./run    eth0 |= veth =| eth0       |
#   +---------------+        +------------+
#     10.97.0.1/24, default route via .2; fd97::1/64
set -u -o pipefail

TREE=$1
export ROOTLINE_BUILD=$2
P=rlrun$$
FAILED=0
PID=''
MKWORLD=$ROOTLINE_BUILD/root/tools/mkworld

skip() { echo "SKIP: $*"; exit 77; }

check() { # TEXT COMMAND...
	local text=$1
	shift
	if "$@"; then
		echo "ok - $text"
	else
		echo "not ok - $text"
		FAILED=1
	fi
}

cleanup() {
	local status=$?
	trap - EXIT INT TERM
	[ -z "$PID" ] || kill -9 "$PID" 2>/dev/null
	ip netns del "$P-root" 2>/dev/null
	ip netns del "$P-cli" 2>/dev/null
	[ $status = 0 ] || [ $status = 77 ] || { echo "--- ./run said:"; tail -n 30 "$WORK/out"; }
	rm -rf "$WORK"
	exit $status
}

setup() {
	[ "$(id -u)" = 0 ] || skip "network namespaces need root"
	WORK=$(mktemp -d) || exit 1
	: >"$WORK/out"
	trap cleanup EXIT
	trap 'exit 130' INT TERM
	ip netns add "$P-root" 2>/dev/null || skip "network namespaces cannot be made here"
	ip netns add "$P-cli"
	# Addresses are there at once, so that the machine does not change by itself while it is watched.
	ip netns exec "$P-root" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	ip link add eth0 netns "$P-root" type veth peer name eth0 netns "$P-cli"
	for ns in root cli; do
		ip -n "$P-$ns" link set lo up
		ip -n "$P-$ns" link set eth0 up
	done
	ip -n "$P-root" addr add 10.97.0.1/24 dev eth0
	ip -n "$P-root" addr add fd97::1/64 dev eth0 nodad
	ip -n "$P-root" route add default via 10.97.0.2
	STATE=$WORK/state
}

# run STATUS OPTION...: ./run in the namespace, to its end; its output is in $WORK/out.
run() {
	local expected=$1 status=0
	shift
	ip netns exec "$P-root" "$TREE/run" --state "$STATE" "$@" >"$WORK/out" 2>&1 </dev/null || status=$?
	[ $status = "$expected" ] || { echo "# ended with $status: $(tail -n 1 "$WORK/out")"; return 1; }
}

said() { grep -qF -- "$1" "$WORK/out"; }
not_said() { ! said "$1"; }
endpoints() { "$MKWORLD" show -q "$STATE/planet" | awk '$1 == "endpoint" {print $2}' | sort | paste -sd ' '; }
names() { [ "$(endpoints)" = "$1" ] || { echo "# names $(endpoints)"; return 1; }; }
keep() { cp -a "$STATE/planet" "$STATE/identity.secret" "$WORK/"; }
kept() { cmp -s "$STATE/$1" "$WORK/$1"; }

machine() {
	ip netns exec "$P-root" sh -c '
		ip -d link show; ip addr show; ip route show table all; ip -6 route show table all; ip rule show
		nft list ruleset 2>/dev/null' | sed 's/ promiscuity [0-9]*//; s/ allmulti [0-9]*//; s/PROMISC,//'
}

serving() {
	for _ in $(seq 300); do
		grep -q '^rootline: serving ' "$WORK/log" && return 0
		kill -0 "$PID" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

stops() {
	local status=0
	kill -TERM "$PID"
	wait "$PID" || status=$?
	PID=''
	return $status
}

first_start() {
	check "--check makes all and ends" run 0 --check
	check "it says how to start" said "dpdk-app/rootline --state $STATE --port af_packet:eth0 --udp-port 9993"
	check "the planet names the interface's addresses" names "10.97.0.1/9993 fd97::1/9993"
	check "the secret is the owner's alone" test "$(stat -c %a "$STATE/identity.secret")" = 600
	check "the keys are the owner's alone" test "$(stat -c %a "$STATE/world/previous.c25519")" = 600
	check "private addresses: a warning" said "10.97.0.1 is a private address"
	check "base64" said "$("$MKWORLD" export -q -f base64 "$STATE/planet")"
	check "link" said "https://joinzt.com/addplanet?v=1&planet="
	check "where to put it: Windows" said 'C:\ProgramData\ZeroTier\One\planet'
	keep
	check "again" run 0 --check
	check "same planet" kept planet
	check "same identity" kept identity.secret
}

start_for_real() {
	machine >"$WORK/before"
	ip netns exec "$P-root" "$TREE/run" --state "$STATE" >"$WORK/log" 2>&1 </dev/null &
	PID=$!
	check "it serves" serving
	machine >"$WORK/during"
	check "links, addresses, routes and rules are as they were" diff "$WORK/before" "$WORK/during"
	check "a second one is refused" run 1
	check "with the reason" said "rootline runs already on UDP port 9993"
	check "it stops with status 0" stops
	machine >"$WORK/after"
	check "and leaves nothing behind" diff "$WORK/before" "$WORK/after"
	check "the planet is the same" kept planet
}

changes() {
	keep
	check "another address and port" run 0 --check --address 203.0.113.7 --udp-port 443
	check "the planet names them" names "203.0.113.7/443"
	check "clients take it from the root" "$MKWORLD" verify -q "$STATE/planet" --against "$WORK/planet"
	check "this start answers on the former port too" said "--udp-port 443 --udp-port 9993"
	check "no warning" not_said "private address"
	check "same identity" kept identity.secret
	keep
	check "without options" run 0 --check
	check "the planet's port is used" said "--udp-port 443"
	check "not the former one" not_said "--udp-port 9993"
	check "same options again" run 0 --check --udp-port=443 --address=203.0.113.7
	check "change nothing" kept planet
	ip -n "$P-root" addr add 198.51.100.1/24 dev eth0
	check "a new address of the interface" run 0 --check
	check "is told" said "--add-endpoint"
	check "and changes nothing" kept planet
}

refusals() {
	check "unknown option" run 2 --adress 192.0.2.1
	check "port out of range" run 2 --udp-port 65536
	check "option without its value" run 2 --interface
	check "no such interface" run 1 --interface eth9
	check "with those there are" said "there are: eth0 lo"
	check "not Ethernet" run 1 --interface lo
	check "no address" run 1 --check --address 300.0.0.1
	echo broken >"$STATE/planet"
	check "damaged planet" run 1 --check
	check "with advice" said "is damaged: restore it"
	rm "$STATE/planet"
	check "a planet that is gone is made again" run 0 --check --address 203.0.113.7
	echo broken >"$STATE/identity.secret"
	check "damaged identity" run 1 --check
	check "left alone" grep -q broken "$STATE/identity.secret"
	STATE=$WORK/other
	ip netns exec "$P-root" python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 9993))
print("bound", flush=True)
time.sleep(60)' >"$WORK/bound" &
	PID=$!
	until [ -s "$WORK/bound" ] || ! kill -0 "$PID" 2>/dev/null; do sleep 0.1; done
	check "port in use" run 1
	check "by whom" said "UDP port 9993 is in use by users:((\"python3\""
	check "no planet was made" test ! -e "$STATE/planet"
	check "another port" run 0 --check --udp-port 9994
	kill "$PID"
	PID=''
	ip -n "$P-root" route del default
	check "no default route" run 1
	check "with advice" said "give --interface IF"
}

setup
first_start
start_for_real
changes
refusals
exit $FAILED
