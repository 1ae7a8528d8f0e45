package e2e

import (
	"bufio"
	"encoding/hex"
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	wireSize   = 16 << 20 // bytes
	wireMbit   = 100      // of every link
	wireWithin = 2 * time.Minute
)

// TestUsageIsWhatTheWireCarried is a flash crowd of four kinds of clients, while tshark captures what leaves by the origin's
// link. The usage report says the payload bytes of its piece messages and
// the pairs of connection and piece among them.
func TestUsageIsWhatTheWireCarried(t *testing.T) {
	findClient(t, "tshark", "tshark")
	findPython(t, "libtorrent", "python3-libtorrent")
	newNetwork(t) // skips before anything is put
	// What is encrypted or goes over uTP, tshark does not read.
	o := publishForSwarms(t, wireSize, "--no-utp", "--peer-encryption", "off")
	n := newNetwork(t)
	origin := n.host(wireMbit)
	s := o.serveIn(t, origin)
	file := o.torrent(t, "")
	kinds := []string{"libtorrent", "transmission", "aria2", "rtorrent", "libtorrent", "aria2"}
	crowd, dirs := make([]*swarmPeer, len(kinds)), make([]string, len(kinds))
	for i, kind := range kinds {
		dirs[i] = t.TempDir()
		crowd[i] = swarmPeers()[kind](t, n.host(wireMbit), file, dirs[i], leech)
	}
	wire := startCapture(t, origin, port(t, s.peer))
	awaitCrowd(t, crowd, wireWithin)
	for i, dir := range dirs {
		if got := hashFile(t, filepath.Join(dir, o.p.name())); got != o.p.sha256 {
			t.Errorf("SHA-256 of what %s has = %s, want %s", kinds[i], got, o.p.sha256)
		}
	}
	// The torrent is fetched in another way than by piece: what is metered of it are the pieces alone.
	time.Sleep(meteredWithin) // blocks on their way, and the flush of the meter
	payload, requests := wire.pieces()
	gotBytes, gotRequests := s.usage().got(o.p.bucket)
	t.Logf("on the wire: %d bytes in pieces (%.3f copies), %d pairs of connection and piece; metered: %d, %d",
		payload, float64(payload)/wireSize, requests, gotBytes, gotRequests)
	if payload < wireSize {
		t.Errorf("the capture has %d bytes, less than one copy", payload)
	}
	if gotBytes != payload || gotRequests != requests {
		t.Errorf("usage = %d bytes, %d requests; the wire carried %d bytes, %d pairs of connection and piece", gotBytes, gotRequests, payload, requests)
	}
}

// capture is tshark in a namespace, and what it wrote.
type capture struct {
	t    *testing.T
	proc *process
	file string
	port string
}

// startCapture captures what the host's program sends from a TCP port.
func startCapture(t *testing.T, h *host, from uint16) *capture {
	t.Helper()
	c := &capture{t: t, file: filepath.Join(t.TempDir(), "wire.pcapng"), port: strconv.Itoa(int(from))}
	c.proc = startProcess(t, "tshark", inside(t, h, "tshark", "-q", "-i", "eth0", "-B", "64", "-f", "tcp src port "+c.port, "-w", c.file))
	eventually(t, readyWithin, "tshark captures", func() bool { return strings.Contains(c.proc.stderr.String(), "Capture started") })
	return c
}

// pieces ends the capture and returns the payload bytes of piece messages in it, and how many pairs of connection and
// piece they are.
func (c *capture) pieces() (payload, pairs int64) {
	c.t.Helper()
	c.proc.signal(syscall.SIGINT)
	if code := c.proc.exitCode(readyWithin); code != 0 {
		c.t.Fatalf("tshark: exit code %d\n%s", code, c.proc.stderr)
	}
	read := exec.Command("tshark", "-r", c.file, "-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.stream", "-e", "tcp.seq", "-e", "tcp.payload")
	out, err := read.StdoutPipe()
	if err == nil {
		err = read.Start()
	}
	if err != nil {
		c.t.Fatalf("tshark -r: %v", err)
	}
	streams := map[string]*tcpStream{}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		data, err := hex.DecodeString(f[2])
		if err != nil {
			c.t.Fatalf("tshark: payload of %q: %v", f[:2], err)
		}
		if streams[f[0]] == nil {
			streams[f[0]] = &tcpStream{next: 1, early: map[int64][]byte{}, frames: frameCounter{pieces: map[uint32]bool{}}}
		}
		streams[f[0]].take(int64(number(c.t, f[1])), data)
	}
	if err := errors.Join(lines.Err(), read.Wait()); err != nil {
		c.t.Fatalf("tshark -r: %v", err)
	}
	for name, s := range streams {
		if len(s.early) > 0 {
			c.t.Errorf("the capture lacks what stream %s sent at %d", name, s.next)
		}
		payload += s.frames.payload
		pairs += int64(len(s.frames.pieces))
	}
	return payload, pairs
}

// tcpStream is one direction of a connection, put in order.
type tcpStream struct {
	next   int64            // sequence number
	early  map[int64][]byte // segments beyond next
	frames frameCounter
}

// take takes a segment; what came before, as the start of a retransmission does, counts once.
func (s *tcpStream) take(at int64, data []byte) {
	for data != nil {
		if at > s.next {
			if len(data) > len(s.early[at]) {
				s.early[at] = data
			}
			return
		}
		if end := at + int64(len(data)); end > s.next {
			_, _ = s.frames.Write(data[s.next-at:])
			s.next = end
		}
		data = nil
		for from, d := range s.early {
			if from <= s.next {
				delete(s.early, from)
				at, data = from, d
				break
			}
		}
	}
}
