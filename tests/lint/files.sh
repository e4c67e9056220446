# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# For the lints: what files there are and which of them are data. Sets `top`.

# Every file of the tree by its path from the top, one a line: tracked ones and new ones that are not ignored. A copy
# without git is searched, without build directories.
files() {
	if [ -e "$top/.git" ] && command -v git >/dev/null; then
		git -c safe.directory='*' -C "$top" ls-files -co --exclude-standard |
			while IFS= read -r f; do
				[ ! -f "$top/$f" ] || printf '%s\n' "$f"
			done
	else
		(cd "$top" && find . -name .git -prune -o -path './build*' -prune -o -type f -print) |
			sed 's|^\./||'
	fi
}

# Files that hold data or where no comment is possible: nothing is asked of their text.
is_data() {
	case $1 in
	*.md | *.json | *.csv | *.hex | *.txt | *.pcap | *.svg | *.b64 | LICENSE) return 0 ;;
	*/corpus/* | tests/vectors/planet/* | tests/vectors/moon/* | tests/vectors/captures/* | tests/smoke/data/* | tests/interop/data/*) return 0 ;;
	esac
	# Binary, or empty.
	! grep -Iq . "$top/$1"
}

text_files() {
	files | while IFS= read -r f; do
		is_data "$f" || printf '%s\n' "$f"
	done
}

c_files() {
	files | grep '\.[ch]$' || true
}

# All lints take the root of the tree as their first argument.
top=$(cd "${1:-$(dirname "$0")/../..}" && pwd)
