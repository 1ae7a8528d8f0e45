// Package e2e holds the black-box tests: they build the real binary, run it as a user would, and drive it
// with real S3 and BitTorrent clients. They know the command line, the S3 API, the BitTorrent protocols
// and the usage report, and nothing of the code behind them.
//
// Every server is one process on its own data directory and free ports; it is stopped by its own pid, and
// a test that opened a data directory ends with a clean `shoal fsck` of it. A client that is not installed
// skips its test, naming the Debian package; install-clients.sh installs them all. -short skips everything.
//
// Environment: SHOAL_E2E_RACE=1 builds the binary with the race detector, SHOAL_KILL_ROUNDS sets how many
// times TestKillNine kills it, SHOAL_KILL_SEED repeats one of its runs, SHOAL_CONFORMANCE=update has
// TestConformance write its lists. SHOAL_DIFFERENTIAL=50000 or =50000,77 sets the calls and the first seed of
// TestDifferential.
package e2e
