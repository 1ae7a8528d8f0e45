// Command stepped is `shoal serve` with another clock: its time is the number of seconds since 1970 in the first 8 bytes
// of a file, little-endian, which whoever wrote the file steps on. A month passes as fast as its events do, and time
// stands still while a request is served, so that a log says to the second when things were done.
//
//	stepped CLOCK FLAG...
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"shoal/config"
	"shoal/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "stepped:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("which clock?")
	}
	now, err := openClock(args[0])
	if err != nil {
		return err
	}
	var cfg config.Config
	parser, err := kong.New(&cfg)
	if err != nil {
		return err
	}
	if _, err := parser.Parse(args[1:]); err != nil {
		return err
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	s, err := server.OpenAt(ctx, cfg, log, now)
	if err != nil {
		return err
	}
	a := s.Addresses()
	fmt.Printf("shoal ready s3=%s tracker=%s peer=%s\n", a.S3, a.Tracker, a.Peer)
	return s.Run(ctx)
}

// openClock maps a file of 8 bytes.
func openClock(path string) (now func() time.Time, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	seconds, err := unix.Mmap(int(f.Fd()), 0, 8, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return func() time.Time { return time.Unix(int64(binary.LittleEndian.Uint64(seconds)), 0).UTC() }, nil
}
