#!/bin/sh
# Measures Shoal: the Go benchmarks of every package, then the real binary as whole processes. docs/performance.md
# explains the figures and keeps a set of them. Needs the binary (make build) and 4 GiB in BENCH_DIR.
#
#   BENCH_DIR=DIR      where data and content go (default $TMPDIR or /tmp); a disk, for figures of durable writes
#   BENCH_OBJECTS=N    also fill a server with N objects, list them, start it, and leave it idle (1000000: ten minutes, 2 GiB)
#   BENCH_ONLY="a b"   only these of: go ready put get seed small udp http; or s3, which is in none of the others' runs
#   BENCH_RUNS=N       runs of each measurement (default 5)
#   BENCH_GIB=N        GiB that each run of seed downloads (default 4)
set -eu
cd "$(dirname "$0")/.."
runs=${BENCH_RUNS:-5}
gib=${BENCH_GIB:-4}
dir=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/shoal-bench.XXXXXX")
shoal=$PWD/bin/shoal
loadgen=$dir/loadgen
started=

export SHOAL_ROOT_ACCESS_KEY=BENCHROOT SHOAL_ROOT_SECRET_KEY=only-for-benchmarks
export AWS_ACCESS_KEY_ID=BENCHROOT AWS_SECRET_ACCESS_KEY=only-for-benchmarks

cleanup() {
	for pid in $started; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || :; done
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

chosen() { case " ${BENCH_ONLY:-go ready put get seed small udp http} " in *" $1 "*) ;; *) return 1 ;; esac; }
title() { printf '\n== %s\n' "$1"; }

# background NAME LINE COMMAND... starts a process, waits until it prints a line that begins with LINE, and
# leaves its pid in $pid and the line in $line.
background() {
	out=$dir/$1.out
	prefix=$2
	shift 2
	: >"$out"
	"$@" >"$out" 2>&1 &
	pid=$!
	started="$started $pid"
	until line=$(grep "^$prefix" "$out"); do
		kill -0 "$pid" 2>/dev/null || { cat "$out"; exit 1; }
		sleep 0.1
	done
}

# flags of every server: ports that are free.
flags='--s3-addr 127.0.0.1:0 --tracker-addr 127.0.0.1:0 --peer-addr 127.0.0.1:0 --log-level WARN --seeding speed'

# serve DATA starts a server; sets $pid, $s3 and $peer.
serve() {
	# shellcheck disable=SC2086 # a list of words
	background server 'shoal ready ' "$shoal" serve $flags --data "$1"
	s3=http://$(echo "$line" | sed 's/.* s3=\([^ ]*\).*/\1/')
	peer=$(echo "$line" | sed 's/.* peer=\([^ ]*\).*/\1/')
	server=$pid
}

resident() { awk '/^VmRSS/ { printf "resident memory: %.1f MiB\n", $2 / 1024 }' "/proc/$server/status"; }

# idle_cpu waits a minute in which nobody asks the server for anything.
idle_cpu() {
	before=$(awk '{ print $14 + $15 }' "/proc/$server/stat")
	sleep 60
	awk -v before="$before" -v hz="$(getconf CLK_TCK)" '{ printf "idle: %.2f %% of a CPU\n", ($14 + $15 - before) / hz / 60 * 100 }' "/proc/$server/stat"
}

bench_ready() {
	title 'start of an empty server, and its memory when idle'
	for how in '' --kill; do
		# shellcheck disable=SC2086 # no word or one; a list of words
		"$loadgen" ready --runs "$runs" --idle 10s $how -- "$shoal" serve $flags --data "$dir/idle"
	done
}

bench_put() {
	title 'PUT of 1 GiB, durable: MD5 and leaves; then the payload SHA-256 and a CRC32C too'
	"$loadgen" put --pid "$server" --bucket "$s3/bench" --file "$dir/content/one" --objects 1 --runs "$runs" --prefix put/
	"$loadgen" put --pid "$server" --bucket "$s3/bench" --file "$dir/content/one" --objects 1 --runs "$runs" --prefix put/ --signed --crc32c
	resident
}

