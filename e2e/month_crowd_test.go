package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"shoal/wire/peer"
	"shoal/wire/torrent"
)

const (
	monthTorrents    = 3
	monthTorrentSize = 64 << 20 // bytes; 256 pieces and more
	monthWindow      = 64       // requests of a peer on their way
)

func torrentKey(i int) string { return fmt.Sprintf("torrents/%d.bin", i) }

// monthTorrent is a public object that crowds fetch.
type monthTorrent struct{ meta *torrent.Metainfo }

// publish puts the objects that crowds fetch, and takes their torrents.
func (m *month) publish() {
	m.t.Helper()
	w := m.workers[0]
	for i := range monthTorrents {
		path := publicBucket + "/" + torrentKey(i)
		w.must(http.StatusOK, ask{by: alice, method: http.MethodPut, path: path, body: contentBytes(uint64(i), monthTorrentSize)})
		body, _ := w.must(http.StatusOK, ask{method: http.MethodGet, path: path + "?torrent"})
		m.torrents = append(m.torrents, monthTorrent{parseTorrent(m.t, body)})
	}
}

// monthCrowd is peers that ask for some bytes of each piece and go.
type monthCrowd struct {
	m       *month
	visits  atomic.Int64
	fetched atomic.Int64 // pieces of which a block came
}

// fetch fetches of n pieces and more.
func (c *monthCrowd) fetch(n int) {
	for n > 0 {
		got, err := c.visit()
		if err != nil {
			c.m.t.Errorf("a peer: %v", err)
			return
		}
		n -= got
	}
}

// fetchUntil fetches until stop; a server that is gone is no error.
func (c *monthCrowd) fetchUntil(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		if _, err := c.visit(); err != nil {
			c.m.unanswered.Add(monthWindow)
			time.Sleep(time.Millisecond)
		}
	}
}

// visit is one connection, which asks for a block of every piece. It comes from an address of its own.
func (c *monthCrowd) visit() (pieces int, err error) {
	n := c.visits.Add(1)
	meta := c.m.torrents[n%monthTorrents].meta
	from := net.TCPAddr{IP: net.IPv4(127, 1, byte(n>>8), byte(n))}
	d := net.Dialer{LocalAddr: &from, Timeout: peerTimeout}
	conn, err := d.DialContext(c.m.t.Context(), "tcp", c.m.s.peer)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := errors.Join(conn.SetDeadline(time.Now().Add(time.Minute)), shakeHands(conn, meta.InfoHash())); err != nil {
		return 0, err
	}
	if _, err := conn.Write(peer.AppendInterested(nil)); err != nil {
		return 0, err
	}
	return c.take(conn, n, &meta.Info)
}

// take asks for a block of every piece, as the n-th visitor, and waits for them all.
func (c *monthCrowd) take(conn net.Conn, n int64, info *torrent.Info) (pieces int, err error) {
	count := int(info.NumPieces())
	r := peer.NewReader(conn, make([]byte, 32<<10), peer.ReaderOptions{Pieces: uint32(count), MaxBlock: peer.BlockSize})
	asked := 0
	for pieces < count {
		msg, err := r.Read()
		if err != nil {
			return pieces, err
		}
		more := 0
		switch msg.ID {
		case peer.MsgUnchoke:
			more = monthWindow
		case peer.MsgPiece:
			pieces++
			c.fetched.Add(1)
			more = 1
		case peer.MsgReject:
			return pieces, fmt.Errorf("piece %d of %s is refused", msg.Block.Piece, info.Name)
		}
		var requests []byte
		for range min(more, count-asked) {
			// Of each piece some bytes: what counts is how many pieces.
			length := 1 + (uint32(n)*7919+uint32(asked)*104729)%(peer.BlockSize/2)
			requests = peer.AppendRequest(requests, peer.Block{Piece: uint32(asked), Length: length})
			asked++
		}
		if _, err := conn.Write(requests); err != nil {
			return pieces, err
		}
	}
	return pieces, nil
}
