// Command loadgen makes the figures of docs/performance.md: it starts servers, puts and gets objects over S3 and
// downloads torrents as hungry BitTorrent peers do, and prints what it took. It checks lengths, not content:
// the load must cost little beside the server that shares its machine.
//
// The CPU of a server is that of its own process, read from /proc before and after a run, so it can be compared
// between servers and does not depend on how busy the machine is otherwise. Linux only. Every figure is the
// median of its runs with the extremes beside it. e2e/bench.sh calls it; `loadgen --help` lists the commands.
package main
