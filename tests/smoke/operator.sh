#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What the operator sees with rootline-cli after nodes have come and gone. Argument: af_packet or
# af_xdp.
#
#   [root: rootline on KIND:eth0, rootline-cli] ==== veth ==== [cli: nodes]

SMOKE_DIR=${SMOKE_DIR:-$(dirname "$0")}
# shellcheck source=tests/smoke/_init.sh
. "$SMOKE_DIR/_init.sh"
KIND=$1

ask() { "$SMOKE_CLI" --state "$WORK/state" "$@"; }

says() { # REGEX COMMAND...
	local regex=$1
	shift
	ask "$@" | grep -qE -- "$regex"
}

count_of() { # DROP
	ask -j drops | tr -d ' \n' | grep -oE "\"name\":\"$1\",\"count\":[0-9]+" | grep -oE '[0-9]+$'
}

at_least() { [ "$(count_of "$1")" -ge "$2" ]; }

ends_with() { # STATUS COMMAND...
	local want=$1
	shift
	"$SMOKE_CLI" "$@" >"$WORK/out" 2>&1
	[ $? = "$want" ]
}

node() { sed -n "$1p" "$SMOKE_DIR/../lib/identities.txt" | cut -c1-10; }

setup
start_root "$KIND" may-skip
check "no peer yet" says '"peers": 0,' -j info
check "no bad MAC yet" test "$(count_of bad_mac)" = 0

first=$(node $((SKIP_IDS + 1)))
sim 46 suites badmac

check "info names the root" says '^200 info 0551856be9 [0-9.]+ ONLINE' info
check "info tells of the port" says "\"$KIND:eth0\"" -j info
check "info tells of the moon" says '"0000000551856be9"' -j info
check "peers: the first node" says "^$first 1.14.1 +LEAF .* (10.99.0.10|fd99::10)/" peers
check "peers: three nodes" says '"peers": 3,' -j info
check "peers ADDRESS: IPv4" says '"10.99.0.10/' -j peers "$first"
check "peers ADDRESS: IPv6" says '"fd99::10/' -j peers "$first"
check "listpeers: three lines of nodes" test "$(ask listpeers | grep -c LEAF)" = 3
check "drops: packets with a wrong MAC" at_least bad_mac 50
check "drops: packets of a stranger" at_least unknown_source 9
check "drops: unknown suites" at_least bad_suite 5
check "drops, for people" says '^bad_mac +[0-9]+ +message authentication failed' drops
check "counters" says 'proofs' counters

check "an unknown command is status 2" ends_with 2 --state "$WORK/state" frobnicate
check "an unknown peer is status 1" ends_with 1 --state "$WORK/state" peers 1234567890
check "no rootline there is status 3" ends_with 3 --state "$WORK/nowhere" info
check "stops on SIGTERM" stop_root TERM
check "after the stop it is status 3" ends_with 3 --state "$WORK/state" info
finish
