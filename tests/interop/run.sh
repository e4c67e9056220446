#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Stock nodes against rootline, with a verdict for each thing they need a root for. Argument:
# af_packet or af_xdp. Exit status 0, 1, or 77 if there is no zerotier-one. lab.sh has the drawing.

INTEROP_DIR=${INTEROP_DIR:-$(dirname "$0")}
# shellcheck source=tests/interop/lab.sh
. "$INTEROP_DIR/lab.sh"
KIND=$1

finish() {
	local status=$?
	trap - EXIT INT TERM
	if [ $status = 1 ] && [ -s "$WORK/root.log" ]; then
		echo "--- rootline said:"
		tail -n 40 "$WORK/root.log"
	fi
	lab_down
	rm -rf "$WORK"
	exit $status
}

# Clients come online, join, reach each other directly; with the pair blocked through the root; and
# directly again. Argument: the planet they hold.
day_of_a_network() {
	local n
	for n in $NODES; do
		start_node "$n" "$1"
	done
	# shellcheck disable=SC2086
	try "ctrl, c1, c2, c3 ONLINE within 6 s" all_online $NODES || return
	try "the controller makes a network" make_network || return
	for n in c1 c2 c3; do
		try "$n joins" join $n || return
	done
	try "c1 reaches c2" wait_for 15 one_ping c1 c2
	try "by a direct path" wait_for 10 is_direct c1 c2
	try "64 bytes, direct, no loss" pings c1 c2 64
	try "2700 bytes, direct, no loss" pings c1 c2 2700

	for n in c1 c2; do
		stop $n
		rm -rf "$WORK/$n/peers.d"
	done
	block c1 c2
	start_node c1 keep
	start_node c2 keep
	try "c1 and c2 ONLINE again, blocked from each other" all_online c1 c2 || return
	try "they have their addresses" wait_for 20 has_ip c1 && wait_for 20 has_ip c2
	try "c1 reaches c2 through the root" wait_for 20 one_ping c1 c2
	try "64 bytes, relayed, no loss" pings c1 c2 64
	try "2700 bytes, relayed, no loss" pings c1 c2 2700
	try "that was relayed" is_relayed c1 c2
	unblock c1 c2
	in_ns c1 ping -n -q -i 0.5 "$(zt_ip c2)" >/dev/null 2>&1 &
	local pinger=$!
	try "direct again after unblocking" wait_for 60 is_direct c1 c2
	kill $pinger
	wait $pinger 2>/dev/null
}

# Who answers a ping to all nodes on the virtual network: two others, by one address at least.
answers_to_all() {
	[ "$(in_ns c1 ping -n -c 4 -i 0.5 -W 2 "ff02::1%$(zt_if c1)" 2>/dev/null |
		grep -o 'from fe80[^ %]*' | sort -u | wc -l)" -ge 3 ]
}

multicast() {
	try "multicast: all three clients hear ff02::1" wait_for 20 answers_to_all
	try "multicast: c3 finds c1 by ARP" wait_for 15 one_ping c3 c1
}

moon_is_held() {
	cmp -s "$WORK/c1/moons.d/00000082baeaf349.moon" "$INTEROP_VECTORS/moon/00000082baeaf349.moon"
}

# A node asks for a moon in its next HELLO, which without a path is 5 s away: so it is asked while the
# root cannot be reached.
moon() {
	forget_node c1
	in_ns c1 nft -f - <<-NFT
		table inet away { chain out { type filter hook output priority 0; oifname eth0 udp dport 9993 drop; }; }
	NFT
	start_node c1 planet-A
	wait_for 10 api c1 GET /status >/dev/null
	api c1 POST /moon/82baeaf349 '{"seed":"82baeaf349"}' >/dev/null
	in_ns c1 nft delete table inet away
	try "a moon served by the root is taken by c1" wait_for 12 moon_is_held
}

holds() { cmp -s "$WORK/c1/planet" "$INTEROP_VECTORS/planet/$1"; }

# The root has one planet, c1 comes with another; what does it hold after its first OK?
planet() { # THEIRS FIRST|keep HELD TEXT
	stop c1
	stop root || verdict 1 "rootline stops with status 0"
	start_root "$KIND" "$1" || die "rootline does not start with $1"
	[ "$2" = keep ] || forget_node c1
	start_node c1 "$2"
	try "$4: ONLINE" online c1
	# The planet comes in the first OK or minutes later.
	try "$4: c1 holds $3" wait_for 2 holds "$3"
}

need
WORK=$(mktemp -d) || die "no temporary directory"
trap finish EXIT
trap 'exit 130' INT TERM

echo "# rootline on $KIND, IPv4 and IPv6, $("$ZT" -v) nodes"
lab_up
start_root "$KIND" planet-A 00000082baeaf349.moon ||
	{ [ "$KIND" = af_xdp ] && grep -q 'not built\|not supported' "$WORK/root.log" && skip "$(tail -n 1 "$WORK/root.log")"; } ||
	die "rootline does not start"
day_of_a_network planet-A
multicast
moon
planet planet-B planet-A planet-B "newer planet A -> B"
planet planet-C planet-A planet-C "key rotation A -> C"
planet planet-D keep planet-D "signed by the new key C -> D"
planet planet-X keep planet-D "signed by nobody D -> X"
try "rootline stops with status 0" stop root
lab_down

echo "# the same without IPv4"
NET4=0
lab_up
start_root "$KIND" planet-v6only || die "rootline does not start"
day_of_a_network planet-v6only
multicast
try "rootline stops with status 0" stop root

end
