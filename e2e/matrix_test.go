package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"shoal/wire/torrent"
)

const matrixSize = 3_000_000 // bytes: a dozen pieces, the last one short

// way is how a client is given an object.
type way string

const (
	v1File       way = "v1 torrent"
	hybridFile   way = "hybrid torrent"
	v2File       way = "v2 torrent"
	v1Magnet     way = "v1 magnet"
	hybridMagnet way = "hybrid magnet"
	v2Magnet     way = "v2 magnet"
	halfMagnet   way = "hybrid magnet without its v2 infohash"

	encrypted way = "encrypted " // before another way: the client demands RC4
)

var ways = []way{
	v1File, hybridFile, v2File, v1Magnet, hybridMagnet, v2Magnet, halfMagnet,
	encrypted + v1File, encrypted + hybridFile, encrypted + v2File, encrypted + v1Magnet,
}

// is reports whether the way is of that kind.
func (w way) is(kind string) bool { return strings.Contains(string(w), kind) }

// query is what follows the object's URL.
func (w way) query() string {
	switch {
	case w.is("hybrid"):
		return hybridTorrent
	case w.is("v2"):
		return pureTorrent
	}
	return plainTorrent
}

// inability is why a client cannot fetch an object in a way.
type inability struct {
	reason  string
	refuses bool // it ends with an error at once; otherwise it waits for ever, which is not tried
}

// matrixClient is a program with what it cannot do.
type matrixClient struct {
	btClient
	cannot map[way]inability // in the clear; encrypted is for everything encrypted
}

// inability returns why c cannot fetch an object in a way, if so.
func (c matrixClient) inability(w way) (why inability, cannot bool) {
	if plain, ok := strings.CutPrefix(string(w), string(encrypted)); ok {
		if why, cannot = c.cannot[encrypted]; cannot {
			return why, true
		}
		w = way(plain)
	}
	why, cannot = c.cannot[w]
	return why, cannot
}

func matrixClients() []matrixClient {
	return []matrixClient{
		{btClient{name: "aria2c", start: aria2}, map[way]inability{
			hybridFile:   {"it hashes an info dictionary of its own making, so it asks for another torrent", false},
			hybridMagnet: {"it takes the v2 infohash for one of its own kind", false},
			halfMagnet:   {"it hashes an info dictionary of its own making, which is another", false},
			v2File:       {"it knows v1 alone", true},
			v2Magnet:     {"it knows v1 alone", true},
		}},
		{btClient{name: "libtorrent", start: libtorrent}, nil},
		{btClient{name: "transmission-cli", start: transmission, refusesLoopback: true}, map[way]inability{
			hybridFile:   {"3.00 takes no file with a file tree", true},
			hybridMagnet: {"3.00 takes no info dictionary with a file tree", false},
			halfMagnet:   {"3.00 takes no info dictionary with a file tree", false},
			v2File:       {"3.00 knows v1 alone", true},
			v2Magnet:     {"3.00 knows v1 alone", true},
		}},
		{btClient{name: "rtorrent", start: rtorrent}, map[way]inability{
			hybridMagnet: {"it takes the v2 infohash for one of its own kind", false},
			v2File:       {"it knows v1 alone", false},
			v2Magnet:     {"it knows v1 alone", false},
		}},
		{btClient{name: "qbittorrent-nox", start: qbittorrent}, nil},
		{btClient{name: "webtorrent", start: webtorrent}, map[way]inability{
			v2File:    {"it knows v1 alone", true},
			v2Magnet:  {"it knows v1 alone", true},
			encrypted: {"its command line cannot ask for it", false},
		}},
	}
}

// TestClientMatrix has every client fetch a small object in every way that it knows.
func TestClientMatrix(t *testing.T) {
	s := start(t, options{host: "any"})
	s.makeBucket("matrix", true)
	t.Run("clients", func(t *testing.T) { // ends when the parallel ones have
		for i, c := range matrixClients() {
			for j, w := range ways {
				t.Run(c.name+"/"+string(w), func(t *testing.T) {
					t.Parallel()
					checkWay(t, s.in(t), c, w, fmt.Sprintf("127.0.%d.%d", 1+i, 1+j))
				})
			}
		}
	})
}

// checkWay has a client fetch the object, or refuse to.
func checkWay(t *testing.T, s *server, c matrixClient, w way, bind string) {
	why, cannot := c.inability(w)
	if cannot && !why.refuses {
		t.Skip(why.reason)
	}
	// A name of its own makes a swarm of its own: libtorrent knows one peer of an address, and many are at ours.
	p := published{bucket: "matrix", key: fmt.Sprintf("%s %s.bin", c.name, w), path: filepath.Join(t.TempDir(), "object"), size: matrixSize}
	p.sha256 = writeContent(t, p.path, 5, p.size)
	s.put(p.bucket, p.key, contentBytes(5, matrixSize))
	host := ""
	if c.refusesLoopback {
		host, bind = outsideAddress(t), ""
	}
	a := s.torrentAt(host, p.bucket, p.key, w.query())
	src := source{host: bind, link: a.header.Get("x-shoal-magnet")}
	if w.is(string(encrypted)) {
		src.encryption = payload
	}
	switch {
	case w == halfMagnet:
		src.link = withoutV2(t, src.link)
	case !w.is("magnet"):
		src.link = saveTorrent(t, a.body)
	}
	d := c.start(t, src)
	if !cannot {
		d.await(downloadIn)
		checkFile(t, d, p)
		return
	}
	if code := d.exitCode(downloadIn); code == 0 {
		t.Errorf("%s ended well, though it is noted that it cannot: %s", c.name, why.reason)
	}
}

// withoutV2 returns a magnet link of a hybrid torrent as who knows nothing of v2 passes it on.
func withoutV2(t *testing.T, link string) string {
	t.Helper()
	m, err := torrent.ParseMagnet(link)
	if err != nil {
		t.Fatal(err)
	}
	if m.InfoHashV2.IsZero() || m.InfoHash.IsZero() {
		t.Fatalf("%q is not of a hybrid torrent", link)
	}
	m.InfoHashV2 = torrent.InfoHashV2{}
	return m.String()
}
