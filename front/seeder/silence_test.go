package seeder

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

// oneTorrent is a source and a content with a single torrent, in memory.
type oneTorrent struct {
	content // nil: only open is used
	t       *object.Torrent
	data    []byte
}

func (o oneTorrent) Resolve(_ context.Context, h torrent.InfoHash, _ access.Context) (*object.Torrent, error) {
	if h != o.t.InfoHash {
		return nil, fault.New("resolve", h.String(), fault.NoTorrent, nil)
	}
	return o.t, nil
}

func (o oneTorrent) Reload(context.Context, *object.Torrent) (*object.Torrent, error) {
	return o.t, nil
}

func (o oneTorrent) open(context.Context, *object.Torrent) (readAtCloser, error) {
	return struct {
		io.ReaderAt
		io.Closer
	}{bytes.NewReader(o.data), io.NopCloser(nil)}, nil
}

// A silent peer is sent a keep-alive before it gives us up, and is let go after IdleTimeout; a peer that
// says something at times is kept.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name   string
		speaks bool
		kept   time.Duration
	}{
		{"silent", false, 5 * time.Minute},
		{"keep-alives", true, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				one := oneTorrent{data: []byte("content"), t: &object.Torrent{
					Bucket:  &object.Bucket{Name: "public", Owner: string(testOwner.ID)},
					Version: &object.Version{Key: "object", Owner: testOwner, ACL: acl(t, access.CannedPublicRead)},
					Length:  7, PieceLength: 256 * kib, InfoHash: torrent.InfoHash{1}, InfoHashV2: torrent.InfoHashV2{2},
				}}
				s := newSeeder(swarm.New(one, swarm.Options{Policy: swarm.Speed}), one, new(ledger), Options{})
				near, far := net.Pipe()
				var all sync.WaitGroup
				all.Go(func() { s.admit(t.Context(), near) })
				begin := time.Now()
				all.Go(func() { speak(far, c.speaks, c.kept) })
				if _, err := io.CopyN(io.Discard, far, int64(peer.HandshakeLen)); err != nil {
					t.Fatal(err)
				}
				keepAlives, last := 0, time.Duration(0)
				for in := peer.NewReader(far, nil, peer.ReaderOptions{}); ; {
					m, err := in.Read()
					if err != nil {
						break
					}
					now := time.Since(begin)
					if m.ID == peer.MsgKeepAlive {
						keepAlives++
						if gap := now - last; gap > 2*time.Minute {
							t.Errorf("%v of silence before %v", gap, now)
						}
					}
					last = now
				}
				all.Wait()
				s.conns.Wait()
				if lived := time.Since(begin); lived < c.kept || lived > c.kept+time.Minute {
					t.Errorf("closed after %v, want %v", lived, c.kept)
				}
				if keepAlives == 0 {
					t.Error("no keep-alive")
				}
				if want := map[bool]Reason{false: Idle, true: PeerLeft}[c.speaks]; s.Stats().Closed[want] != 1 {
					t.Errorf("closed %v, want one for %v", s.Stats().Closed, want)
				}
			})
		})
	}
}

// speak sends a handshake; if more, also a keep-alive every two minutes, and closes after a while.
func speak(far net.Conn, more bool, long time.Duration) {
	_, _ = far.Write(peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: torrent.InfoHash{1}}))
	if !more {
		return
	}
	for begin := time.Now(); time.Since(begin) < long; {
		<-time.After(2 * time.Minute)
		_, _ = far.Write(peer.AppendKeepAlive(nil))
	}
	far.Close()
}
