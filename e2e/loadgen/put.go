package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"

	"shoal/wire/sigv4"
)

type putCommand struct {
	load
	bucketURL
	Create  bool   `help:"Make the bucket first."`
	Size    int64  `default:"1024" help:"Bytes of each object."`
	File    string `help:"Content of each object, instead of random bytes." type:"existingfile"`
	Objects int    `default:"1000" help:"Objects of each run, each with a key of its own."`
	Writers int    `default:"1" help:"Connections that put at the same time."`
	Prefix  string `default:"bench/" help:"What every key begins with."`
	ACL     string `help:"Canned ACL of each object."`
	Signed  bool   `help:"Declare the SHA-256 of the body in the signature; default UNSIGNED-PAYLOAD."`
	CRC32C  bool   `name:"crc32c" help:"Declare a CRC32C too, as the AWS tools do with some checksum."`
}

// Run puts the objects and prints the rate and, with more than one of them, how many commits shared a sync.
func (c *putCommand) Run(ctx context.Context) error {
	client := c.client(c.Writers)
	if c.Create {
		answer, err := c.do(ctx, client, http.MethodPut, "", nil, sigv4.UnsignedPayload, nil)
		if err != nil {
			return err
		}
		answer.Body.Close() // it is empty
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	hash, header := c.declare(body)
	before, err := c.readKV(ctx)
	if err != nil {
		return err
	}
	figures := append(rate(), throughput()...)
	title := fmt.Sprintf("put %d B, %d writers", len(body), c.Writers)
	err = c.measure(title, figures, func(n int) (int64, int64, error) {
		err := workers(ctx, c.Writers, c.Objects, func(ctx context.Context, i int) error {
			answer, err := c.do(ctx, client, http.MethodPut, c.key(n, i), body, hash, header)
			if err != nil {
				return err
			}
			return answer.Body.Close()
		})
		return int64(c.Objects) * int64(len(body)), int64(c.Objects), err
	})
	if err != nil {
		return err
	}
	after, err := c.readKV(ctx)
	if err != nil {
		return err
	}
	puts := float64(c.Objects * c.Runs)
	commits, syncs := after.commits-before.commits, after.syncs-before.syncs
	fmt.Printf("%-28s  commits/put=%.3g  kv-syncs/put=%.3g  kv-syncs/commit=%.3g\n", "", commits/puts, syncs/puts, syncs/commits)
	return nil
}

func (c *putCommand) body() ([]byte, error) {
	if c.File != "" {
		return os.ReadFile(c.File)
	}
	return content(c.Size), nil
}

// key spreads the keys of a run over folders, as users do.
func (c *putCommand) key(run, i int) string {
	return fmt.Sprintf("%s%d/%04d/object-%07d", c.Prefix, run, i/1000, i)
}

// declare returns the payload hash of the signature and the headers of each request.
func (c *putCommand) declare(body []byte) (hash string, header http.Header) {
	hash, header = sigv4.UnsignedPayload, http.Header{}
	if c.Signed {
		sum := sha256.Sum256(body)
		hash = hex.EncodeToString(sum[:])
	}
	if c.CRC32C {
		sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
		header.Set("X-Amz-Checksum-Crc32c", base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum)))
	}
	if c.ACL != "" {
		header.Set("X-Amz-Acl", c.ACL)
	}
	return hash, header
}
