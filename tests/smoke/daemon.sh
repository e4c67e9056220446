#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon as its operator meets it: start, files, command line, reload, refusals, kill and stop.
#
#      rldaemon-PID
#   +----------------------------+
#   | rootline   eth0 -- veth -- eth1   both ends in one namespace, nobody answers
#   +----------------------------+
#     10.98.0.1/24, fd98::1/64
#
# Arguments: rootline, rootline-cli, mkworld, smoke_helper, a database of places (empty: the build reads none).

set -u -o pipefail
ROOTLINE=$1 CLI=$2 MKWORLD=$3 HELPER=$4 CITY=$5
NS=rldaemon-$$
FAILED=0 PID=

skip() { echo "SKIP: $*"; exit 77; }
ok() { # STATUS TEXT
	if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; FAILED=1; fi
}
check() { # TEXT COMMAND...
	local text=$1
	shift
	"$@" >"$WORK/out" 2>&1
	local status=$?
	ok $status "$text"
	[ $status = 0 ] || sed 's/^/    /' "$WORK/out"
}
# exits STATUS COMMAND...: ends by itself, with this status. What it says is in $WORK/said. Before the
# command may stand "inside", for the namespace; "root_cli" is the command line of the root under test.
exits() {
	local want=$1 status
	shift
	case $1 in
	inside) shift; set -- ip netns exec "$NS" "$@" ;;
	root_cli) shift; set -- "$CLI" -D "$WORK/state" "$@" ;;
	esac
	timeout 30 "$@" >"$WORK/said" 2>&1
	status=$?
	[ $status = "$want" ] || { echo "status $status"; cat "$WORK/said"; return 1; }
}
# refused STATUS WORDS COMMAND...: the same, and says WORDS.
refused() {
	local want=$1 words=$2
	shift 2
	exits "$want" "$@" || return 1
	grep -q -e "$words" "$WORK/said" || { echo "does not say: $words"; cat "$WORK/said"; return 1; }
}
wait_for() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
inside() { ip netns exec "$NS" "$@"; }
logged() { tail -n +$((SEEN + 1)) "$WORK/log" | grep -q -e "$1"; }
forget() { SEEN=$(wc -l <"$WORK/log"); }

cleanup() {
	local status=$?
	trap - EXIT INT TERM
	[ -z "$PID" ] || gone "$PID" || kill -9 "$PID"
	ip netns list | grep -qw "$NS" && ip netns del "$NS"
	[ $status = 0 ] || [ $status = 77 ] || { echo "--- rootline said:"; tail -n 40 "$WORK/log"; }
	rm -rf "$WORK"
	exit $status
}

# Returns when rootline has told the service manager that it serves.
start() {
	local ready
	rm -f "$WORK/notify"
	"$HELPER" ready "$WORK/notify" 30 &
	ready=$!
	wait_for 5 test -S "$WORK/notify"
	NOTIFY_SOCKET=$WORK/notify ip netns exec "$NS" "$ROOTLINE" --state "$WORK/state" --port af_packet:eth0 \
		"$@" >>"$WORK/log" 2>&1 &
	PID=$!
	while ! gone $ready; do
		gone "$PID" && { kill $ready; break; }
		sleep 0.05
	done
	wait $ready
}

stop() { # SIGNAL
	kill "-$1" "$PID"
	wait_for 10 gone "$PID" || return 1
	wait "$PID"
}

[ "$(id -u)" = 0 ] || skip "network namespaces need root"
command -v ip >/dev/null || skip "ip is not installed"
ip netns add "$NS" 2>/dev/null || skip "network namespaces cannot be made here"
WORK=$(mktemp -d)
: >"$WORK/log"
SEEN=0
trap cleanup EXIT
trap 'exit 130' INT TERM
inside sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
ip -n "$NS" link add eth0 type veth peer name eth1
for i in eth0 eth1; do ip -n "$NS" link set $i up; done
ip -n "$NS" addr add 10.98.0.1/24 dev eth0
ip -n "$NS" addr add fd98::1/64 dev eth0 nodad

echo "# wrong usage"
check "no port" refused 2 "--port" "$ROOTLINE" --state "$WORK/state"
check "no such option" refused 2 "no such option" "$ROOTLINE" --prot null
check "version" exits 0 "$ROOTLINE" --version
check "help" refused 0 "--udp-port" "$ROOTLINE" --help
echo '{"ports": ["null"], "siblings": [{"name": "bob", "identity": "1234567890:0:'"$(printf '%0128d' 1)"'",
	"fronts": ["192.0.2.9/9993"]}]}' >"$WORK/siblings.json"
check "siblings are checked" refused 0 "no mistakes" "$ROOTLINE" --check-config "$WORK/siblings.json"
check "nothing was made" test ! -e "$WORK/state"
check "one whose address is not its key's is refused" refused 1 "identity is damaged" inside "$ROOTLINE" --state "$WORK/damaged" \
	--hugepages no --config "$WORK/siblings.json"
check "no such interface" refused 1 "no interface" inside "$ROOTLINE" --state "$WORK/other" --port af_packet:eth9
check "too few rights" refused 1 "CAP_NET_RAW" inside setpriv --reuid=65534 --regid=65534 --clear-groups \
	--inh-caps=-all --bounding-set=-all "$ROOTLINE" --state "$WORK/state" --port af_packet:eth0
check "nobody to ask" refused 3 "is rootline running" root_cli info

