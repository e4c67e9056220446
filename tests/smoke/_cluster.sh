# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by scripts about members of a cluster, each in a namespace at one switch, with a nats-server of its own. They set
# ROOTLINE, CLI, DATA (the folder of the root's identity), P (what the namespaces' names begin with) and MEMBERS, of which
# the n-th has 10.91.0.n.
# shellcheck disable=SC2153 # by who sources this
# shellcheck disable=SC2034 # read by what this sources
ROOTS=$MEMBERS NEED=nats-server
# shellcheck source=tests/smoke/_switch.sh
. "$(dirname "$0")/_switch.sh"

wire_all() {
	local m n=0
	for m in $MEMBERS; do
		n=$((n + 1))
		wire "$m" 10.91.0.$n
	done
}

# The folder of member $1 in the place of /etc/rootline; FILES is where all folders are.
FILES=$WORK/alice
install_config() { sed "s|/etc/rootline|$FILES/$1|" "$FILES/$1/rootline.json" >"$WORK/$1.json"; }
serve_nats() {
	sed "s|/etc/rootline|$FILES/$1|" "$FILES/$1/nats/nats-server.conf" >"$WORK/$1.conf"
	ip netns exec "$P-$1" nats-server -c "$WORK/$1.conf" 2>>"$WORK/nats-$1.log" &
	PID_OF[nats-$1]=$!
}
serve() {
	local state=$WORK/state-$1
	install_config "$1"
	mkdir -p "$state"
	install -m 600 "$DATA/identity.secret" "$state/"
	install -m 644 "$DATA/identity.public" "$DATA/planet" "$state/"
	ip netns exec "$P-$1" "$ROOTLINE" --config "$WORK/$1.json" --port af_packet:eth0 --state "$state" \
		--hugepages no --memory-mb 128 --workers 1 2>>"$WORK/$1.log" &
	PID_OF[$1]=$!
}
ask() { "$CLI" --state "$WORK/state-$1" --json "${@:2}" 2>/dev/null; }
# sees MEMBER OTHER STATE: what it says of the other, with a round trip measured by its ports.
sees() {
	ask "$1" cluster | jq -e --arg o "$2" --arg s "$3" \
		'.members[] | select(.name == $o) | select(.state == $s and .rttUs > 0)' >/dev/null
}
state_is() { ask "$1" cluster | jq -e --arg o "$2" --arg s "$3" '.members[] | select(.name == $o and .state == $s)' >/dev/null; }
