package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"shoal/wire/torrent"
)

const (
	// answerWait is how long a packet may take before it counts as lost.
	answerWait = 200 * time.Millisecond
	// startedEvery: one announce of so many begins a download, the others are those that follow.
	startedEvery = 16
	maxPeersUDP  = 1 << 22 // addresses of 127.0.0.0/8 and to spare
)

type announceCommand struct {
	load
	Addr    string        `required:"" help:"HOST:PORT of the tracker, on 127.0.0.0/8."`
	Hashes  string        `required:"" type:"existingfile" help:"File of infohashes in hexadecimal, one a line."`
	Peers   int           `default:"20000" help:"Peers, each with an address of its own in 127.0.0.0/8; spread over the infohashes."`
	Window  int           `default:"256" help:"Packets under way."`
	For     time.Duration `default:"5s" help:"Length of a run."`
	NumWant int32         `default:"50" help:"Peers that each announce asks for."`
}

// crowd is what Run announces.
type crowd struct {
	c       *announceCommand
	hashes  []torrent.InfoHash
	ids     []uint64 // connection ids of the peers
	target  netip.AddrPort
	in, out *datagrams
	bytes   int64 // of all answers
}

// Run connects every peer, announces each once, and then random ones as fast as answers come; it prints the rate.
func (c *announceCommand) Run(ctx context.Context) error {
	d, err := c.open()
	if err != nil {
		return err
	}
	order := func(n int64) (int, bool) { return int(n), n < int64(c.Peers) }
	if _, err := d.exchange(ctx, order, (*crowd).connect); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if _, err := d.exchange(ctx, order, (*crowd).announce); err != nil {
		return fmt.Errorf("first announces: %w", err)
	}
	return c.measure(fmt.Sprintf("announce, %d torrents", len(d.hashes)), announceRate(), func(int) (int64, int64, error) {
		end, before := time.Now().Add(c.For), d.bytes
		n, err := d.exchange(ctx, func(n int64) (int, bool) {
			return rand.IntN(c.Peers), n%udpBatch != 0 || time.Now().Before(end)
		}, (*crowd).announce)
		return d.bytes - before, n, err
	})
}

// announceRate are the figures of announces.
func announceRate() []figure {
	return []figure{
		{"announces/s", perSecond},
		{"per-cpu-second", func(r run) float64 { return float64(r.ops) / r.cpu.Seconds() }},
		{"bytes/answer", func(r run) float64 { return float64(r.bytes) / float64(r.ops) }},
	}
}

func (c *announceCommand) open() (*crowd, error) {
	if c.Peers < 1 || c.Peers > maxPeersUDP {
		return nil, fmt.Errorf("--peers must be 1 to %d", maxPeersUDP)
	}
	d := &crowd{c: c, ids: make([]uint64, c.Peers)}
	var err error
	if d.target, err = netip.ParseAddrPort(c.Addr); err != nil {
		return nil, err
	}
	if d.hashes, err = readHashes(c.Hashes); err != nil {
		return nil, err
	}
	fd, err := listenIPv4(netip.AddrPortFrom(netip.IPv4Unspecified(), 0), answerWait)
	if err != nil {
		return nil, err
	}
	d.in, d.out = newDatagrams(fd), newDatagrams(fd)
	return d, nil
}

func readHashes(file string) ([]torrent.InfoHash, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []torrent.InfoHash
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var h torrent.InfoHash
		if n, err := hex.Decode(h[:], lines.Bytes()[:min(2*len(h), len(lines.Bytes()))]); err != nil || n != len(h) {
			return nil, fmt.Errorf("%s: %q is no infohash", file, lines.Text())
		}
		list = append(list, h)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s is empty", file)
	}
	return list, nil
}

// exchange sends the packets that request makes of the peers that next names, the window of them at a time, until it
// names no more, and returns how many were answered. Lost ones are replaced by others.
func (d *crowd) exchange(ctx context.Context, next func(n int64) (int, bool), request func(*crowd, []byte, int) int) (answered int64, err error) {
	sent, underWay, lost := int64(0), 0, 0
	for more := true; more || underWay > 0; {
		if ctx.Err() != nil {
			return answered, ctx.Err()
		}
		n := 0
		for ; more && underWay+n < d.c.Window && n < udpBatch; n++ {
			var peer int
			if peer, more = next(sent); !more {
				break
			}
			sent++
			d.out.list[n].sockaddr = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: d.target.Addr().As4()}
			d.out.list[n].sockaddr.Port = bits.ReverseBytes16(d.target.Port()) // in network order
			d.out.from(n, addressOf(peer))
			d.out.prepare(n, request(d, d.out.list[n].data[:], peer))
		}
		if err := d.out.send(n); err != nil {
			return answered, err
		}
		underWay += n
		if underWay < d.c.Window && more {
			continue
		}
		got, err := d.in.receive()
		if errors.Is(err, unix.EAGAIN) {
			if lost += underWay; lost > 10*d.c.Window && answered == 0 {
				return 0, errors.New("no answers")
			}
			underWay = 0
			continue
		}
		if err != nil {
			return answered, err
		}
		for i := range got {
			d.take(&d.in.list[i], int(d.in.headers[i].n))
		}
		answered += int64(got)
		underWay = max(0, underWay-got)
	}
	return answered, nil
}

// connect writes a connect request (BEP 15).
func (d *crowd) connect(b []byte, peer int) int {
	binary.BigEndian.PutUint64(b, 0x41727101980)
	binary.BigEndian.PutUint32(b[8:], 0)
	binary.BigEndian.PutUint32(b[12:], uint32(peer))
	return 16
}

// announce writes an announce request (BEP 15).
func (d *crowd) announce(b []byte, peer int) int {
	clear(b[:98])
	binary.BigEndian.PutUint64(b, d.ids[peer])
	binary.BigEndian.PutUint32(b[8:], 1)
	binary.BigEndian.PutUint32(b[12:], uint32(peer))
	copy(b[16:], d.hashes[peer%len(d.hashes)][:])
	copy(b[36:], "-XX0001-bench")
	binary.BigEndian.PutUint32(b[52:], uint32(peer))
	binary.BigEndian.PutUint64(b[64:], uint64(peer/len(d.hashes)%4)) // left: a quarter of each swarm are seeds
	if rand.IntN(startedEvery) == 0 {
		binary.BigEndian.PutUint32(b[80:], 2)
	}
	binary.BigEndian.PutUint32(b[92:], uint32(d.c.NumWant))
	binary.BigEndian.PutUint16(b[96:], 6881)
	return 98
}

// take counts an answer, and keeps the id that it has for its peer.
func (d *crowd) take(p *datagram, n int) {
	peer := int(binary.BigEndian.Uint32(p.data[4:]))
	if action := binary.BigEndian.Uint32(p.data[:]); action == 0 && n >= 16 && peer < len(d.ids) {
		d.ids[peer] = binary.BigEndian.Uint64(p.data[8:])
	}
	d.bytes += int64(n)
}

// addressOf returns the address of a peer: neighbours in number are so in no network.
func addressOf(peer int) [4]byte {
	return [4]byte{127, byte(1 + peer&0x3f), byte(peer >> 6), byte(1 + peer>>14&0x7f)}
}
