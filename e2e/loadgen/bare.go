package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"

	"shoal/wire/peer"
)

const (
	bareBatch    = 16       // blocks of one write
	bareRequests = 16 << 10 // bytes of requests read at a time
	bareReady    = "bare ready peer="
)

// bareCommand is what a seeder cannot do without, and nothing else: it checks no request, knows no torrent,
// meters nothing and serves one goroutine per connection.
type bareCommand struct {
	Addr    string `default:"127.0.0.1:0" help:"HOST:PORT to listen on."`
	Torrent string `required:"" help:"The .torrent, a file or an http URL: it tells the piece length."`
	File    string `arg:"" help:"Content."`
}

// Run serves until ctx ends.
func (c *bareCommand) Run(ctx context.Context) error {
	info, _, err := readTorrent(ctx, c.Torrent)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	l, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	fmt.Println(bareReady + l.Addr().String())
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return ctx.Err()
		}
		all.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			if err := c.serve(conn, f, info.PieceLength); !errors.Is(err, io.EOF) {
				fmt.Fprintln(os.Stderr, err)
			}
		})
	}
}

// serve answers one connection until it ends, which is io.EOF.
func (c *bareCommand) serve(conn net.Conn, f *os.File, pieceLength int64) error {
	var hello [peer.HandshakeLen]byte
	if _, err := io.ReadFull(conn, hello[:]); err != nil {
		return err
	}
	if _, err := conn.Write(peer.AppendUnchoke(peer.AppendHaveAll(hello[:]))); err != nil {
		return err
	}
	var (
		in      = peer.NewReader(conn, make([]byte, bareRequests), peer.ReaderOptions{})
		memory  = make([]byte, bareBatch*peer.BlockSize)
		headers = make([]byte, 0, bareBatch*peer.PieceHeaderLen)
		vector  net.Buffers
	)
	for {
		blocks, offset, n := net.Buffers(vector[:0]), int64(0), 0
		headers = headers[:0]
		for n < bareBatch && (n == 0 || in.Ready()) {
			m, err := in.Read()
			if err != nil {
				return err
			}
			if m.ID != peer.MsgRequest {
				continue
			}
			at := int64(m.Block.Piece)*pieceLength + int64(m.Block.Begin)
			if n == 0 {
				offset = at
			}
			headers = peer.AppendPieceHeader(headers, m.Block)
			blocks = append(blocks, headers[n*peer.PieceHeaderLen:], memory[n*peer.BlockSize:(n+1)*peer.BlockSize])
			n++
		}
		// The client asks for one block after the other. Where it begins anew, less is read than is sent; it does
		// not look at that.
		if got, err := f.ReadAt(memory[:n*peer.BlockSize], offset); got == 0 {
			return fmt.Errorf("%s at %d: %w", c.File, offset, err)
		}
		vector = blocks
		if _, err := blocks.WriteTo(conn); err != nil {
			return err
		}
	}
}
