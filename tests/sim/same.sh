#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# same.sh CLUSTER_SIM: the same seed gives the same figures, another seed others, and mistakes are told apart from
# goals that are missed.
set -eu
sim=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# So few clients need not reach the goals.
figures() {
	status=0
	"$sim" --clients 1000 --json "$@" handoff kill || status=$?
	[ "$status" -le 1 ] || { echo "exit status $status" >&2; exit 1; }
}

figures >"$out/a"
figures >"$out/b"
figures --seed 2 >"$out/c"
cmp "$out/a" "$out/b" || { echo "the same seed gave other figures"; exit 1; }
! cmp -s "$out/a" "$out/c" || { echo "another seed gave the same figures"; exit 1; }
python3 -c 'import json, sys; f = json.load(open(sys.argv[1]))["figures"]; f["kill_rehomed_8s"]["value"]' "$out/a"

for wrong in '--clients 10' '--seed x' '--stretch 0' '--places /nowhere table' 'sleep'; do
	status=0
	# shellcheck disable=SC2086
	"$sim" $wrong >"$out/d" 2>"$out/e" || status=$?
	[ "$status" = 2 ] && grep -q '^cluster_sim: ' "$out/e" ||
		{ echo "cluster_sim $wrong: exit status $status"; cat "$out/e"; exit 1; }
done
