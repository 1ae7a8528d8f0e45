package tracker

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"shoal/wire/torrent"
)

// Bounds of the messages of WebTorrent's tracker protocol, which no BEP describes: JSON over a WebSocket, with bytes as
// strings of one code point below 256 each.
const (
	// MaxWebMessage: ten offers of what a browser with several networks makes, 4 KB each, fit well.
	MaxWebMessage = 64 << 10
	// MaxWebOffers is what libtorrent sends at once; browsers send five.
	MaxWebOffers = 10
	// MaxSDP is the longest session description that is passed on, in bytes.
	MaxSDP = 16 << 10
	// maxOfferID: 20 bytes are what clients use, and libtorrent insists on.
	maxOfferID = 64
)

// The faults of a WebTorrent message. Their texts are fit to be sent as failure reason.
var (
	ErrWebMessage = errors.New("malformed message")
	ErrWebOffer   = errors.New("malformed offer or answer")
)

// WebSession is a WebRTC session description.
type WebSession struct {
	Type string `json:"type"` // "offer" or "answer"
	SDP  string `json:"sdp"`
}

// WebOffer is an offer with the id by which its answer is known.
type WebOffer struct {
	ID      string     `json:"offer_id"`
	Session WebSession `json:"offer"`
}

// WebRequest is a message of a WebTorrent peer. Nothing in it is verified.
type WebRequest struct {
	Scrape bool
	Hashes []torrent.InfoHash // of a scrape, MaxScrape at most; one for an announce

	// The rest is an announce's.
	PeerID  PeerID
	Event   Event
	Left    int64 // bytes, or LeftUnknown
	NumWant int32 // or NumWantDefault
	Offers  []WebOffer

	// Answer is set when the message is an answer to the offer OfferID of peer To, and no news of the peer itself.
	Answer  *WebSession
	To      PeerID
	OfferID string
}

// webMessage is a WebRequest as it is written.
type webMessage struct {
	Action   string          `json:"action"`
	InfoHash json.RawMessage `json:"info_hash"` // of a scrape: one, a list, or none
	PeerID   string          `json:"peer_id"`
	Event    string          `json:"event"`
	Left     *float64        `json:"left"`
	NumWant  *float64        `json:"numwant"`
	Offers   []WebOffer      `json:"offers"`
	Answer   *WebSession     `json:"answer"`
	ToPeerID string          `json:"to_peer_id"`
	OfferID  string          `json:"offer_id"`
}

// ParseWebRequest reads a message of at most MaxWebMessage bytes. Offers after the first MaxWebOffers and hashes after the
// first MaxScrape are ignored. A left or a numwant that makes no sense counts as missing, an unknown event as none.
// Errors wrap ErrWebMessage, ErrWebOffer, ErrInfoHash or ErrPeerID; the request then has what hash could be read.
func ParseWebRequest(b []byte) (r WebRequest, err error) {
	if len(b) > MaxWebMessage {
		return r, fmt.Errorf("%w: too long", ErrWebMessage)
	}
	var m webMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return r, ErrWebMessage // the cause would quote the message
	}
	if r.Hashes, err = parseWebHashes(m.InfoHash); err != nil {
		return r, err
	}
	switch m.Action {
	case "scrape":
		r.Scrape = true
		return r, nil
	case "announce":
		return r, r.setAnnounce(&m)
	}
	return r, fmt.Errorf("%w: unknown action", ErrWebMessage)
}

func (r *WebRequest) setAnnounce(m *webMessage) error {
	if len(r.Hashes) != 1 {
		return ErrInfoHash
	}
	if !parseBinary20((*[20]byte)(&r.PeerID), m.PeerID) {
		return ErrPeerID
	}
	r.Event, r.Left, r.NumWant = parseEvent(m.Event), LeftUnknown, NumWantDefault
	if m.Left != nil && *m.Left >= 0 {
		r.Left = int64(min(*m.Left, 1<<62))
	}
	if m.NumWant != nil && *m.NumWant >= 0 {
		r.NumWant = int32(min(*m.NumWant, math.MaxInt32))
	}
	if m.Answer != nil {
		r.Answer, r.OfferID = m.Answer, m.OfferID
		if !parseBinary20((*[20]byte)(&r.To), m.ToPeerID) || !validOffer(m.OfferID, m.Answer, "answer") {
			return ErrWebOffer
		}
	}
	r.Offers = m.Offers[:min(len(m.Offers), MaxWebOffers)]
	for i := range r.Offers {
		if !validOffer(r.Offers[i].ID, &r.Offers[i].Session, "offer") {
			return ErrWebOffer
		}
	}
	return nil
}

