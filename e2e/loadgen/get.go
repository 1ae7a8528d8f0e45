package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"shoal/wire/sigv4"
)

type getCommand struct {
	load
	bucketURL
	Key   string `required:"" help:"Object to get."`
	Conns int    `default:"1" help:"Connections that get at the same time."`
	Gets  int    `default:"4" help:"GETs of each run, all connections together."`
}

// Run gets the object over and over and prints the rate.
func (c *getCommand) Run(ctx context.Context) error {
	client := c.client(c.Conns)
	var buffers sync.Pool
	get := func(ctx context.Context) (int64, error) {
		answer, err := c.do(ctx, client, http.MethodGet, c.Key, nil, sigv4.UnsignedPayload, nil)
		if err != nil {
			return 0, err
		}
		buf, ok := buffers.Get().(*[readBuffer]byte)
		if !ok {
			buf = new([readBuffer]byte)
		}
		defer buffers.Put(buf)
		n, err := discard(answer, buf[:])
		if err == nil && n != answer.ContentLength {
			err = fmt.Errorf("got %d bytes of %d", n, answer.ContentLength)
		}
		return n, err
	}
	size, err := get(ctx) // warm: the page cache is the client's, not the disk's, figure
	if err != nil {
		return err
	}
	figures := throughput()
	if size < readBuffer {
		figures = append(rate(), figures...)
	}
	return c.measure(fmt.Sprintf("get %d B, %d conns", size, c.Conns), figures, func(int) (int64, int64, error) {
		err := workers(ctx, c.Conns, c.Gets, func(ctx context.Context, _ int) error {
			_, err := get(ctx)
			return err
		})
		return int64(c.Gets) * size, int64(c.Gets), err
	})
}
