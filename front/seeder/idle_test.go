package seeder

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"shoal/core/access"
	"shoal/core/object"
	"shoal/core/swarm"
	"shoal/wire/peer"
	"shoal/wire/torrent"
)

const (
	// idleConns is how many connections TestIdleConnections opens; unset, it is skipped.
	idleConns = "SHOAL_SEEDER_IDLE"
	// idleClient is set in the process that opens them: the arguments of runIdleClient.
	idleClient = "SHOAL_SEEDER_IDLE_CLIENT"

	idlePerSwarm = 200
	idlePerIP    = 50
	maxIdleBytes = 9 << 10 // of each connection, heap and stack
)

// manyTorrents is a source and a content with torrents of 1,024 pieces for every infohash that begins with zeros.
type manyTorrents struct{ oneTorrent }

func (manyTorrents) Resolve(_ context.Context, h torrent.InfoHash, _ access.Context) (*object.Torrent, error) {
	t := &object.Torrent{
		Bucket:  &object.Bucket{Name: "public", Owner: string(testOwner.ID)},
		Version: &object.Version{Key: "object", ID: object.VersionID(h[:16]), Owner: testOwner},
		Length:  1 << 30, PieceLength: 1 << 20, InfoHash: h, Kind: torrent.V1, InfoSize: 100,
	}
	acl, err := access.ObjectACL(access.CannedPublicRead, testOwner, testOwner)
	t.Version.ACL = acl
	return t, err
}

func (m manyTorrents) Reload(_ context.Context, t *object.Torrent) (*object.Torrent, error) {
	return t, nil
}

// TestIdleConnections measures what a connection costs that says nothing.
func TestIdleConnections(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(idleConns))
	if err != nil {
		t.Skip(idleConns + " is not set")
	}
	openMany(t, n)
	for _, policy := range []swarm.Policy{swarm.Speed, swarm.Egress} {
		t.Run(policy.String(), func(t *testing.T) { measureIdle(t, n, policy) })
	}
}

func measureIdle(t *testing.T, n int, policy swarm.Policy) {
	many := manyTorrents{}
	r := swarm.New(many, swarm.Options{Policy: policy})
	s := newSeeder(r, many, new(ledger), Options{MaxConns: n})
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 2)
	go func() { stopped <- r.Run(ctx) }()
	go func() { stopped <- s.Serve(ctx, l) }()
	runtime.GC()
	var empty, full runtime.MemStats
	runtime.ReadMemStats(&empty)
	before := resident(t)

	clients := exec.Command(os.Args[0])
	clients.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", idleClient, l.Addr().(*net.TCPAddr).Port, n))
	clients.Stderr = os.Stderr
	in, err := clients.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := clients.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := clients.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatalf("the clients did not connect: %v; closed %v", err, s.Stats().Closed)
	}
	raw := resident(t)
	for range 4 {
		runtime.GC() // each halves the stacks that are hardly used
	}
	runtime.ReadMemStats(&full)
	after := resident(t)
	each := func(a, b uint64) int64 { return (int64(b) - int64(a)) / int64(n) }
	t.Logf("%d connections in %d swarms: resident %d MiB before, %d at once, %d after collections; bytes each: heap %d, stack %d, resident %d; %d goroutines",
		s.Stats().Conns, r.Stats().Swarms, before>>20, raw>>20, after>>20,
		each(empty.HeapAlloc, full.HeapAlloc), each(empty.StackInuse, full.StackInuse), (after-before)/int64(n), runtime.NumGoroutine())
	if got := s.Stats().Conns; got != n {
		t.Errorf("%d connections, want %d", got, n)
	}
	if got := each(empty.HeapAlloc+empty.StackInuse, full.HeapAlloc+full.StackInuse); got > maxIdleBytes {
		t.Errorf("%d bytes for each connection, want at most %d", got, maxIdleBytes)
	}
	in.Close()
	if err := clients.Wait(); err != nil {
		t.Error(err)
	}
	cancel()
	for range 2 {
		if err := <-stopped; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// openMany lets this process and its children open that many files, and skips the test if they may not.
func openMany(t *testing.T, n int) {
	t.Helper()
	want := uint64(n + 100)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur >= want {
		return
	}
	limit.Cur, limit.Max = want, max(want, limit.Max)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Skipf("this process may not open %d files: %v", want, err)
	}
}

// resident returns the bytes of memory that this process has.
func resident(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// runIdleClient opens connections, from addresses of their own, says what clients say first, and waits for the end
// of its input.
func runIdleClient(args string) error {
	var port, n int
	if _, err := fmt.Sscan(args, &port, &n); err != nil {
		return err
	}
	conns := make([]net.Conn, 0, n)
	for i := range n {
		ip := i / idlePerIP
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(ip>>8), byte(ip))}}
		nc, err := d.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return err
		}
		var h torrent.InfoHash
		binary.BigEndian.PutUint32(h[:], uint32(i/idlePerSwarm))
		said := peer.AppendHandshake(nil, peer.Handshake{Reserved: allReserved, InfoHash: h, PeerID: peer.PeerID([]byte("-XX0001-abcdefghijkl"))})
		said = peer.AppendExtendedHandshake(said, peer.ExtendedHandshake{
			Extensions: peer.Extensions{Metadata: 2, PEX: 1, DontHave: 7, HolePunch: 4}, Port: 6881, Client: "idle client/1.0", RequestQueue: 500,
		})
		said = peer.AppendInterested(peer.AppendHaveNone(said))
		if _, err := nc.Write(said); err != nil {
			return err
		}
		conns = append(conns, nc)
	}
	for _, nc := range conns {
		var greeting [peer.HandshakeLen + 100]byte
		if _, err := io.ReadFull(nc, greeting[:]); err != nil {
			return err
		}
		if !bytes.HasPrefix(greeting[1:], []byte("BitTorrent protocol")) {
			return errors.New("no handshake")
		}
	}
	fmt.Print(".")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
