#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Three members of one root with delays between them, and stock nodes at several places, one behind a NAT: who ends
# where, how nodes of different members reach each other, and what they notice when a member dies, is drained, or loses its
# nats-server. A verdict for each. Exit status 0, 1, or 77 if there is no zerotier-one or nats-server. lab_cluster.sh has
# the drawing. INTEROP_KEEP=DIR keeps the logs there.

INTEROP_DIR=${INTEROP_DIR:-$(dirname "$0")}
# shellcheck source=tests/interop/lab.sh
. "$INTEROP_DIR/lab.sh"
# shellcheck source=tests/interop/lab_cluster.sh
. "$INTEROP_DIR/lab_cluster.sh"

GAP_MAX=8000 # ms without an answer when a member dies
# shellcheck disable=SC2034 # lab_cluster.sh pings by it
declare -A IP_OF
JOIN_S=60
ONLINE_MS=12000 # two rounds of HELLO: the first may find a member that is just starting

finish() {
	local status=$? m
	trap - EXIT INT TERM
	cluster_down
	if [ $status = 1 ]; then
		for m in $MEMBERS; do
			echo "--- $m said:"
			tail -n 15 "$WORK/$m.log" 2>/dev/null
			cat "$WORK/last-$m" 2>/dev/null
		done
	fi
	[ -z "${INTEROP_KEEP:-}" ] || { mkdir -p "$INTEROP_KEEP" && cp "$WORK"/*.log "$INTEROP_KEEP"; }
	rm -rf "$WORK"
	exit $status
}

# What each member says of the cluster and of the nodes, for whoever reads why something failed.
remember() {
	local m
	for m in $MEMBERS; do
		{
			ask "$m" cluster | jq -c '{members: [.members[] | [.name, .state, .clients]], directory, decisions}'
			# shellcheck disable=SC2046
			ask "$m" who $(for n in $NODES; do [ ! -f "$WORK/$n/identity.public" ] || address "$n"; done)
		} >"$WORK/last-$m" 2>/dev/null
	done
}
failed() {
	remember
	return 1
}

# TEXT COMMAND...: as try, with the time it took.
timed() {
	local text=$1 start status=0
	start=$(ms)
	shift
	"$@" || status=1
	verdict $status "$text ($(($(ms) - start)) ms)" || failed
}

# A ping has ended: none lost.
whole() { # TEXT TAG
	ping_end "$2"
	[ "$LOST" = 0 ] && [ "$SENT" -ge 15 ]
	verdict $? "$1: $LOST of $SENT lost, longest gap $GAP ms" || failed
}
# A ping has ended: how long it stood still.
resumed() { # TEXT TAG
	ping_end "$2"
	[ "$GAP" -le $GAP_MAX ] && [ "$SENT" -ge 15 ]
	verdict $? "$1: gap $GAP ms, $LOST of $SENT lost" || failed
}

start() {
	local m n
	for m in $MEMBERS; do
		start_nats "$m"
	done
	for m in $MEMBERS; do
		start_member "$m"
	done
	timed "three members hear each other" wait_for 30 all_see_all || return
	# Blocked from the beginning: what they say to each other goes by the members. Each call adds a pair.
	for n in "ctrl c1" "ctrl c2" "c1 c2" "c3 c2"; do
		# shellcheck disable=SC2086
		block $n
	done
	for n in ctrl c1 c2 c3; do
		start_node "$n" "$WORK/planet"
	done
	try "ctrl, c1, c2, c3 ONLINE within 12 s" all_online ctrl c1 c2 c3 || return
	try "the controller makes a network" make_network || return
	for n in ctrl c1 c2 c3; do
		try "$n joins" join $n || return
		IP_OF[$n]=$(zt_ip "$n")
	done
}

at_their_places() {
	timed "ctrl is at home at a, its nearest" wait_for 90 home_is ctrl a
	timed "c1 is at home at a" wait_for 90 home_is c1 a
	timed "c2 is at home at c" wait_for 90 home_is c2 c
	timed "c3, behind NAT, is at home at b" wait_for 90 home_is c3 b
}

reach_each_other() {
	timed "c1 reaches c3, which is behind NAT at another member" wait_for 60 one_ping c1 c3
	timed "by a direct path" wait_for 60 is_direct c1 c3
	try "64 bytes, direct, no loss" pings c1 c3 64
	timed "c1 reaches c2 through two members" wait_for 60 one_ping c1 c2
	try "64 bytes, relayed, no loss" pings c1 c2 64
	try "2700 bytes, relayed, no loss" pings c1 c2 2700
	timed "c3, behind NAT, reaches c2 through two members" wait_for 60 one_ping c3 c2
	try "64 bytes, relayed, no loss" pings c3 c2 64
	try "2700 bytes, relayed, no loss" pings c3 c2 2700
	timed "c1 reaches ctrl through one member" wait_for 60 one_ping c1 ctrl
	try "that was relayed" is_relayed c1 c2
	try "and that" is_relayed c3 c2
}

# c4, as somebody else. Who makes its identity at its start is late for all else.
newcomer() {
	forget_node c4
	mkdir "$WORK/c4"
	"$ZT" -i generate "$WORK/c4/identity.secret" "$WORK/c4/identity.public" >/dev/null
	start_node c4 "$WORK/planet"
}

# The nats-server of a is away: everybody is served as before, a newcomer too.
nats_away() { # TEXT SIGNAL
	local t
	ping_start local c1 ctrl
	ping_start across c1 c2
	signal "$2" nats-a
	timed "nats-server of a $1: a says so" wait_for 15 is_cut a
	newcomer
	try "a newcomer comes online meanwhile" wait_for 20 is_online c4
	t=$(ms)
	wait_for 15 answers_after local "$((t + 5000))" 5
	if [ "$2" = STOP ]; then
		signal CONT nats-a
	else
		start_nats a
	fi
	timed "it is back: connected" wait_for 20 is_connected a
	timed "the directory is whole: as large at all members" wait_for 30 same_size
	timed "and all know where the newcomer is" wait_for 30 home_is_not c4 nowhere
	t=$(ms)
	wait_for 15 answers_after local "$t" 5
	whole "c1 at $(home c1 b) to ctrl at $(home ctrl b) meanwhile" local
	whole "c1 at $(home c1 b) to c2 at $(home c2 b) meanwhile" across
}

# The nodes that are at home at a member, by what another one says.
nodes_of() { # MEMBER
	local n
	for n in ctrl c1 c2 c3; do
		[ "$(home "$n" "$(other_than "$1")")" != "$1" ] || echo "$n"
	done
}
other_than() { [ "$1" = a ] && echo b || echo a; }
# Whom a node pings: through members, as the two are blocked from each other.
partner() { [ "$1" = c2 ] && echo c1 || echo c2; }
title() { # NODE
	case $1 in
	c3) echo "c3, behind NAT," ;;
	*) echo "$1" ;;
	esac
}
ping_nodes() { # NODE...
	local n t
	for n in "$@"; do
		ping_start "$n" "$n" "$(partner "$n")"
	done
	t=$(ms)
	for n in "$@"; do
		wait_for 10 answers_after "$n" "$t" 5
	done
}

# Not about newcomers that have gone: of what a member said before it started anew nobody tells it.
all_agree() {
	local n h
	for n in ctrl c1 c2 c3; do
		h=$(home "$n" b)
		[ -n "$h" ] && home_is "$n" "$h" || return 1
	done
}

# Another member could take the node over: it hears from it.
has_backup() { # NODE MEMBER
	local backup
	home_is "$1" "$2" || return
	backup=$(ask "$2" who "$(address "$1")" | jq -r .backup)
	[ -n "$backup" ] && [ "$backup" != "$2" ] &&
		ask "$backup" peers "$(address "$1")" | jq -e '[.. | .active? | select(. == true)] | length > 0' >/dev/null
}

# Kills a member under the pings of all nodes that are at home there, and starts it again.
death() { # MEMBER
	local m=$1 n t nodes
	nodes=$(nodes_of "$m")
	[ -n "$nodes" ] || verdict 1 "$m has clients" || return
	for n in $nodes; do
		timed "$(title "$n") has $m as its home, and a backup that hears it" wait_for 100 has_backup "$n" "$m"
	done
	# shellcheck disable=SC2086
	ping_nodes $nodes
	t=$(ms)
	signal KILL "$m"
	for n in $nodes; do
		wait_for 40 answers_after "$n" $((t + 1000)) 20
		resumed "$m killed: $(title "$n") to $(partner "$n")" "$n"
	done
	for n in $nodes; do
		timed "$(title "$n") has another home" wait_for 20 home_is_not "$n" "$m"
	done
	start_member "$m"
	timed "$m starts again and is heard" wait_for 30 all_see_all
	timed "and knows where everybody is" wait_for 30 all_agree
}

# Drains a member under the pings of all nodes that are at home there.
drain() { # MEMBER
	local m=$1 n t nodes to
	nodes=$(nodes_of "$m")
	[ -n "$nodes" ] || verdict 1 "$m has clients" || return
	# shellcheck disable=SC2086
	ping_nodes $nodes
	ask "$m" drain >/dev/null
	for n in $nodes; do
		timed "$m drains: $(title "$n") goes" wait_for 75 home_is_not "$n" "$m"
	done
	t=$(ms)
	for n in $nodes; do
		to=$(home "$n" "$m")
		wait_for 20 answers_after "$n" "$t" 25
		whole "$(title "$n") from $m, $(rtt "$n" "$m") ms, to $to, $(rtt "$n" "$to") ms" "$n"
	done
	ask "$m" undrain >/dev/null
}

need
command -v nats-server >/dev/null || skip "nats-server is not installed: members need one each"
WORK=$(mktemp -d) || die "no temporary directory"
trap finish EXIT
trap 'exit 130' INT TERM

echo "# three members, RTT 40, 80 and 110 ms, $("$ZT" -v) nodes"
cluster_up
start || die "no use going on"
reach_each_other
at_their_places

echo "# a nats-server fails"
nats_away "is killed" KILL
nats_away "freezes" STOP

echo "# a member dies, and comes back"
death a
newcomer
timed "a is in service: a newcomer near it ends there" wait_for 90 home_is c4 a

echo "# members are drained"
drain b
drain c
drain "$(home c1 b)"

echo "# the home of the node behind NAT dies, after all these moves"
death "$(home c3 c)"

for m in $MEMBERS; do
	try "$m stops with status 0" stop_member $m
done
end