echo "# first start, in an empty place"
check "serves, and tells the service manager" start
check "says where" logged "serving .* on af_packet:eth0, UDP 9993, 10.98.0.1 fd98::1"
check "says that clients need a planet" logged "there is no .*/planet: .*mkworld"
check "the secret is for the owner alone" test "$(stat -c %a "$WORK/state/identity.secret")" = 600
check "the public half is there" test -s "$WORK/state/identity.public"
check "the control socket is for owner and group" test "$(stat -c %a "$WORK/state/rootline.sock")" = 660
ADDRESS=$(cut -d: -f1 "$WORK/state/identity.public")
check "info" refused 0 "^200 info $ADDRESS .* ONLINE$" root_cli info
check "info as JSON" refused 0 '"publicIdentity": "'"$ADDRESS" root_cli -j info
check "peers: none" refused 0 "^<ztaddr>" root_cli peers
check "peers as JSON" refused 0 '^\[\]$' root_cli peers -j
check "listpeers" refused 0 "^200 listpeers" root_cli listpeers
check "drops" refused 0 "^bad_mac  *0 " root_cli drops --all
check "counters" refused 0 "^nic_rx_packets" root_cli counters
check "a peer nobody knows" refused 1 "no peer" root_cli peers 1234567890
check "an address that is none" refused 1 "address" root_cli peers xyz
check "places, but no database" refused 1 "geoip.*files" root_cli geoip 8.8.8.8
check "places of nothing" refused 2 "argument is missing" root_cli geoip
check "no such command" refused 2 "no such command" root_cli nothing
check "no command" exits 2 root_cli

echo "# a second one"
check "on the same directory" refused 1 "process $PID" inside "$ROOTLINE" --state "$WORK/state" --port null --udp-port 9994
check "on the same UDP port" refused 1 "9993" inside "$ROOTLINE" --state "$WORK/other" --port af_packet:eth0
check "the first one still serves" refused 0 "ONLINE" root_cli info

echo "# reload"
"$MKWORLD" init --quiet --root "$WORK/state/identity.public,10.98.0.1/9993" "$WORK/world" >/dev/null &&
	"$MKWORLD" build --quiet -o "$WORK/planet" "$WORK/world/world.json" >/dev/null
ok $? "a planet for it"
head -c 100 "$WORK/planet" >"$WORK/state/planet"
forget
kill -HUP "$PID"
check "a broken planet is refused" wait_for 5 logged "stay as they were"
check "and it serves on" refused 0 '"planetWorldId": 0' root_cli -j info
cp "$WORK/planet" "$WORK/state/planet"
forget
kill -HUP "$PID"
check "a good one is taken" wait_for 5 logged "reloaded: "
check "and shown" refused 0 '"planetWorldId": [1-9]' root_cli -j info
check "without a warning" eval '! logged warning'

echo "# addresses come and go"
forget
ip -n "$NS" addr add 10.98.0.7/24 dev eth0
check "a new address is noticed" wait_for 8 logged "addresses changed: .*10.98.0.7"
check "and shown" refused 0 '"10.98.0.7"' root_cli -j info


echo "# killed"
kill -9 "$PID"
wait "$PID" 2>/dev/null
check "its socket is left" test -S "$WORK/state/rootline.sock"
check "the command line says so" refused 3 "not running" root_cli info
forget
check "starts again by itself" start
check "with the same identity" logged "serving $ADDRESS"
check "and answers" refused 0 "ONLINE" root_cli info

echo "# stopped"
forget
check "SIGTERM: status 0" stop TERM
check "the socket is gone" test ! -e "$WORK/state/rootline.sock"
if [ -n "$CITY" ]; then
	check "start, its database of places missing" start --geoip-file "$WORK/city.mmdb"
	check "says so" logged "warning: geoip: .*/city.mmdb: cannot be opened"
	check "the operator too" refused 1 "could not be read" root_cli geoip 8.8.8.8
	cp "$CITY" "$WORK/city.mmdb"
	check "takes it when it comes" wait_for 8 refused 0 "^8.8.8.8 37.4200,-122.0900 $WORK/city.mmdb$" \
		root_cli geoip 8.8.8.8
	check "several addresses" refused 0 "^10.0.0.1 unknown$" root_cli geoip 8.8.8.8 10.0.0.1
	check "one that is none" refused 1 "must be an IPv4 or IPv6 address" root_cli geoip 8.8.8.8/24
	forget
	: >"$WORK/city.mmdb"
	kill -HUP "$PID"
	check "a broken one is said" wait_for 8 logged "warning: geoip: .*/city.mmdb: is empty"
	check "and not taken" refused 0 "37.4200,-122.0900" root_cli geoip 8.8.8.8
else
	check "start for SIGINT" start
fi
check "SIGINT: status 0" stop INT
PID=

echo "# broken state"
cp "$WORK/state/identity.secret" "$WORK/secret"
head -c 60 "$WORK/secret" >"$WORK/state/identity.secret"
check "half an identity" refused 1 "identity.secret: is no identity" inside "$ROOTLINE" --state "$WORK/state" --port null
check "is left as it was" test "$(stat -c %s "$WORK/state/identity.secret")" = 60
rm "$WORK/state/identity.secret"
check "a lost secret is not replaced" refused 1 "identity.public is there" inside "$ROOTLINE" --state "$WORK/state" --port null
cp "$WORK/secret" "$WORK/state/identity.secret"
: >"$WORK/state/planet"
check "an empty planet" refused 1 "planet: is no planet" inside "$ROOTLINE" --state "$WORK/state" --port null
rm "$WORK/state/planet"

echo "# recorded input"
printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\377\377\0\0\1\0\0\0' >"$WORK/in.pcap"
check "ends when it is played" exits 0 inside "$ROOTLINE" --state "$WORK/state" --port "pcap:$WORK/in.pcap,$WORK/out.pcap"

exit $FAILED
