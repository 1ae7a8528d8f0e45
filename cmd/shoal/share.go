package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"golang.org/x/term"

	"shoal/config"
	"shoal/server"
)

// liveEvery is how often the line of peers and bytes is refreshed.
const liveEvery = time.Second

type shareCommand struct {
	config.Config `embed:""`
	Files         []string `arg:"" name:"file" type:"existingfile" help:"Files to share."`
}

// Run serves, shares the files and shows a live line until ctx is done.
func (c *shareCommand) Run(ctx context.Context, t *terminal) error {
	if err := c.check(); err != nil {
		return usageError{err}
	}
	s, err := server.Open(ctx, c.Config, newLogger(&c.Config, t))
	if err != nil {
		return err
	}
	printRootKey(t, s)
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- s.Run(serving) }()
	fmt.Fprintln(t.out, readyLine(s))
	err = c.shareAll(serving, s, t)
	if err == nil {
		showLive(serving, s, t, served)
	}
	stop()
	return errors.Join(err, <-served)
}

// check refuses files that would take each other's name.
func (c *shareCommand) check() error {
	if err := c.Validate(); err != nil {
		return err
	}
	seen := map[string]string{}
	for _, f := range c.Files {
		name := filepath.Base(f)
		if other, twice := seen[name]; twice {
			return fmt.Errorf("%s and %s have the same name; share them one at a time", other, f)
		}
		seen[name] = f
	}
	return nil
}

func (c *shareCommand) shareAll(ctx context.Context, s *server.Server, t *terminal) error {
	host := s.ReachableHosts()[0]
	for _, f := range c.Files {
		bar := &progressBar{out: t.err, name: filepath.Base(f), live: isTerminal(t.err)}
		links, err := s.Share(ctx, f, host, bar.update)
		bar.done()
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		fmt.Fprintf(t.out, "\n%s\n  s3       %s\n  http     %s\n  torrent  %s\n  magnet   %s\n\n",
			filepath.Base(f), links.S3, links.URL, links.Torrent, links.Magnet)
	}
	return nil
}

// showLive refreshes a line of peers and bytes until ctx is done or the server has stopped by itself.
func showLive(ctx context.Context, s *server.Server, t *terminal, served chan error) {
	live := isTerminal(t.err)
	if live {
		defer fmt.Fprintln(t.err)
	}
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	var shown server.Live
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-served:
			served <- err // for the caller
			return
		case <-tick.C:
		}
		now := s.Live()
		switch line := fmt.Sprintf("peers %d  connections %d  sent %s", now.Peers, now.Connections, byteCount(now.SentBytes)); {
		case live:
			fmt.Fprintf(t.err, "\r\x1b[K%s", line)
		case now != shown:
			fmt.Fprintln(t.err, line)
		}
		shown = now
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}
