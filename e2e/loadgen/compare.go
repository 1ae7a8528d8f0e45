package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"shoal/wire/sigv4"
)

// fewListed is a page of a listing: of fewer keys its time says nothing of keys.
const fewListed = 1000

type compareCommand struct {
	Servers []string `name:"server" required:"" help:"NAME=PID=URL of a bucket, which is made when missing; once for each server."`
	Access  string   `env:"AWS_ACCESS_KEY_ID" help:"Access key."`
	Secret  string   `env:"AWS_SECRET_ACCESS_KEY" help:"Secret key."`
	Size    int64    `default:"4096" help:"Bytes of each object."`
	Objects int      `default:"1000" help:"Objects of each round."`
	Conns   int      `default:"1" help:"Connections that are used at the same time; a listing uses one."`
	Runs    int      `default:"3" help:"Rounds; medians are printed."`
}

// rival is one of the servers that are compared.
type rival struct {
	name string
	pid  int
	bucketURL
	client *http.Client
	runs   map[string][]run // by phase
}

// phase is what every round has, on one server after the other, so that what else the machine does falls on all.
type phase struct {
	name    string
	figures []figure
	do      func(ctx context.Context, r *rival, n int) (bytes, ops int64, err error)
}

// Run puts, gets, lists and deletes the same objects on each server and prints what it took, and the ratio to the
// last server.
func (c *compareCommand) Run(ctx context.Context) error {
	rivals, err := c.rivals(ctx)
	if err != nil {
		return err
	}
	phases := c.phases()
	for n := range c.Runs {
		for _, p := range phases {
			for _, r := range rivals {
				if err := r.measure(ctx, p, n); err != nil {
					return fmt.Errorf("%s of %s, round %d: %w", p.name, r.name, n+1, err)
				}
			}
		}
	}
	for _, p := range phases {
		for _, r := range rivals {
			c.print(p, r, rivals[len(rivals)-1])
		}
	}
	return nil
}

func (c *compareCommand) rivals(ctx context.Context) ([]*rival, error) {
	var all []*rival
	for _, s := range c.Servers {
		name, rest, _ := strings.Cut(s, "=")
		r := &rival{name: name, runs: map[string][]run{}}
		if _, err := fmt.Sscanf(rest, "%d=%s", &r.pid, &r.Bucket); err != nil {
			return nil, fmt.Errorf("server %q: %w", s, err)
		}
		r.Access, r.Secret = c.Access, c.Secret
		r.client = r.bucketURL.client(c.Conns)
		answer, err := r.do(ctx, r.client, http.MethodPut, "", nil, sigv4.UnsignedPayload, nil)
		if err != nil && !strings.Contains(err.Error(), "BucketAlreadyOwnedByYou") {
			return nil, err
		}
		if err == nil {
			answer.Body.Close() // it is empty
		}
		all = append(all, r)
	}
	return all, nil
}

func (c *compareCommand) phases() []phase {
	figures := throughput()
	if c.Size < readBuffer {
		figures = rate()
	}
	phases := []phase{
		{"PUT", figures, c.each(http.MethodPut, content(c.Size))},
		{"GET", figures, c.each(http.MethodGet, nil)},
		{"LIST", rate(), listAll},
		{"DELETE", rate(), c.each(http.MethodDelete, nil)},
	}
	if c.Objects < fewListed {
		return slices.Delete(phases, 2, 3)
	}
	return phases
}

// each sends a request for every object of a round.
func (c *compareCommand) each(method string, body []byte) func(context.Context, *rival, int) (int64, int64, error) {
	return func(ctx context.Context, r *rival, n int) (int64, int64, error) {
		buffers := make(chan []byte, c.Conns)
		for range c.Conns {
			buffers <- make([]byte, min(c.Size+1, readBuffer))
		}
		err := workers(ctx, c.Conns, c.Objects, func(ctx context.Context, i int) error {
			answer, err := r.do(ctx, r.client, method, fmt.Sprintf("%d/%02d/object-%07d", n, i%100, i), body, sigv4.UnsignedPayload, nil)
			if err != nil {
				return err
			}
			buf := <-buffers
			defer func() { buffers <- buf }()
			got, err := discard(answer, buf)
			if err == nil && method == http.MethodGet && got != c.Size {
				err = fmt.Errorf("got %d bytes of %d", got, c.Size)
			}
			return err
		})
		return int64(c.Objects) * c.Size, int64(c.Objects), err
	}
}

// listAll lists the bucket in pages of 1,000; an operation is a key.
func listAll(ctx context.Context, r *rival, _ int) (int64, int64, error) {
	l := listCommand{bucketURL: r.bucketURL}
	var page bytes.Buffer
	return l.all(ctx, r.client, &page)
}

func (r *rival) measure(ctx context.Context, p phase, n int) error {
	l := load{PID: r.pid}
	before, err := l.cpu()
	if err != nil {
		return err
	}
	begin := time.Now()
	bytes, ops, err := p.do(ctx, r, n)
	if err != nil {
		return err
	}
	took := run{wall: time.Since(begin), bytes: bytes, ops: ops}
	after, err := l.cpu()
	took.cpu = after - before
	r.runs[p.name] = append(r.runs[p.name], took)
	return err
}

func (c *compareCommand) print(p phase, r, last *rival) {
	fmt.Printf("%-6s %d B, %2d conns  %-8s", p.name, c.Size, c.Conns, r.name)
	for _, f := range p.figures {
		fmt.Printf("  %s=%s", f.name, spread(f.values(r.runs[p.name])))
		if r != last {
			fmt.Printf(" [%.3gx]", median(f.values(r.runs[p.name]))/median(f.values(last.runs[p.name])))
		}
	}
	fmt.Println()
}
