package tracker

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"shoal/wire/bencode"
	"shoal/wire/torrent"
)

// MediaType is the Content-Type of HTTP answers: trackers have always sent them as plain text.
const MediaType = "text/plain"

// Sizes of a peer in the compact forms of BEP 23 and BEP 7.
const (
	compactSize4 = 4 + 2
	compactSize6 = 16 + 2
)

// Peer is a peer as handed out.
type Peer struct {
	Addr netip.AddrPort // valid; IPv4 in IPv6 counts as IPv4
	ID   PeerID         // only for the dictionary form; left out if zero
}

// Unknown marks a count that is left out of an answer.
const Unknown = -1

// Answer is the answer to an announce.
type Answer struct {
	Interval    time.Duration // until the next announce; whole seconds are sent
	MinInterval time.Duration // left out if 0
	Complete    int64         // seeders
	Incomplete  int64         // leechers
	Downloaded  int64         // completed downloads, or Unknown
	ExternalIP  netip.Addr    // BEP 24: the requester's address; left out if not valid
	Warning     string        // left out if empty
	Peers       []Peer
}

// Form is how an HTTP answer lists peers.
type Form uint8

// The forms. A client that announces compact=0 wants a dictionary form (BEP 23).
const (
	Compact    Form = iota // BEP 23 and 7: packed "peers" and "peers6"
	Dict                   // BEP 3: list of dictionaries
	DictWithID             // the same with "peer id"
)

// Form returns the form that the announce asks for.
func (a *Announce) Form() Form {
	switch {
	case a.Compact:
		return Compact
	case a.NoPeerID:
		return Dict
	}
	return DictWithID
}

// AppendAnswer appends the body of the HTTP answer to an announce.
func AppendAnswer(dst []byte, a *Answer, form Form) []byte {
	d := bencode.NewDict(dst)
	d.Int("complete", a.Complete)
	if a.Downloaded >= 0 {
		d.Int("downloaded", a.Downloaded)
	}
	if a.ExternalIP.IsValid() {
		d.Bytes("external ip", a.ExternalIP.Unmap().AsSlice())
	}
	d.Int("incomplete", a.Incomplete)
	d.Int("interval", seconds(a.Interval))
	if a.MinInterval > 0 {
		d.Int("min interval", seconds(a.MinInterval))
	}
	if form == Compact {
		appendCompact(&d, a.Peers)
	} else {
		d.Value("peers", func(dst []byte) []byte { return appendPeerDicts(dst, a.Peers, form) })
	}
	if a.Warning != "" {
		d.String("warning message", a.Warning)
	}
	return d.End()
}

// appendCompact writes "peers" always, because old clients need it, and "peers6" if there are any.
func appendCompact(d *bencode.Builder, peers []Peer) {
	n6 := 0
	for i := range peers {
		if !is4(peers[i].Addr) {
			n6++
		}
	}
	d.Value("peers", func(dst []byte) []byte { return appendPacked(dst, peers, true, (len(peers)-n6)*compactSize4) })
	if n6 > 0 {
		d.Value("peers6", func(dst []byte) []byte { return appendPacked(dst, peers, false, n6*compactSize6) })
	}
}

// appendPacked appends the peers of one family as a byte string, which will have n bytes.
func appendPacked(dst []byte, peers []Peer, v4 bool, n int) []byte {
	dst = append(strconv.AppendInt(dst, int64(n), 10), ':')
	return appendFamily(dst, peers, v4, len(peers))
}

func appendPeerDicts(dst []byte, peers []Peer, form Form) []byte {
	dst = append(dst, 'l')
	for i := range peers {
		p := bencode.NewDict(dst)
		p.String("ip", peers[i].Addr.Addr().Unmap().WithZone("").String())
		if form == DictWithID && peers[i].ID != (PeerID{}) {
			p.Bytes("peer id", peers[i].ID[:])
		}
		p.Int("port", int64(peers[i].Addr.Port()))
		dst = p.End()
	}
	return append(dst, 'e')
}

// appendFamily appends the compact form of up to limit peers of one address family.
func appendFamily(dst []byte, peers []Peer, v4 bool, limit int) []byte {
	for i := 0; i < len(peers) && limit > 0; i++ {
		if is4(peers[i].Addr) != v4 {
			continue
		}
		if v4 {
			ip := peers[i].Addr.Addr().Unmap().As4()
			dst = append(dst, ip[:]...)
		} else {
			ip := peers[i].Addr.Addr().As16()
			dst = append(dst, ip[:]...)
		}
		dst = binary.BigEndian.AppendUint16(dst, peers[i].Addr.Port())
		limit--
	}
	return dst
}

func is4(a netip.AddrPort) bool { return a.Addr().Is4() || a.Addr().Is4In6() }

// seconds rounds up, so that nobody is told to come sooner than meant.
func seconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}

// RetryNever as the delay of a failure tells the client not to ask again (BEP 31).
const RetryNever time.Duration = -1

// AppendFailure appends the body of a refusal, which goes out with status 200: clients show the
// reason of no other. retry is left out if 0, and else sent in whole minutes or as "never" (BEP 31).
func AppendFailure(dst []byte, reason string, retry time.Duration) []byte {
	d := bencode.NewDict(dst)
	d.String("failure reason", reason)
	switch {
	case retry < 0:
		d.String("retry in", "never")
	case retry > 0:
		d.Int("retry in", int64((retry+time.Minute-1)/time.Minute))
	}
	return d.End()
}

// Scrape is the state of one swarm.
type Scrape struct {
	InfoHash   torrent.InfoHash
	Complete   int64 // seeders
	Downloaded int64 // completed downloads
	Incomplete int64 // leechers
}

// AppendScrape appends the body of the HTTP answer to a scrape (BEP 48). It sorts files and leaves
// out repeated infohashes. minInterval, if not 0, is sent as min_request_interval.
func AppendScrape(dst []byte, files []Scrape, minInterval time.Duration) []byte {
	slices.SortStableFunc(files, func(a, b Scrape) int { return bytes.Compare(a.InfoHash[:], b.InfoHash[:]) })
	d := bencode.NewDict(dst)
	d.Value("files", func(dst []byte) []byte {
		list := bencode.NewDict(dst)
		for i, f := range files {
			if i > 0 && f.InfoHash == files[i-1].InfoHash {
				continue
			}
			list.Value(string(f.InfoHash[:]), func(dst []byte) []byte {
				e := bencode.NewDict(dst)
				e.Int("complete", f.Complete)
				e.Int("downloaded", f.Downloaded)
				e.Int("incomplete", f.Incomplete)
				return e.End()
			})
		}
		return list.End()
	})
	if minInterval > 0 {
		d.Value("flags", func(dst []byte) []byte {
			flags := bencode.NewDict(dst)
			flags.Int("min_request_interval", seconds(minInterval))
			return flags.End()
		})
	}
	return d.End()
}