func validOffer(id string, s *WebSession, kind string) bool {
	return id != "" && len(id) <= maxOfferID && s.Type == kind && len(s.SDP) <= MaxSDP
}

// parseWebHashes reads one infohash, a list of them, or none.
func parseWebHashes(b json.RawMessage) ([]torrent.InfoHash, error) {
	if len(b) == 0 || string(b) == "null" {
		return nil, nil
	}
	list := make([]string, 1)
	var err error
	if b[0] == '[' {
		err = json.Unmarshal(b, &list)
	} else {
		err = json.Unmarshal(b, &list[0])
	}
	if err != nil {
		return nil, ErrInfoHash
	}
	hashes := make([]torrent.InfoHash, min(len(list), MaxScrape))
	for i := range hashes {
		if !parseBinary20((*[20]byte)(&hashes[i]), list[i]) {
			return nil, ErrInfoHash
		}
	}
	return hashes, nil
}

// parseBinary20 reads a string of 20 code points below 256.
func parseBinary20(dst *[20]byte, s string) bool {
	if utf8.RuneCountInString(s) != len(dst) {
		return false
	}
	n := 0
	for _, r := range s {
		if r > 0xff {
			return false
		}
		dst[n] = byte(r)
		n++
	}
	return true
}

// binaryString is what parseBinary20 reads.
func binaryString(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// webAnswer is every message to a peer.
type webAnswer struct {
	Action     string             `json:"action,omitempty"`
	InfoHash   string             `json:"info_hash,omitempty"`
	Interval   *int64             `json:"interval,omitempty"` // seconds
	Complete   *int64             `json:"complete,omitempty"`
	Incomplete *int64             `json:"incomplete,omitempty"`
	PeerID     string             `json:"peer_id,omitempty"`
	OfferID    string             `json:"offer_id,omitempty"`
	Offer      *WebSession        `json:"offer,omitempty"`
	Answer     *WebSession        `json:"answer,omitempty"`
	Files      map[string]webFile `json:"files,omitempty"`
	Failure    string             `json:"failure reason,omitempty"`
}

type webFile struct {
	Complete   int64 `json:"complete"`
	Incomplete int64 `json:"incomplete"`
	Downloaded int64 `json:"downloaded"`
}

const webAnnounce = "announce"

// WebAnswer returns the answer to an announce with that many peers in the swarm.
func WebAnswer(h torrent.InfoHash, interval time.Duration, complete, incomplete int64) []byte {
	s := seconds(interval)
	return marshalWeb(&webAnswer{
		Action: webAnnounce, InfoHash: binaryString(h[:]), Interval: &s, Complete: &complete, Incomplete: &incomplete,
	})
}

// WebOfferTo returns the message that passes on an offer of peer from.
func WebOfferTo(h torrent.InfoHash, from PeerID, o *WebOffer) []byte {
	return marshalWeb(&webAnswer{
		Action: webAnnounce, InfoHash: binaryString(h[:]), PeerID: binaryString(from[:]), OfferID: o.ID, Offer: &o.Session,
	})
}

// WebAnswerTo returns the message that passes on an answer of peer from to an offer.
func WebAnswerTo(h torrent.InfoHash, from PeerID, offerID string, answer *WebSession) []byte {
	return marshalWeb(&webAnswer{
		Action: webAnnounce, InfoHash: binaryString(h[:]), PeerID: binaryString(from[:]), OfferID: offerID, Answer: answer,
	})
}

// WebScrape returns the answer to a scrape.
func WebScrape(files []Scrape) []byte {
	a := webAnswer{Action: "scrape", Files: make(map[string]webFile, len(files))}
	for _, f := range files {
		a.Files[binaryString(f.InfoHash[:])] = webFile{Complete: f.Complete, Incomplete: f.Incomplete, Downloaded: f.Downloaded}
	}
	if len(files) == 0 { // left out otherwise
		return []byte(`{"action":"scrape","files":{}}`)
	}
	return marshalWeb(&a)
}

// WebFailure returns a refusal of a scrape, of an announce of h, or of what is neither when h is nil.
func WebFailure(h *torrent.InfoHash, scrape bool, reason string) []byte {
	a := webAnswer{Action: webAnnounce, Failure: reason}
	if scrape {
		a.Action = "scrape"
	}
	if h != nil {
		a.InfoHash = binaryString(h[:])
	}
	return marshalWeb(&a)
}

func marshalWeb(a *webAnswer) []byte {
	b, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return b
}
