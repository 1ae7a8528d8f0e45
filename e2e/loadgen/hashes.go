package main

import (
	"context"
	"fmt"
)

type hashesCommand struct {
	Bucket  string `required:"" help:"URL of the bucket, http://HOST:PORT/NAME."`
	Objects int    `default:"100" help:"Objects, as many as put has put in its first run."`
	Prefix  string `default:"bench/" help:"What every key begins with."`
}

// Run prints the infohash of each object that put has made in public, one a line.
func (c *hashesCommand) Run(ctx context.Context) error {
	put := putCommand{Prefix: c.Prefix}
	for i := range c.Objects {
		_, hash, err := readTorrent(ctx, c.Bucket+"/"+put.key(0, i)+"?torrent")
		if err != nil {
			return err
		}
		fmt.Println(hash)
	}
	return nil
}
