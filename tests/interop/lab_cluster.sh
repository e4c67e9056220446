# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by cluster.sh after lab.sh: three members of one root, stock nodes, and the ways between them, each as long as
# between the places that a small database names for the addresses. Round trips in ms:
#
#              a Amsterdam   b Athens   c New York
#   b               40
#   c               80          110
#   ctrl             5           40         80       controller
#   c1              15           35         90
#   c2              80          110          5
#   c3              40            5        115       behind nat
#   c4               8           45         85       newcomers
#
#     a b c: rootline, nats-server   ctrl c1 c2 c4: zerotier-one     nat === c3: zerotier-one
#     |                              |                               |
#   ==================== delay_switch in namespace PREFIX-inet ===========================
#
# IPv4 alone: members need an IPv6 /64 each. The build sets INTEROP_CLI, INTEROP_MKWORLD, INTEROP_SWITCH and, if
# rootline reads databases of places, INTEROP_PLACES.

MEMBERS="a b c"
NODES="ctrl c1 c2 c3 c4"
declare -A PID_OF

# A /24 for each place: round trips are remembered by prefix. Not of the private ranges, about which members tell
# nobody. c3 is seen by the address of its NAT.
ip4() {
	case $1 in
	a) echo 5.77.1.1 ;;
	b) echo 5.77.2.1 ;;
	c) echo 5.77.3.1 ;;
	ctrl) echo 5.77.30.1 ;;
	c3 | nat) echo 5.77.33.1 ;;
	c*) echo 5.77.3"${1#c}".1 ;;
	esac
}
ip6() { echo fd77::ffff; } # nobody's

places() {
	"$INTEROP_PLACES" "$WORK/places.mmdb" 5.77.1.0/24=52.4,4.9 5.77.2.0/24=38.0,23.7 5.77.3.0/24=40.7,-74.0 \
		5.77.30.0/24=50.8,4.4 5.77.31.0/24=50.1,8.7 5.77.32.0/24=42.4,-71.1 5.77.33.0/24=40.6,22.9 \
		5.77.34.0/24=51.5,0.1
}

# One way, half of the drawing's round trips.
ways() {
	cat <<-EOF
		* * 20
		c2 * 45
		a b 20
		a c 40
		b c 55
		ctrl a 2.5
		ctrl b 20
		ctrl c 40
		c1 a 7.5
		c1 b 17.5
		c1 c 45
		c2 a 40
		c2 b 55
		c2 c 2.5
		nat a 20
		nat b 2.5
		nat c 57.5
		c4 a 4
		c4 b 22.5
		c4 c 42.5
	EOF
}

# Round trip of a node to a member, by what the switch was told.
rtt() { # NODE MEMBER
	local n=$1
	[ "$n" != c3 ] || n=nat
	awk -v n="$n" -v m="$2" '$1 == n && $2 == m { print 2 * $3 }' "$WORK/ways"
}

# wire HOST INTERFACE OTHER-HOST OTHER-INTERFACE
wire() {
	ip link add "$2" netns "$P-$1" type veth peer name "$4" netns "$P-$3" || die "cannot make a veth pair"
	in_ns "$1" ethtool -K "$2" tx off rx off gso off gro off tso off >/dev/null 2>&1
	in_ns "$3" ethtool -K "$4" tx off rx off gso off gro off tso off >/dev/null 2>&1
	in_ns "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1"
	in_ns "$3" sysctl -qw "net.ipv6.conf.$4.disable_ipv6=1"
	ip -n "$P-$1" link set "$2" up
	ip -n "$P-$3" link set "$4" up
}

add_place() { # HOST
	ip netns add "$P-$1" || die "cannot make namespace $P-$1"
	ip -n "$P-$1" link set lo up
	wire "$1" eth0 inet "p-$1"
	ip -n "$P-$1" addr add "$(ip4 "$1")/16" dev eth0
}

