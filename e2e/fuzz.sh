#!/bin/sh
# Runs every fuzz target of the tree for TIME each (default 30s), one after the other. It stops at the first
# that finds something: go test has then written the input below testdata/fuzz of the target's package.
set -eu
cd "$(dirname "$0")/.."
time=${1:-30s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# benign tells the race at the end of -fuzztime, in which go test takes the end of the time for a failure of
# the target (golang.org/issue/75804), from a finding.
benign() {
	grep -q '^ *context deadline exceeded' "$log" && ! grep -qE 'Failing input|panic:|_test\.go:' "$log"
}

find . -name '*_test.go' -not -path './data/*' -exec grep -Ho '^func Fuzz[A-Za-z0-9_]*' {} + |
	sed 's|/[^/]*:func | |' | sort -u >"$log.targets"
trap 'rm -f "$log" "$log.targets"' EXIT
while read -r dir target; do
	echo "== $dir $target"
	# go test must not read the list of targets from stdin.
	if go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$dir" </dev/null >"$log" 2>&1; then
		tail -n 1 "$log"
	elif benign; then
		echo "ok  	$dir	stopped by the clock"
	else
		cat "$log"
		exit 1
	fi
done <"$log.targets"
