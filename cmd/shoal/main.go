// Command shoal is the S3-compatible object store whose public objects are torrents. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes of the command.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// commands is the command line. Each command's Run returns when it is done or ctx is.
type commands struct {
	ConfigFile configFile `name:"config" placeholder:"FILE" help:"Configuration file (TOML); keys are the names of flags."`

	Serve   serveCommand   `cmd:"" help:"Run the server."`
	Share   shareCommand   `cmd:"" help:"Serve, put files into a public bucket, print their links, keep seeding."`
	User    userCommand    `cmd:"" help:"Manage users and their access keys."`
	Account accountCommand `cmd:"" help:"Show the accounts: users as owners of buckets and of what is in IAM."`
	Bucket  bucketCommand  `cmd:"" help:"Show a bucket, and set how its torrents are seeded."`
	Top     topCommand     `cmd:"" help:"Show the live swarms: copies sent, and what the crowd moved."`
	Usage   usageCommand   `cmd:"" help:"Print the usage report."`
	Bill    billCommand    `cmd:"" help:"Print statements: what the usage of a month costs by a price plan."`
	Logs    logsCommand    `cmd:"" help:"Deliver server access logs."`
	Budget  budgetCommand  `cmd:"" help:"Manage the monthly budgets of buckets and accounts."`
	Savings savingsCommand `cmd:"" help:"Print what the crowd spared in a month: per account, bucket and object."`
	Fsck    fsckCommand    `cmd:"" help:"Check that metadata and content agree; changes nothing."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	exited := -1
	parser, err := kong.New(&commands{},
		kong.Name("shoal"),
		kong.Description("An S3-compatible object store in which every public object is also a torrent."),
		kong.Resolvers(environment),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
	)
	if err != nil {
		panic(err) // the command line above is malformed: our own fault
	}
	call, err := parser.Parse(args)
	if exited >= 0 { // --help was printed
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "shoal: %v\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	call.BindTo(ctx, (*context.Context)(nil))
	err = call.Run(&terminal{out: stdout, err: stderr})
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "shoal: %v\n", err)
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintf(stderr, "shoal: interrupted: %v\n", err)
		return exitFailed
	default:
		fmt.Fprintf(stderr, "shoal: %v\n", err)
		return exitFailed
	}
}

// terminal is where a command prints: results to out, progress and logs to err.
type terminal struct {
	out, err io.Writer
}

// usageError is a fault of the command line that only its own command can see.
type usageError struct{ error }
