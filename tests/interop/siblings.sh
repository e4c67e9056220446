#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Alice and Bob, two roots of different identities that are siblings, in one planet, and stock nodes: c1 reaches Alice
# alone, c2 Bob alone, and neither the other. Exit status 0, 1, or 77 if there is no zerotier-one.
#
#   alice 10.77.0.1 ---+--- ctrl 10.77.0.2    reaches all but c1 and c2
#   bob   10.77.0.3 ---+--- c1 10.77.0.11     reaches Alice alone
#        br0 ----------+--- c2 10.77.0.12     reaches Bob alone
#
# IPv4 and IPv6. The build sets INTEROP_CLI and INTEROP_MKWORLD too.

INTEROP_DIR=${INTEROP_DIR:-$(dirname "$0")}
# shellcheck source=tests/interop/lab.sh
. "$INTEROP_DIR/lab.sh"
NODES="ctrl c1 c2"
ROOTS="alice bob"
JOIN_S=60
ONLINE_MS=12000 # the first HELLO may go to the root that is out of reach
declare -A PID_OF

host_number() {
	case $1 in
	alice) echo 1 ;;
	ctrl) echo 2 ;;
	bob) echo 3 ;;
	c*) echo $((10 + ${1#c})) ;;
	esac
}

finish() {
	local status=$? r
	trap - EXIT INT TERM
	for r in $ROOTS; do
		[ -z "${PID_OF[$r]:-}" ] || stop_sibling "$r"
		[ $status != 1 ] || { echo "--- $r said:" && tail -n 20 "$WORK/$r.log"; }
	done
	for r in $NODES; do
		stop "$r"
	done
	for r in $NODES $ROOTS inet; do
		! ip netns list | grep -qw "$P-$r" || ip netns del "$P-$r"
	done
	rm -rf "$WORK"
	exit $status
}

identities() {
	mkdir "$WORK/world" && cp "$INTEROP_VECTORS/captures/root.secret" "$WORK/world/alice.secret" &&
		cut -d: -f1-3 "$WORK/world/alice.secret" >"$WORK/world/alice.public" &&
		"$ZT" -i generate "$WORK/world/bob.secret" "$WORK/world/bob.public" >/dev/null
}

# Both roots, each at its addresses.
make_planet() {
	local r roots=
	for r in $ROOTS; do
		roots="$roots,{\"identity\":\"@$r.public\",\"endpoints\":[\"$(ip4 $r)/9993\",\"$(ip6 $r)/9993\"]}"
	done
	install -m 600 "$INTEROP_VECTORS/planet/key1.c25519" "$WORK/world/previous.c25519"
	install -m 600 "$INTEROP_VECTORS/planet/key1.c25519" "$WORK/world/current.c25519"
	echo "{\"type\":\"planet\",\"id\":7,\"keys\":\".\",\"roots\":[${roots#,}]}" >"$WORK/world/world.json"
	"$INTEROP_MKWORLD" build -q "$WORK/world/world.json" -o "$WORK/planet" >"$WORK/mkworld.log"
}

start_sibling() { # ROOT OTHER
	local state=$WORK/state-$1
	mkdir -p "$state"
	install -m 600 "$WORK/world/$1.secret" "$state/identity.secret"
	install -m 644 "$WORK/world/$1.public" "$state/identity.public"
	cp "$WORK/planet" "$state/"
	echo '{"siblings": [{"name": "'"$2"'", "identity": "'"$(cat "$WORK/world/$2.public")"'",
		"fronts": ["'"$(ip4 "$2")"'/9993", "'"$(ip6 "$2")"'/9993"]}]}' >"$WORK/$1.json"
	ip netns exec "$P-$1" "$INTEROP_ROOTLINE" --config "$WORK/$1.json" --port af_packet:eth0 --state "$state" \
		--hugepages no --memory-mb 128 --workers 1 >>"$WORK/$1.log" 2>&1 </dev/null &
	PID_OF[$1]=$!
}

# Status: what it ended with.
stop_sibling() { # ROOT
	local pid=${PID_OF[$1]}
	unset "PID_OF[$1]"
	kill "$pid" 2>/dev/null
	wait_for 10 gone "$pid" || kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# Each front of the other answers.
reaches() { # ROOT
	"$INTEROP_CLI" --state "$WORK/state-$1" --json siblings 2>/dev/null |
		jq -e '[.. | .rttUs? | numbers | select(. >= 0)] | length >= 2' >/dev/null
}
knows_root() { # NODE ROOT: it has a path to it
	[ "$(api "$1" GET "/peer/$(cut -c1-10 "$WORK/world/$2.public")" |
		jq '[.paths[]? | select(.active)] | length' 2>/dev/null)" -gt 0 ] 2>/dev/null
}

need
WORK=$(mktemp -d) || die "no temporary directory"
trap finish EXIT
trap 'exit 130' INT TERM

echo "# two roots that are siblings, $("$ZT" -v) nodes"
ip netns add "$P-inet" || die "cannot make namespace $P-inet"
in_ns inet sysctl -qw net.ipv6.conf.all.disable_ipv6=1
ip -n "$P-inet" link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
ip -n "$P-inet" link set br0 up
for n in $ROOTS $NODES; do
	add_host "$n"
done
identities || die "no identities were made"
make_planet || die "no planet was made"
block c1 bob
block c2 alice
block c1 c2
block ctrl c1
block ctrl c2
start_sibling alice bob
start_sibling bob alice
try "alice reaches bob by both families" wait_for 30 reaches alice
try "bob reaches alice by both families" wait_for 30 reaches bob
for n in $NODES; do
	start_node "$n" "$WORK/planet"
done
# shellcheck disable=SC2086
try "ctrl, c1, c2 ONLINE within 12 s" all_online $NODES || exit 1
try "c1 knows alice" knows_root c1 alice
try "and not bob" eval '! knows_root c1 bob'
try "c2 knows bob" knows_root c2 bob
try "and not alice" eval '! knows_root c2 alice'
try "the controller makes a network" make_network || exit 1
for n in c1 c2; do
	try "$n joins" join $n || exit 1
done
try "c1 reaches c2: alice hands it to bob" wait_for 30 one_ping c1 c2
try "64 bytes, no loss" pings c1 c2 64
try "2700 bytes, no loss" pings c1 c2 2700
try "that was relayed" is_relayed c1 c2
for r in $ROOTS; do
	try "$r stops with status 0" stop_sibling $r
done
end
