package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	maxAnswerHTTP = 16 << 10 // bytes of an answer with its head: 200 peers take 4 KB
	answerTimeout = 10 * time.Second
)

type announceHTTPCommand struct {
	load
	Addr    string        `required:"" help:"HOST:PORT of the tracker, on 127.0.0.0/8."`
	Hashes  string        `required:"" type:"existingfile" help:"File of infohashes in hexadecimal, one a line."`
	Peers   int           `default:"20000" help:"Peers; spread over the connections and the infohashes."`
	Conns   int           `default:"64" help:"Connections, each from an address of its own in 127.0.0.0/8."`
	For     time.Duration `default:"5s" help:"Length of a run."`
	NumWant int           `default:"50" help:"Peers that each announce asks for."`
	Close   bool          `help:"A connection for each announce, as most clients do."`
	Header  []string      `help:"A header line more. Shoal leaves requests with 'Trailer: none' to net/http." sep:"none"`
}

// announcer is one connection that announces peers of its own, one after the other.
type announcer struct {
	c        *announceHTTPCommand
	dialer   net.Dialer
	conn     net.Conn // nil: to be made
	targets  [][]byte // of its peers: request lines up to the event
	rest     []byte   // what follows in each
	request  []byte
	answer   []byte
	ops, got int64 // answers, and bytes of their content
}

// Run announces each peer once, and then random ones as fast as answers come; it prints the rate.
func (c *announceHTTPCommand) Run(ctx context.Context) error {
	list, err := c.open()
	if err != nil {
		return err
	}
	each := func(f func(*announcer) error) (bytes, ops int64, err error) {
		var g errgroup.Group
		for _, a := range list {
			g.Go(func() error { a.ops, a.got = 0, 0; return f(a) })
		}
		err = g.Wait()
		for _, a := range list {
			bytes, ops = bytes+a.got, ops+a.ops
		}
		return bytes, ops, err
	}
	if _, _, err := each(func(a *announcer) error { return a.all(ctx) }); err != nil {
		return fmt.Errorf("first announces: %w", err)
	}
	title := fmt.Sprintf("http announce, %d conns", c.Conns)
	if c.Close {
		title += ", close"
	}
	return c.measure(title, announceRate(), func(int) (int64, int64, error) {
		end := time.Now().Add(c.For)
		return each(func(a *announcer) error { return a.until(ctx, end) })
	})
}

func (c *announceHTTPCommand) open() ([]*announcer, error) {
	hashes, err := readHashes(c.Hashes)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddrPort(c.Addr); err != nil {
		return nil, err
	}
	if c.Conns < 1 || c.Peers < c.Conns {
		return nil, errors.New("--conns must be 1 to --peers")
	}
	rest := " HTTP/1.1\r\nHost: " + c.Addr + "\r\nUser-Agent: libtorrent/2.0.8.0\r\nAccept-Encoding: gzip\r\n"
	if c.Close {
		rest += "Connection: close\r\n"
	}
	for _, line := range c.Header {
		rest += line + "\r\n"
	}
	list := make([]*announcer, c.Conns)
	for i := range list {
		from := netip.AddrPortFrom(netip.AddrFrom4(addressOf(i)), 0)
		list[i] = &announcer{
			c: c, dialer: net.Dialer{Timeout: answerTimeout, LocalAddr: net.TCPAddrFromAddrPort(from)},
			rest: []byte(rest + "\r\n"), answer: make([]byte, maxAnswerHTTP),
		}
	}
	for peer := range c.Peers {
		a, n := list[peer%c.Conns], peer/c.Conns // its n-th peer
		hash := hashes[peer%len(hashes)]
		a.targets = append(a.targets, fmt.Appendf(nil,
			"GET /announce?info_hash=%s&peer_id=-LT2080-bench%07d&port=%d&uploaded=0&downloaded=0&left=%d&corrupt=0&key=%08X&numwant=%d&compact=1&no_peer_id=1&supportcrypto=1&redundant=0",
			strings.ReplaceAll(url.QueryEscape(string(hash[:])), "+", "%20"), peer, 6881+n, n%4, peer, c.NumWant)) // a quarter of them are seeds
	}
	return list, nil
}

// all announces each peer once.
func (a *announcer) all(ctx context.Context) error {
	for peer := range a.targets {
		if err := a.announce(ctx, peer); err != nil {
			return err
		}
	}
	return nil
}

// until announces random peers until then.
func (a *announcer) until(ctx context.Context, end time.Time) error {
	for time.Now().Before(end) {
		if err := a.announce(ctx, rand.IntN(len(a.targets))); err != nil {
			return err
		}
	}
	return nil
}

func (a *announcer) announce(ctx context.Context, peer int) error {
	if a.conn == nil {
		conn, err := a.dialer.DialContext(ctx, "tcp4", a.c.Addr)
		if err != nil {
			return err
		}
		a.conn = conn
	}
	if err := a.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	a.request = append(a.request[:0], a.targets[peer]...)
	if rand.IntN(startedEvery) == 0 {
		a.request = append(a.request, "&event=started"...)
	}
	a.request = append(a.request, a.rest...)
	if _, err := a.conn.Write(a.request); err != nil {
		return err
	}
	length, last, err := a.receive()
	if err != nil {
		return err
	}
	a.ops, a.got = a.ops+1, a.got+int64(length)
	if last || a.c.Close {
		conn := a.conn
		a.conn = nil
		return conn.Close()
	}
	return nil
}

// receive reads an answer and returns the length of its content, and whether the connection ends with it.
func (a *announcer) receive() (length int, last bool, err error) {
	n, head, whole := 0, 0, len(a.answer)
	for n < whole {
		m, err := a.conn.Read(a.answer[n:])
		n += m
		if err != nil && (n == 0 || !errors.Is(err, io.EOF)) {
			return 0, false, err
		}
		if i := bytes.Index(a.answer[:n], []byte("\r\n\r\n")); head == 0 && i >= 0 {
			head = i + 4
			if length, last, err = readHead(a.answer[:head]); err != nil {
				return 0, false, err
			}
			whole = head + length
		} else if m == 0 {
			return 0, false, io.ErrUnexpectedEOF
		}
	}
	content := a.answer[head:n]
	if n != whole || !bytes.HasPrefix(content, []byte("d8:complete")) {
		return 0, false, fmt.Errorf("%q is no answer", a.answer[:n])
	}
	return length, last, nil
}

// readHead reads the head of an answer.
func readHead(head []byte) (length int, last bool, err error) {
	_, value, _ := bytes.Cut(head, []byte("Content-Length: "))
	value, _, _ = bytes.Cut(value, []byte("\r\n"))
	if length, err = strconv.Atoi(string(value)); err != nil {
		return 0, false, fmt.Errorf("%q: content length: %w", head, err)
	}
	keeps := bytes.Contains(head, []byte("Connection: keep-alive")) || bytes.HasPrefix(head, []byte("HTTP/1.1"))
	return length, !keeps || bytes.Contains(head, []byte("Connection: close")), nil
}
