package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"shoal/wire/peer"
	"shoal/wire/torrent"
)

const (
	maxTorrent   = 16 << 20         // bytes of a .torrent, v2 layers of the largest included
	peerBuffer   = 512 << 10        // of one connection
	maxExtended  = 64 << 10         // bytes of a seeder's extension handshake
	standsStill  = 30 * time.Second // without a message, a seeder is given up
	peerIDFormat = "-XX0001-bench%07d"
)

type seedCommand struct {
	load
	Addr        string `required:"" help:"HOST:PORT of the seeder."`
	Torrent     string `required:"" help:"The .torrent, a file or an http URL."`
	Conns       int    `default:"1" help:"Connections that download at the same time."`
	GiB         int    `name:"gib" default:"4" help:"GiB of each run, all connections together; the torrent is asked for round and round."`
	Outstanding int    `default:"256" help:"Requests that each connection keeps under way."`
}

// Run downloads the torrent, throws it away and prints the rate.
func (c *seedCommand) Run(ctx context.Context) error {
	info, hash, err := readTorrent(ctx, c.Torrent)
	if err != nil {
		return err
	}
	blocks := int64(c.GiB) << 30 / peer.BlockSize / int64(c.Conns)
	return c.measure(fmt.Sprintf("seed, %d conns", c.Conns), throughput(), func(int) (int64, int64, error) {
		errs := make([]error, c.Conns)
		var all sync.WaitGroup
		for i := range c.Conns {
			all.Go(func() { errs[i] = c.download(info, hash, i, blocks) })
		}
		all.Wait()
		n := blocks * int64(c.Conns)
		return n * peer.BlockSize, n, errors.Join(errs...)
	})
}

// readTorrent reads a .torrent with one file.
func readTorrent(ctx context.Context, from string) (*torrent.Info, torrent.InfoHash, error) {
	data, err := readSource(ctx, from)
	if err != nil {
		return nil, torrent.InfoHash{}, err
	}
	m, err := torrent.ParseMetainfo(data)
	if err != nil {
		return nil, torrent.InfoHash{}, fmt.Errorf("%s: %w", from, err)
	}
	return &m.Info, m.InfoHash(), nil
}

func readSource(ctx context.Context, from string) ([]byte, error) {
	if !strings.HasPrefix(from, "http") {
		return os.ReadFile(from)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", from, answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, maxTorrent))
}

// download takes blocks on connection i, keeping Outstanding requests under way, until all of them came. The
// connections begin in different places.
func (c *seedCommand) download(info *torrent.Info, hash torrent.InfoHash, i int, blocks int64) error {
	conn, err := net.Dial("tcp", c.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	id := peer.PeerID([]byte(fmt.Sprintf(peerIDFormat, i)))
	hello := peer.AppendHandshake(nil, peer.Handshake{Reserved: peer.ReservedFast, InfoHash: hash, PeerID: id})
	// BEP 6: one of bitfield, have all and have none comes right after the handshake; libtorrent insists.
	if _, err := conn.Write(peer.AppendInterested(peer.AppendHaveNone(hello))); err != nil {
		return err
	}
	var answer [peer.HandshakeLen]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	// The last block of a piece or of the file may be short; only whole ones are asked for.
	size := info.Length / peer.BlockSize
	d := downloader{
		conn: conn, info: info, at: int64(i) * size / int64(c.Conns), size: size,
		left: blocks, window: int64(c.Outstanding),
		in: peer.NewReader(conn, make([]byte, peerBuffer), peer.ReaderOptions{
			Pieces: uint32(info.NumPieces()), MaxBlock: peer.BlockSize, MaxExtended: maxExtended,
		}),
	}
	return d.run()
}

// downloader is one connection, past the handshake.
type downloader struct {
	conn     net.Conn
	in       *peer.Reader
	info     *torrent.Info
	at, size int64 // the next block to ask for, and the blocks there are
	left     int64 // blocks to come
	asked    int64 // of them, under way
	window   int64
	unchoked bool
	requests []byte
}

func (d *downloader) run() error {
	var until time.Time
	for d.left > 0 {
		if now := time.Now(); until.Sub(now) < standsStill/2 {
			until = now.Add(standsStill)
			d.conn.SetReadDeadline(until) // an error shows at the read
		}
		m, err := d.in.Read()
		if err != nil {
			return fmt.Errorf("%d blocks to come: %w", d.left, err)
		}
		switch m.ID {
		case peer.MsgUnchoke:
			d.unchoked = true
		case peer.MsgChoke:
			return errors.New("choked by the seeder")
		case peer.MsgReject:
			return errors.New("request rejected by the seeder")
		case peer.MsgPiece:
			d.left--
			d.asked--
		}
		if !d.in.Ready() {
			if err := d.ask(); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask fills the window again: one write for all that came at once, as clients do.
func (d *downloader) ask() error {
	d.requests = d.requests[:0]
	for ; d.unchoked && d.asked < min(d.window, d.left); d.asked++ {
		offset := d.at % d.size * peer.BlockSize
		d.at++
		d.requests = peer.AppendRequest(d.requests, peer.Block{
			Piece: uint32(offset / d.info.PieceLength), Begin: uint32(offset % d.info.PieceLength), Length: peer.BlockSize,
		})
	}
	if len(d.requests) == 0 {
		return nil
	}
	_, err := d.conn.Write(d.requests)
	return err
}