bench_get() {
	title 'GET of 1 GiB, from the page cache'
	for conns in 1 4; do
		"$loadgen" get --pid "$server" --bucket "$s3/bench" --key "$object" --conns "$conns" --gets 4 --runs "$runs"
	done
	if command -v strace >/dev/null; then
		echo 'system calls of the server during 4 GETs:'
		trace 'sendfile,write,writev,pread64' "$loadgen" get --bucket "$s3/bench" --key "$object" --gets 4 --runs 1
	fi
	resident
}

# trace CALLS COMMAND... counts system calls of the server while COMMAND runs.
trace() {
	calls=$1
	shift
	strace -f -c -e "trace=$calls" -p "$server" -o "$dir/strace" 2>/dev/null &
	tracer=$!
	sleep 1
	"$@"
	kill -INT "$tracer"
	wait "$tracer" || :
	cat "$dir/strace"
}

# bench_seed lets the servers take turns, so that what else the machine does falls on all of them.
bench_seed() {
	title "seeding from the page cache: shoal, pread+writev alone$(libtorrent && echo ', libtorrent')"
	curl -fsS "$s3/bench/$object?torrent" >"$dir/one.torrent"
	background bare 'bare ready ' "$loadgen" bare --torrent "$dir/one.torrent" "$dir/content/one"
	bare=$pid
	bare_addr=${line##*peer=}
	if libtorrent; then
		background libtorrent seeding /usr/bin/python3 e2e/testdata/lt_seed.py "$dir/one.torrent" "$dir/content" 18881
		other=$pid
	fi
	for conns in 1 4; do
		for _ in $(seq "$runs"); do
			seed shoal "$server" "$peer"
			seed bare "$bare" "$bare_addr"
			! libtorrent || seed libtorrent "$other" 127.0.0.1:18881
		done
	done
	resident
}

seed() {
	printf '%-11s' "$1"
	"$loadgen" seed --pid "$2" --addr "$3" --torrent "$dir/one.torrent" --conns "$conns" --gib "$gib" --runs 1
}

libtorrent() { /usr/bin/python3 -c 'import libtorrent' 2>/dev/null; }

bench_small() {
	title 'PUT of 1 KiB, durable; commits and syncs of the metadata from the metrics of the server'
	for writers in 1 16 64; do
		"$loadgen" put --pid "$server" --bucket "$s3/bench" --size 1024 --objects 2000 --writers "$writers" --runs "$runs" --prefix "small/$writers/"
	done
	title 'PUT of 64 KiB, durable: a file each'
	for writers in 1 16; do
		"$loadgen" put --pid "$server" --bucket "$s3/bench" --size 65536 --objects 500 --writers "$writers" --runs "$runs" --prefix "files/$writers/"
	done
	title 'GET of 1 KiB'
	"$loadgen" get --pid "$server" --bucket "$s3/bench" --key small/1/0/0000/object-0000000 --conns 16 --gets 20000 --runs "$runs"
	if command -v strace >/dev/null; then
		echo 'system calls of the server during 2000 PUTs of 1 KiB by 16 writers:'
		trace 'fsync,fdatasync,sync_file_range' "$loadgen" put --bucket "$s3/bench" --size 1024 --objects 2000 --writers 16 --runs 1 --prefix traced/
	fi
	resident
}

# trackers starts them on one CPU: shoal, and opentracker where it is installed, with the same torrents. $trackers lists
# them as NAME=PID=ADDR.
trackers() {
	[ -z "${trackers:-}" ] || return 0
	# shellcheck disable=SC2086 # a list of words
	background tracker 'shoal ready ' taskset -c 0 "$shoal" serve $flags --data "$dir/tracker"
	trackers="shoal=$pid=$(echo "$line" | sed 's/.* tracker=\([^ ]*\).*/\1/')"
	bucket=http://$(echo "$line" | sed 's/.* s3=\([^ ]*\).*/\1/')/bench
	"$loadgen" put --bucket "$bucket" --create --size 1000 --objects 100 --runs 1 --acl public-read --prefix udp/ >/dev/null
	mkdir "$dir/opentracker"
	"$loadgen" hashes --bucket "$bucket" --objects 100 --prefix udp/ >"$dir/opentracker/hashes"
	command -v opentracker >/dev/null || return 0
	# It will not run as root: it gives itself to the user of its package, who must be able to read the list.
	chmod 755 "$dir" "$dir/opentracker"
	printf 'listen.tcp_udp 127.0.0.1:16969\naccess.whitelist /hashes\ntracker.rootdir %s\ntracker.user _opentracker\n' "$dir/opentracker" >"$dir/opentracker/conf"
	taskset -c 0 opentracker -f "$dir/opentracker/conf" >/dev/null 2>&1 &
	started="$started $!"
	trackers="$trackers opentracker=$!=127.0.0.1:16969"
}

# announce COMMAND NAME=PID=ADDR FLAG... measures one tracker, with the load on another CPU.
announce() {
	how=$1
	at=${2#*=}
	printf '%-12s' "${2%%=*}"
	shift 2
	taskset -c 1 "$loadgen" "$how" --pid "${at%%=*}" --addr "${at#*=}" --hashes "$dir/opentracker/hashes" --runs 1 "$@"
}

# bench_udp lets the trackers take turns, with a loop of recvmmsg and sendmmsg that does nothing else.
bench_udp() {
	trackers
	title 'UDP announces, one CPU'
	background echo 'echo ready ' taskset -c 0 "$loadgen" echo --addr 127.0.0.1:0
	for _ in $(seq "$runs"); do
		for tracker in $trackers "bare=$pid=${line##*udp=}"; do announce announce "$tracker"; done
	done
}

# bench_http lets the trackers take turns, and shoal once more with requests that it leaves to net/http. No network
# asks more often than --tracker-rate. opentracker ends every connection with the answer, though nobody asks it to.
bench_http() {
	trackers
	title 'HTTP announces, one CPU'
	shoal_http=${trackers%% *}
	for _ in $(seq "$runs"); do
		for close in '' --close; do
			# shellcheck disable=SC2086 # no word or one
			{
				announce announce-http "$shoal_http" --conns 256 $close
				announce announce-http "net/http=${shoal_http#shoal=}" --conns 256 $close --header 'Trailer: none'
			}
		done
		for tracker in ${trackers#"$shoal_http"}; do
			announce announce-http "$tracker" --conns 256 --close
		done
	done
}

# find_minio builds MinIO, once, as the other side of a comparison (docs/decisions/0008-test-oracles.md).
find_minio() {
	version=v0.0.0-20260212201848-7aac2a2c5b7c # the last of it that is public
	minio=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/shoal-e2e/minio-$version/minio
	[ -x "$minio" ] && return
	echo "building minio $version: minutes"
	GOBIN=${minio%/*} CGO_ENABLED=0 go install "github.com/minio/minio@$version"
}

# minio DATA starts it on the one drive DATA; sets $pid and $minio_s3.
minio() {
	minio_s3=http://127.0.0.1:19124
	MINIO_ROOT_USER=$AWS_ACCESS_KEY_ID MINIO_ROOT_PASSWORD=$AWS_SECRET_ACCESS_KEY MINIO_BROWSER=off MINIO_UPDATE=off \
		"$minio" server --quiet --address "${minio_s3#http://}" "$1" >"$dir/minio.out" 2>&1 &
	pid=$!
	started="$started $pid"
	until curl -fs "$minio_s3/minio/health/ready"; do
		kill -0 "$pid" || { cat "$dir/minio.out"; exit 1; }
		sleep 0.1
	done
}

# bench_s3 lets shoal and MinIO take turns, on one disk. Both sync as they do by default.
bench_s3() {
	find_minio
	serve "$dir/s3"
	minio "$dir/minio"
	for what in '4096 2000 1' '4096 10000 16' '1048576 100 1' '1048576 200 16' '67108864 8 1' '67108864 16 16'; do
		# shellcheck disable=SC2086 # a list of words
		set -- $what
		title "S3 with objects of $1 B"
		"$loadgen" compare --server "shoal=$server=$s3/bench" --server "minio=$pid=$minio_s3/bench" --size "$1" --objects "$2" --conns "$3" --runs "$runs"
	done
}

bench_objects() {
	title "start with $1 objects: nineteen in twenty of 512 bytes, the others files of 12 KiB"
	serve "$dir/many"
	"$loadgen" put --pid "$server" --bucket "$s3/many" --create --size 512 --objects $(($1 / 20 * 19)) --writers 32 --runs 1 --prefix inline/ --acl public-read
	"$loadgen" put --pid "$server" --bucket "$s3/many" --size 12288 --objects $(($1 / 20)) --writers 32 --runs 1 --prefix blob/ --acl public-read
	resident
	title 'listing all of them, one page after the other; the prefixes of a folder; versions'
	"$loadgen" list --pid "$server" --bucket "$s3/many" --runs "$runs"
	"$loadgen" list --pid "$server" --bucket "$s3/many" --runs "$runs" --prefix inline/0/ --delimiter /
	"$loadgen" list --pid "$server" --bucket "$s3/many" --runs "$runs" --versions
	kill -9 "$server"
	wait "$server" || :
	for how in --kill ''; do
		# shellcheck disable=SC2086 # no word or one; a list of words
		"$loadgen" ready --runs "$runs" --idle 10s $how -- "$shoal" serve $flags --data "$dir/many"
	done
	serve "$dir/many"
	if libtorrent; then
		title 'first piece of a random one of them by libtorrent, its torrent never asked for before'
		# shellcheck disable=SC2046 # a list of URLs
		/usr/bin/python3 e2e/testdata/lt_first_byte.py $(shuf -i 0-$(($1 / 20 * 19 - 1)) -n 20 |
			awk -v at="$s3/many/inline/0" '{ printf "%s/%04d/object-%07d\n", at, $1 / 1000, $1 }')
	fi
	title 'a minute in which nobody asks for anything'
	resident
	idle_cpu
}

title "machine: $(nproc) CPUs, $(awk '/^model name/ { sub(/.*: /, ""); print; exit }' /proc/cpuinfo), load $(cut -d' ' -f1-3 /proc/loadavg), $(stat -f -c %T "$dir")"
if chosen go; then go test -run '^$' -bench . -benchmem -benchtime "${BENCH_TIME:-0.2s}" ./... | grep -v 'no test files'; fi
go build -trimpath -o "$loadgen" ./e2e/loadgen
if chosen ready; then bench_ready; fi
if chosen put || chosen get || chosen seed || chosen small; then
	object=seed/0/0000/object-0000000
	mkdir "$dir/content"
	# In large writes, as blobs are: how large the pages of the page cache are, and so what reading costs, depends on it.
	head -c 1073741824 /dev/urandom | dd of="$dir/content/one" bs=1M iflag=fullblock status=none
	ln "$dir/content/one" "$dir/content/${object##*/}" # by the name it has in its torrent
	serve "$dir/data"
	"$loadgen" put --pid "$server" --bucket "$s3/bench" --create --file "$dir/content/one" --objects 1 --runs 1 --prefix seed/ --acl public-read >/dev/null
	for part in put get seed small; do
		if chosen $part; then bench_$part; fi
	done
fi
if chosen udp; then bench_udp; fi
if chosen http; then bench_http; fi
case " ${BENCH_ONLY:-} " in *' s3 '*) bench_s3 ;; esac
if [ -n "${BENCH_OBJECTS:-}" ]; then bench_objects "$BENCH_OBJECTS"; fi