add_nat() { # NAT CLIENT
	add_place "$1"
	ip netns add "$P-$2" || die "cannot make namespace $P-$2"
	ip -n "$P-$2" link set lo up
	wire "$2" eth0 "$1" inside
	ip -n "$P-$1" addr add 192.168.3.1/24 dev inside
	ip -n "$P-$2" addr add 192.168.3.2/24 dev eth0
	ip -n "$P-$2" route add default via 192.168.3.1
	in_ns "$1" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$1" nft -f - <<-NFT
		table ip nat { chain out { type nat hook postrouting priority 100; oifname eth0 masquerade; }; }
	NFT
}

switch_ready() { grep -q '^ready' "$WORK/switch.log"; }

start_switch() {
	ways >"$WORK/ways"
	ip netns exec "$P-inet" "$INTEROP_SWITCH" --rules "$WORK/ways" a=p-a b=p-b c=p-c ctrl=p-ctrl c1=p-c1 c2=p-c2 \
		c4=p-c4 nat=p-nat >"$WORK/switch.log" 2>&1 </dev/null &
	PID_OF[switch]=$!
	wait_for 5 switch_ready || die "the switch does not start: $(cat "$WORK/switch.log")"
}

cluster_up() {
	local n
	ip netns add "$P-inet" 2>/dev/null || skip "network namespaces cannot be made here"
	in_ns inet sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	for n in $MEMBERS ctrl c1 c2 c4; do
		add_place "$n"
	done
	add_nat nat c3
	start_switch
	"$INTEROP_CLI" cluster init "$WORK/alice" --name alice --member "a=52.4,4.9,$(ip4 a)/9993" \
		--member "b=38.0,23.7,$(ip4 b)/9993" --member "c=40.7,-74.0,$(ip4 c)/9993" >"$WORK/init.log" ||
		die "no cluster was made"
	[ -z "${INTEROP_PLACES:-}" ] || places || die "no database of places was made"
	make_planet
}

make_planet() {
	local at=$WORK/world
	mkdir "$at"
	install -m 600 "$INTEROP_VECTORS/captures/root.secret" "$at/identity.secret"
	cut -d: -f1-3 "$at/identity.secret" >"$at/identity.public"
	install -m 600 "$INTEROP_VECTORS/planet/key1.c25519" "$at/previous.c25519"
	install -m 600 "$INTEROP_VECTORS/planet/key1.c25519" "$at/current.c25519"
	cp "$WORK/alice/a/rootline.json" "$at/"
	echo '{"type":"planet","id":7,"keys":".","roots":[{"identity":"@identity.public","cluster":"rootline.json"}]}' \
		>"$at/world.json"
	"$INTEROP_MKWORLD" build -q "$at/world.json" -o "$WORK/planet" >"$WORK/mkworld.log" 2>&1 ||
		die "no planet was made: $(cat "$WORK/mkworld.log")"
}

start_nats() { # MEMBER
	sed "s|/etc/rootline|$WORK/alice/$1|" "$WORK/alice/$1/nats/nats-server.conf" >"$WORK/nats-$1.conf"
	ip netns exec "$P-$1" nats-server -c "$WORK/nats-$1.conf" >>"$WORK/nats-$1.log" 2>&1 </dev/null &
	PID_OF[nats-$1]=$!
}

start_member() { # MEMBER
	local state=$WORK/state-$1 places=()
	mkdir -p "$state"
	install -m 600 "$WORK/world/identity.secret" "$state/"
	cp "$WORK/world/identity.public" "$WORK/planet" "$state/"
	sed "s|/etc/rootline|$WORK/alice/$1|" "$WORK/alice/$1/rootline.json" >"$WORK/$1.json"
	[ -z "${INTEROP_PLACES:-}" ] || places=(--geoip-file "$WORK/places.mmdb")
	ip netns exec "$P-$1" "$INTEROP_ROOTLINE" --config "$WORK/$1.json" --port af_packet:eth0 --state "$state" \
		--hugepages no --memory-mb 128 --workers 1 "${places[@]}" >>"$WORK/$1.log" 2>&1 </dev/null &
	PID_OF[$1]=$!
	ms >"$WORK/$1.started"
}

