#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A member more, and one less, while the others run: new files, a restart of each nats-server, SIGHUP for each rootline.
#
#   a 10.91.0.1 ---+--- switch ---+--- c 10.91.0.3
#   b 10.91.0.2 ---+              +--- d 10.91.0.4, which joins and leaves
#
# Arguments: rootline, rootline-cli, the folder of the root's identity.

set -u -o pipefail
ROOTLINE=$1 CLI=$2 DATA=$3
P=rljoin-$$ MEMBERS="a b c d"
OLD="a b c"

# shellcheck source=tests/smoke/_cluster.sh
. "$(dirname "$0")/_cluster.sh"
wire_all
"$CLI" cluster init "$FILES" --name alice --member a=52.4,4.9,10.91.0.1/9993 --member b=40.7,-74.0,10.91.0.2/9993 \
	--member c=1.35,103.8,10.91.0.3/9993 >"$WORK/init" || die "cluster init"
for m in $OLD; do serve_nats $m; done
for m in $OLD; do serve $m; done

all_see() { # STATE MEMBER...: each of them sees each other one so
	local state=$1 m o
	shift
	for m in "$@"; do
		for o in "$@"; do
			[ "$m" = "$o" ] || sees "$m" "$o" "$state" || return 1
		done
	done
}
logged() { grep -q -e "$2" "$WORK/$1.log"; }
reload() { kill -HUP "${PID_OF[$1]}"; }

check "three members" wait_for 40 all_see live $OLD

# A mistake changes nothing.
cp "$WORK/a.json" "$WORK/good"
jq '.cluster.members[1].public_key = "abc"' "$WORK/good" >"$WORK/a.json"
reload a
check "a config with a mistake is not taken" wait_for 5 logged a "the config is not taken"
check "and the mistake is named" wait_for 5 logged a "is no public key"
jq '.cluster.members[0].id = 99' "$WORK/good" >"$WORK/a.json"
reload a
check "the id of a member does not change while it runs" wait_for 5 logged a "change with a restart alone"
jq '.cluster.members[0].capacity = 4711 | .limits.relay_pps = 5' "$WORK/good" >"$WORK/a.json"
reload a
capacity() { ask b cluster | jq -e '.members[] | select(.name == "a") | .capacity == 4711' >/dev/null; }
check "its capacity does, and the others hear of it" wait_for 10 capacity
check "what else is new waits for a start, and that is said" wait_for 5 logged a "the rest of it is for the next start"
check "the members are still three" wait_for 10 all_see live $OLD

# d joins.
"$CLI" cluster renew "$FILES" "$WORK/alice-2" --member d=50.1,8.7,10.91.0.4/9993 >"$WORK/renew" || die "cluster renew"
FILES=$WORK/alice-2
for m in $OLD; do
	stop_one nats-$m
	serve_nats $m
	install_config $m
	reload $m
	check "$m has taken d" wait_for 10 logged $m "d is a member now"
done
check "d is known, and not heard" wait_for 5 state_is a d unheard
serve_nats d
serve d
# shellcheck disable=SC2086
check "four members" wait_for 40 all_see live $MEMBERS

# d is taken out at a and b, and still runs.
for m in a b; do
	jq '.cluster.members |= map(select(.name != "d"))' "$WORK/$m.json" >"$WORK/next" && cp "$WORK/next" "$WORK/$m.json"
	reload $m
	check "$m has taken out d" wait_for 10 logged $m "d is no member any more"
done
# removed MEMBER: its news of d is refused, and it dies like one that is silent; no way leads there.
removed() {
	ask "$1" cluster | jq -e '.members[] | select(.id == 4) |
		.configured == false and .state == "dead" and .rttUs == -1 and .refused.no_key > 0' >/dev/null
}
check "a hears d no more" wait_for 30 removed a
check "nor does b" wait_for 30 removed b
check "c does" sees c d live
check "the three are members as before" wait_for 20 all_see live $OLD
for m in $OLD; do
	check "$m was not restarted" test "$(grep -c ' serving ' "$WORK/$m.log")" = 1
done
exit $FAILED
