package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Ready readyCommand `cmd:"" help:"Start a server again and again: time from exec to its ready line, and memory then."`
	Put   putCommand   `cmd:"" help:"Put objects over S3 from several writers."`
	Get   getCommand   `cmd:"" help:"Get objects over S3 on several connections."`
	List  listCommand  `cmd:"" help:"List a bucket, page by page."`
	// Compare is one command, so that its servers take turns.
	Compare compareCommand `cmd:"" help:"Put, get, list and delete on several servers in turns."`
	Seed    seedCommand    `cmd:"" help:"Download a torrent from one seeder on several connections."`
	Bare    bareCommand    `cmd:"" help:"Serve the blocks of one file by pread and writev alone, as the measure of a seeder."`
	Hashes  hashesCommand  `cmd:"" help:"Print the infohashes of objects that put has made."`
	trackerCommands
}

func main() {
	call := kong.Parse(&commands{}, kong.Name("loadgen"), kong.Description("Loads a server and measures it; see docs/performance.md."), kong.UsageOnError())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	call.BindTo(ctx, (*context.Context)(nil))
	err := call.Run()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	call.FatalIfErrorf(err)
}