# Signal a member, or what else PID_OF has; the shell does not comment on whom it kills.
signal() { # SIGNAL NAME
	kill "-$1" "${PID_OF[$2]}"
	[ "$1" != KILL ] || { wait "${PID_OF[$2]}"; unset "PID_OF[$2]"; } 2>/dev/null
}

# Status: what it ended with.
stop_member() { # NAME
	local pid=${PID_OF[$1]}
	unset "PID_OF[$1]"
	kill -CONT "$pid" 2>/dev/null
	kill "$pid" 2>/dev/null
	wait_for 10 gone "$pid" || kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

cluster_down() {
	local n
	for n in $NODES; do
		stop "$n"
	done
	for n in "${!PID_OF[@]}"; do
		stop_member "$n"
	done
	for n in $NODES $MEMBERS nat inet; do
		! ip netns list | grep -qw "$P-$n" || ip netns del "$P-$n"
	done
}

ask() { # MEMBER COMMAND...
	"$INTEROP_CLI" --state "$WORK/state-$1" --json "${@:2}" 2>/dev/null
}

# Where a member says a node is at home; empty: it knows nothing of it.
home() { # NODE MEMBER
	ask "$2" who "$(address "$1")" | jq -r 'select(.known and .live) | .home' 2>/dev/null
}

# All members that run say that the node is there.
home_is() { # NODE MEMBER
	local m
	for m in $MEMBERS; do
		[ -z "${PID_OF[$m]:-}" ] || [ "$(home "$1" "$m")" = "$2" ] || return 1
	done
}
home_is_not() { # NODE MEMBER: they agree, on another
	local h m
	for m in $MEMBERS; do
		[ -z "${PID_OF[$m]:-}" ] || h=$(home "$1" "$m")
	done
	[ -n "$h" ] && [ "$h" != "$2" ] && home_is "$1" "$h"
}

# All members say that the directory has the same size.
same_size() {
	local m n first=
	for m in $MEMBERS; do
		n=$(ask "$m" cluster | jq .directory) || return 1
		[ -n "$n" ] && [ "$n" = "${first:-$n}" ] || return 1
		first=$n
	done
}

# M hears O and has a round trip to its port.
sees() {
	ask "$1" cluster | jq -e --arg o "$2" '.members[] | select(.name == $o and .state == "live" and .rttUs > 0)' \
		>/dev/null
}
all_see_all() {
	local m o
	for m in $MEMBERS; do
		for o in $MEMBERS; do
			[ $m = $o ] || sees $m $o || return 1
		done
	done
}
is_connected() { ask "$1" cluster | jq -e .link.connected >/dev/null; }
is_cut() { ! is_connected "$1"; }

# A ping that runs on, five times a second. TAG FROM TO
ping_start() {
	rm -f "$WORK/ping-$1.log"
	ip netns exec "$P-$2" ping -n -D -i 0.2 "${IP_OF[$3]}" >"$WORK/ping-$1.log" 2>&1 </dev/null &
	PID_OF[ping-$1]=$!
}
# At least N answers came after the moment T in ms.
answers_after() { # TAG T N
	awk -v t="$2" -v n="$3" '/ bytes from / && substr($1, 2) * 1000 > t { if (++got >= n) exit }
		END { exit got < n }' "$WORK/ping-$1.log"
}
# shellcheck disable=SC2034 # cluster.sh judges by them
# Ends it: SENT, LOST (the last second's may be under way), GAP in ms between two answers at most.
ping_end() { # TAG
	local pid=${PID_OF[ping-$1]}
	unset "PID_OF[ping-$1]"
	kill -INT "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	read -r SENT LOST GAP < <(awk '
		/ bytes from / {
			t = substr($1, 2) * 1000
			match($0, /icmp_seq=[0-9]+/)
			seen[substr($0, RSTART + 9, RLENGTH - 9) + 0] = 1
			if (last && t - last > gap) gap = t - last
			last = t
		}
		/ packets transmitted/ { sent = $1 }
		END {
			for (i = 1; i <= sent - 5; i++) lost += !(i in seen)
			printf "%d %d %d\n", sent, lost, gap
		}' "$WORK/ping-$1.log")
}
