package server

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"shoal/config"
	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/object"
	"shoal/wire/bencode"
	"shoal/wire/peer"
	"shoal/wire/sigv4"
	"shoal/wire/torrent"
	"shoal/wire/tracker"
)

// patience is how long a test waits for what must happen, looking every pollEvery.
const (
	patience  = 20 * time.Second
	pollEvery = 50 * time.Millisecond
)

// Doors to a swarm.
const (
	httpDoor = "HTTP announce"
	udpDoor  = "UDP announce"
	peerDoor = "handshake"
)

// place is a running server and who asks it. It ends with a full check of the store.
type place struct {
	t    *testing.T
	s    *Server
	at   Addresses
	root sigv4.Credentials
	web  *http.Client
}

// nobody signs nothing.
var nobody = sigv4.Credentials{}

func newPlace(t *testing.T) *place {
	t.Helper()
	root := sigv4.Credentials{AccessKeyID: "SHOALTESTROOT", SecretAccessKey: "not-a-secret-only-for-tests"}
	s, err := Open(t.Context(), config.Config{
		Data: t.TempDir(), S3Addr: "127.0.0.1:0", TrackerAddr: "127.0.0.1:0", PeerAddr: "127.0.0.1:0", TorrentVersion: "1", Seeding: "egress",
		Region: "us-east-1", DefaultObjectOwnership: "BucketOwnerPreferred", PeerEncryption: "accept", WebSeed: "off",
		MaxPeers: 100, MaxPeersPerSwarm: 100, MaxPeersPerIP: 100,
		RootAccessKey: root.AccessKeyID, RootSecretKey: config.Secret(root.SecretAccessKey),
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w := &place{t: t, s: s, at: s.Addresses(), root: root, web: &http.Client{Transport: &http.Transport{}}}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		report, err := s.objects.Fsck(context.Background(), object.FsckOptions{Recheck: time.Nanosecond})
		if err != nil || !report.Clean() {
			t.Errorf("check of the store: %v, findings %v", err, report.Findings)
		}
		w.web.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
	return w
}

func (w *place) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// account makes one that can do nothing but what others let it.
func (w *place) account(name string) sigv4.Credentials {
	w.t.Helper()
	_, k, err := w.s.accounts.CreateUser(w.t.Context(), account.NewUser{Name: name, Role: access.RoleUser})
	w.must(err)
	return sigv4.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret.Reveal()}
}

// reply is an answer, read whole.
type reply struct {
	status int
	body   []byte
}

// ask sends r by who.
func (w *place) ask(who sigv4.Credentials, r request) reply {
	w.t.Helper()
	method, target, _ := strings.Cut(r.line, " ")
	q, err := http.NewRequest(method, "http://"+w.at.S3+target, strings.NewReader(r.body))
	w.must(err)
	if name, value, ok := strings.Cut(r.header, ": "); ok {
		q.Header.Set(name, value)
	}
	if who != nobody {
		sum := sha256.Sum256([]byte(r.body))
		w.must(sigv4.Sign(q, who, "us-east-1", hex.EncodeToString(sum[:]), time.Now()))
	}
	return w.send(q)
}

func (w *place) send(q *http.Request) reply {
	w.t.Helper()
	answer, err := w.web.Do(q)
	w.must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	w.must(err)
	return reply{answer.StatusCode, body}
}

// done has root do them all.
func (w *place) done(all ...request) {
	w.t.Helper()
	for _, r := range all {
		if got := w.ask(w.root, r); got.status/100 != 2 {
			w.t.Fatalf("%s: status %d\n%s", r.line, got.status, got.body)
		}
	}
}

// torrent returns the .torrent that who gets at target.
func (w *place) torrent(who sigv4.Credentials, target string) *torrent.Metainfo {
	w.t.Helper()
	got := w.ask(who, request{"GET " + target, "", ""})
	m, err := torrent.ParseMetainfo(got.body)
	if err != nil {
		w.t.Fatalf("GET %s: status %d, %v", target, got.status, err)
	}
	return m
}

// await asks again until wrong names no door any more: a change counts at the latest a second later.
func (w *place) await(want string, wrong func() []string) {
	w.t.Helper()
	end := time.Now().Add(patience)
	for {
		doors := wrong()
		if len(doors) == 0 {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("not %s after %v: %s", want, patience, strings.Join(doors, ", "))
		}
		<-time.After(pollEvery)
	}
}

// open tries every door to the swarm of h with a token, "" or what stands behind /announce, and returns those that open.
func (w *place) open(h torrent.InfoHash, token string) []string { return w.doors(h, token, true) }

// closed is open for the doors that do not.
func (w *place) closed(h torrent.InfoHash, token string) []string { return w.doors(h, token, false) }

func (w *place) doors(h torrent.InfoHash, token string, want bool) (doors []string) {
	w.t.Helper()
	for _, door := range []struct {
		name string
		try  func(torrent.InfoHash, string) bool
	}{{httpDoor, w.announceHTTP}, {udpDoor, w.announceUDP}, {peerDoor, w.shakeHands}} {
		if door.try(h, token) == want {
			doors = append(doors, door.name)
		}
	}
	return doors
}

func (w *place) announceHTTP(h torrent.InfoHash, token string) bool {
	w.t.Helper()
	q := url.Values{
		"info_hash": {string(h[:])}, "peer_id": {"-TT0001-111111111111"}, "port": {"6999"},
		"uploaded": {"0"}, "downloaded": {"0"}, "left": {"1"}, "compact": {"1"},
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+w.at.Tracker+"/announce"+token+"?"+q.Encode(), nil)
	w.must(err)
	got := w.send(r)
	v, err := bencode.Parse(got.body, bencode.Options{})
	if err != nil {
		w.t.Fatalf("announce answered %q: %v", got.body, err)
	}
	_, failed := v.Get("failure reason").Bytes()
	if _, peers := v.Get("peers").Bytes(); failed == peers {
		w.t.Fatalf("announce answered %q, want a failure or peers", got.body)
	}
	return !failed
}

// announceUDP announces as BEP 15 and, for the token, BEP 41 say.
func (w *place) announceUDP(h torrent.InfoHash, token string) bool {
	w.t.Helper()
	conn, err := net.Dial("udp", w.at.Tracker)
	w.must(err)
	defer conn.Close()
	w.must(conn.SetDeadline(time.Now().Add(patience)))
	exchange := func(packet []byte) []byte {
		_, err := conn.Write(packet)
		w.must(err)
		buf := make([]byte, 2048)
		n, err := conn.Read(buf)
		w.must(err)
		return buf[:n]
	}
	head := func(id uint64, action tracker.Action) []byte {
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, id), uint32(action)), 7)
	}
	const magic = 0x41727101980
	id := binary.BigEndian.Uint64(exchange(head(magic, tracker.ActionConnect))[8:])
	packet := append(head(id, tracker.ActionAnnounce), h[:]...)
	packet = append(packet, "-TT0001-111111111111"...)
	packet = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(packet, 0), 1) // downloaded, left
	packet = append(packet, make([]byte, 8+4+4+4+4)...)                                 // uploaded, event, address, key, numwant
	packet = binary.BigEndian.AppendUint16(packet, 6998)
	path := "/announce" + token
	packet = append(append(packet, 2, byte(len(path))), path...)
	answer := exchange(packet)
	if len(answer) < 8 {
		w.t.Fatalf("UDP announce answered %x", answer)
	}
	return tracker.Action(binary.BigEndian.Uint32(answer)) == tracker.ActionAnnounce
}

// shakeHands reports whether the seeder answers a handshake. The token is of no use there: a guest is known by the
// address that it announced from.
func (w *place) shakeHands(h torrent.InfoHash, _ string) bool {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.at.Peer)
	w.must(err)
	defer conn.Close()
	w.must(conn.SetDeadline(time.Now().Add(patience)))
	if _, err := conn.Write(peer.AppendHandshake(nil, peer.Handshake{InfoHash: h, PeerID: peer.PeerID([]byte("-TT0001-000000000000"))})); err != nil {
		return false
	}
	n, err := io.ReadFull(conn, make([]byte, peer.HandshakeLen))
	if err != nil && n > 0 {
		w.t.Fatalf("the seeder hung up after %d bytes of a handshake: %v", n, err)
	}
	return err == nil
}
