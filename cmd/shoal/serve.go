package main

import (
	"context"
	"fmt"
	"log/slog"

	"shoal/config"
	"shoal/server"
)

type serveCommand struct {
	config.Config `embed:""`
}

// Run serves until ctx is done.
func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	if err := c.Validate(); err != nil {
		return usageError{err}
	}
	s, err := server.Open(ctx, c.Config, newLogger(&c.Config, t))
	if err != nil {
		return err
	}
	printRootKey(t, s)
	printFirstSteps(t, s)
	fmt.Fprintln(t.out, readyLine(s))
	return s.Run(ctx)
}

func newLogger(c *config.Config, t *terminal) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(t.err, o))
	}
	return slog.New(slog.NewTextHandler(t.err, o))
}

// readyLine is a contract: it stands alone on a line once every listener accepts.
func readyLine(s *server.Server) string {
	a := s.Addresses()
	return fmt.Sprintf("shoal ready s3=%s tracker=%s peer=%s", a.S3, a.Tracker, a.Peer)
}

// printRootKey shows the root key when this start has made it; it is not shown again.
func printRootKey(t *terminal, s *server.Server) {
	if key, secret, made := s.NewRootKey(); made {
		fmt.Fprintf(t.out, "The root key was made now; it is shown this once:\n\n"+
			"  export AWS_ACCESS_KEY_ID=%s\n  export AWS_SECRET_ACCESS_KEY=%s\n\n", key, secret)
	}
}

// printFirstSteps prints lines to paste, with the addresses this server has.
func printFirstSteps(t *terminal, s *server.Server) {
	url := s.URL()
	fmt.Fprintf(t.out, `Paste with the key set (any S3 client works; region %s):

  export AWS_ENDPOINT_URL=%s AWS_DEFAULT_REGION=%[1]s   # aws cli 2.13 or newer
  aws --endpoint-url %[2]s s3 mb s3://demo
  aws --endpoint-url %[2]s s3 cp FILE s3://demo/ --acl public-read
  aria2c --follow-torrent=mem --seed-time=0 '%[2]s/demo/FILE?torrent'

`, s.Region(), url)
}
