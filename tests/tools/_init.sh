# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# Sourced by the scripts beside it: a directory of their own, and words to check with.
set -u
: "${MKWORLD:?}" "${IDTOOL:?}" "${VECTORS:?}"

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
umask 022
failures=0

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# run STATUS COMMAND...: output goes to the files out and err.
run() {
	want=$1
	shift
	"$@" >out 2>err
	got=$?
	[ "$got" = "$want" ] || fail "$* ended with $got, not $want: $(cat err)"
}

# said TEXT: the last command said so on stderr. told TEXT: on stdout.
said() {
	grep -qF -- "$1" err || fail "no \"$1\" in: $(cat err)"
}

told() {
	grep -qF -- "$1" out || fail "no \"$1\" in: $(cat out)"
}

silent() {
	[ ! -s err ] || fail "unexpected: $(cat err)"
}

same() {
	cmp -s "$1" "$2" || fail "$1 and $2 differ"
}

mode() {
	[ "$(stat -c %a "$2")" = "$1" ] || fail "$2 has mode $(stat -c %a "$2"), not $1"
}

# Key pair N of the recorded planets, as a directory of both files.
keys() {
	mkdir -p "$2"
	install -m 600 "$VECTORS/planet/key$1.c25519" "$2/previous.c25519"
	install -m 600 "$VECTORS/planet/key${3:-$1}.c25519" "$2/current.c25519"
}

done_testing() {
	[ "$failures" = 0 ] || exit 1
	echo "passed"
}

# shellcheck disable=SC2034 # used by those who source this
ROOT=82baeaf349:0:f59ffc28ddb610e1cc408b735f96c3a759d4f5fc20c6d365ea048bc72873f17f1ac7cf8e94f6a84e8ee2b29a6dda8a74721950d6fcd7923ff69d496d51886214
