package e2e

import (
	"encoding/binary"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"shoal/wire/bencode"
	"shoal/wire/torrent"
)

const (
	udpSilence = 500 * time.Millisecond // after which an answer on loopback is not coming
	testPeerID = "-TT0001-111111111111"
)

// announceHTTP announces as a leecher and returns the failure reason, or "" and how many peers were named.
func announceHTTP(t testing.TB, tracker string, hash torrent.InfoHash) (failure string, peers int) {
	t.Helper()
	q := url.Values{
		"info_hash": {string(hash[:])}, "peer_id": {testPeerID}, "port": {"6999"},
		"uploaded": {"0"}, "downloaded": {"0"}, "left": {"1"}, "compact": {"1"}, "event": {"started"},
	}
	a := anonymous(t, "GET", "http://"+tracker+"/announce?"+q.Encode())
	if a.status != 200 {
		t.Fatalf("announce: status %d, want 200 whatever it says", a.status)
	}
	v, err := bencode.Parse(a.body, bencode.Options{})
	if err != nil {
		t.Fatalf("announce answered %q: %v", a.body, err)
	}
	if reason, ok := v.Get("failure reason").Bytes(); ok {
		return string(reason), 0
	}
	compact, ok := v.Get("peers").Bytes()
	if !ok {
		t.Fatalf("announce answered %q: no compact peers", a.body)
	}
	return "", len(compact) / 6
}

// The actions of BEP 15.
const (
	udpConnect  = 0
	udpAnnounce = 1
	udpError    = 3
)

// announceUDP announces as a leecher (BEP 15) and returns the action of the answer, or -1 for silence.
func announceUDP(t testing.TB, tracker string, hash torrent.InfoHash) (action, peers int) {
	t.Helper()
	conn, err := net.Dial("udp", tracker)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	connect := binary.BigEndian.AppendUint64(nil, 0x41727101980)
	connect = binary.BigEndian.AppendUint32(connect, udpConnect)
	connect = binary.BigEndian.AppendUint32(connect, 77)
	answer := exchangeUDP(t, conn, connect)
	if len(answer) != 16 {
		t.Fatalf("connect answered %x, want 16 bytes", answer)
	}
	req := append([]byte{}, answer[8:16]...)
	req = binary.BigEndian.AppendUint32(req, udpAnnounce)
	req = binary.BigEndian.AppendUint32(req, 78)
	req = append(req, hash[:]...)
	req = append(req, testPeerID...)
	req = binary.BigEndian.AppendUint64(req, 0) // downloaded
	req = binary.BigEndian.AppendUint64(req, 1) // left
	req = binary.BigEndian.AppendUint64(req, 0) // uploaded
	req = binary.BigEndian.AppendUint32(req, 2) // event: started
	req = append(req, strings.Repeat("\x00", 8)...)
	req = binary.BigEndian.AppendUint32(req, 0xffffffff) // num_want: default
	req = binary.BigEndian.AppendUint16(req, 6998)
	answer = exchangeUDP(t, conn, req)
	switch {
	case len(answer) == 0:
		return -1, 0
	case len(answer) < 8:
		t.Fatalf("announce answered %x", answer)
	}
	action = int(binary.BigEndian.Uint32(answer))
	return action, max(0, len(answer)-20) / 6
}

// exchangeUDP returns nil when no answer comes.
func exchangeUDP(t testing.TB, conn net.Conn, request []byte) []byte {
	t.Helper()
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(udpSilence)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, err := conn.Read(buf)
	if err != nil {
		return nil
	}
	return buf[:n]
}
