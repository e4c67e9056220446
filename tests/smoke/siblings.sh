#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Alice and Bob: two roots of different identities that are siblings, and clients that know one of them each.
#
#   alice 10.92.0.1 ---+
#   bob   10.92.0.2 ---+--- switch --- cli 10.92.0.9: Ann, of Alice; Ben, of Bob
#
# Arguments: rootline, rootline-cli, rootline-idtool, sibling_client.

set -u -o pipefail
ROOTLINE=$1 CLI=$2 IDTOOL=$3 CLIENT=$4
P=rlsib-$$ ROOTS="alice bob" NEED=""
# shellcheck source=tests/smoke/_switch.sh
. "$(dirname "$0")/_switch.sh"

wire alice 10.92.0.1
wire bob 10.92.0.2
wire cli 10.92.0.9

for r in $ROOTS; do
	mkdir "$WORK/$r"
	"$IDTOOL" generate "$WORK/$r/identity.secret" "$WORK/$r/identity.public" || die "no identity"
	chmod 600 "$WORK/$r/identity.secret"
done
# config ROOT SIBLING IP
config() {
	echo '{"siblings": [{"name": "'"$2"'", "identity": "'"$(cat "$WORK/$2/identity.public")"'",
		"fronts": ["'"$3"'/9993"]}]}' >"$WORK/$1.json"
}
config alice bob 10.92.0.2
config bob alice 10.92.0.1

serve() {
	ip netns exec "$P-$1" "$ROOTLINE" --config "$WORK/$1.json" --port af_packet:eth0 --state "$WORK/$1" \
		--hugepages no --memory-mb 128 --workers 1 </dev/null >>"$WORK/$1.log" 2>&1 &
	PID_OF[$1]=$!
}
ask() { "$CLI" --state "$WORK/$1" --json "${@:2}" 2>/dev/null; }
reaches() { ask "$1" siblings | jq -e '.siblings[0].fronts[0] | .used and .rttUs > 0' >/dev/null; }
silent() { ask "$1" siblings | jq -e '.siblings[0].fronts[0].reached | not' >/dev/null; }
count() { ask "$1" siblings | jq ".$2"; }
drops() { ask "$1" drops | jq --arg d "$2" '.[] | select(.name == $d).count'; }
client() {
	ip netns exec "$P-cli" "$CLIENT" "$WORK/alice/identity.public" 10.92.0.1/9993 \
		"$WORK/bob/identity.public" 10.92.0.2/9993 2 "$1" </dev/null
}

serve alice
sleep 1 # the first words of one find nobody
serve bob
check "Alice reaches Bob" wait_for 15 reaches alice
check "Bob reaches Alice" wait_for 15 reaches bob
check "it is shown as a table" "$CLI" --state "$WORK/alice" siblings
check "clients of both talk, and nobody is looked for" client nobody

# 400 packets to nobodies and some before: each leaves Alice once at most, and few of them on a guess.
guessed=$(count alice guessed)
ends=$(count bob fromSibling)
check "few are forwarded on a guess: $guessed" test "$guessed" -gt 0 -a "$guessed" -le 100
check "what is over is counted" test "$(drops alice rate_guess)" -ge 250
check "what Bob does not know ends there: $ends" test "$ends" -gt 0 -a "$ends" -le "$guessed"
check "counted by name" test "$(drops bob from_sibling)" = "$ends"
check "nothing of it comes back to Alice" test "$(count alice fromSibling)" = 0
check "nor is it relayed too often" test "$(drops alice hops)" = 0 -a "$(drops bob hops)" = 0
check "Bob asks Alice for no one that Alice has asked for" test "$(count bob asked)" -le 2
check "Alice knows that nobody knows them" test "$(count alice unknown)" -gt 0

kill_one bob
check "a sibling that died is noticed" wait_for 22 silent alice
check "Alice serves her own" client alone
serve bob
check "he comes back" wait_for 15 reaches alice
check "and Alice is reached" wait_for 15 reaches bob
check "clients of both talk again" client talk
exit $FAILED
