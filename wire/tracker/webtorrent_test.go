package tracker

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"shoal/wire/torrent"
)

var (
	webHash = torrent.InfoHash{0, 0x7f, 0x80, 0xff, '"', '\\', '<'}
	webID   = PeerID([]byte("-WW0001-abcdefghijk\xe9"))
)

// webText is a request with more members; its hash and peer id are those above.
func webText(more string) string {
	hash, _ := json.Marshal(binaryString(webHash[:]))
	id, _ := json.Marshal(binaryString(webID[:]))
	return `{"info_hash":` + string(hash) + `,"peer_id":` + string(id) + more + `}`
}

func TestParseWebRequest(t *testing.T) {
	hashes := []torrent.InfoHash{webHash}
	offers := []WebOffer{{ID: "1", Session: WebSession{"offer", "v=0"}}}
	tests := []struct {
		name, message string
		want          WebRequest
		err           error
	}{
		{
			"announce", webText(`,"action":"announce","left":5,"numwant":3,"event":"started","offers":[{"offer_id":"1","offer":{"type":"offer","sdp":"v=0"}}]`),
			WebRequest{Hashes: hashes, PeerID: webID, Left: 5, NumWant: 3, Event: Started, Offers: offers},
			nil,
		},
		{
			"left null, event of nobody", webText(`,"action":"announce","left":null,"event":"update","offers":null`),
			WebRequest{Hashes: hashes, PeerID: webID, Left: LeftUnknown, NumWant: NumWantDefault},
			nil,
		},
		{
			"numbers without sense", webText(`,"action":"announce","left":-1,"numwant":1e300`),
			WebRequest{Hashes: hashes, PeerID: webID, Left: LeftUnknown, NumWant: 1<<31 - 1},
			nil,
		},
		{
			"answer", webText(`,"action":"announce","to_peer_id":"-WW0001-abcdefghijk\u00e9","offer_id":"7","answer":{"type":"answer","sdp":"v=1"}`),
			WebRequest{
				Hashes: hashes, PeerID: webID, Left: LeftUnknown, NumWant: NumWantDefault,
				Answer: &WebSession{"answer", "v=1"}, To: webID, OfferID: "7",
			},
			nil,
		},
		{"scrape", webText(`,"action":"scrape"`), WebRequest{Scrape: true, Hashes: hashes}, nil},
		{"scrape of all", `{"action":"scrape"}`, WebRequest{Scrape: true}, nil},
		{"scrape of a list", `{"action":"scrape","info_hash":["aaaaaaaaaaaaaaaaaaaa"]}`, WebRequest{Scrape: true, Hashes: []torrent.InfoHash{torrent.InfoHash([]byte(strings.Repeat("a", 20)))}}, nil},
		{"short hash", `{"action":"announce","info_hash":"a"}`, WebRequest{}, ErrInfoHash},
		{"hash of wide characters", `{"action":"announce","info_hash":"` + strings.Repeat("Ā", 20) + `"}`, WebRequest{}, ErrInfoHash},
		{"hash that is a number", `{"action":"announce","info_hash":7}`, WebRequest{}, ErrInfoHash},
		{"no hash", `{"action":"announce"}`, WebRequest{}, ErrInfoHash},
		{"two hashes", `{"action":"announce","info_hash":["aaaaaaaaaaaaaaaaaaaa","aaaaaaaaaaaaaaaaaaab"]}`, WebRequest{}, ErrInfoHash},
		{"no peer id", `{"action":"announce","info_hash":"aaaaaaaaaaaaaaaaaaaa"}`, WebRequest{}, ErrPeerID},
		{"unknown action", webText(`,"action":"stats"`), WebRequest{}, ErrWebMessage},
		{"no JSON", `d8:announce`, WebRequest{}, ErrWebMessage},
		{"list", `[]`, WebRequest{}, ErrWebMessage},
		{"too long", webText(strings.Repeat(" ", MaxWebMessage)), WebRequest{}, ErrWebMessage},
		{"offer without id", webText(`,"action":"announce","offers":[{"offer":{"type":"offer","sdp":""}}]`), WebRequest{}, ErrWebOffer},
		{"offer of an answer", webText(`,"action":"announce","offers":[{"offer_id":"1","offer":{"type":"answer","sdp":""}}]`), WebRequest{}, ErrWebOffer},
		{"answer to nobody", webText(`,"action":"announce","offer_id":"1","answer":{"type":"answer","sdp":""}`), WebRequest{}, ErrWebOffer},
		{"long offer", webText(`,"action":"announce","offers":[{"offer_id":"1","offer":{"type":"offer","sdp":"` + strings.Repeat("x", MaxSDP+1) + `"}}]`), WebRequest{}, ErrWebOffer},
	}
	for _, tt := range tests {
		got, err := ParseWebRequest([]byte(tt.message))
		if !errors.Is(err, tt.err) || err == nil && !reflect.DeepEqual(normalWeb(got), tt.want) {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

// normalWeb has nil for an empty list of offers.
func normalWeb(r WebRequest) WebRequest {
	if len(r.Offers) == 0 {
		r.Offers = nil
	}
	return r
}

func TestParseWebRequestBounds(t *testing.T) {
	offer := `{"offer_id":"1","offer":{"type":"offer","sdp":"v=0"}}`
	r, err := ParseWebRequest([]byte(webText(`,"action":"announce","offers":[` + offer + strings.Repeat(","+offer, 2*MaxWebOffers) + `]`)))
	if err != nil || len(r.Offers) != MaxWebOffers {
		t.Errorf("got %d offers, %v, want %d", len(r.Offers), err, MaxWebOffers)
	}
	hash := `"aaaaaaaaaaaaaaaaaaaa"`
	r, err = ParseWebRequest([]byte(`{"action":"scrape","info_hash":[` + hash + strings.Repeat(","+hash, 2*MaxScrape) + `]}`))
	if err != nil || len(r.Hashes) != MaxScrape {
		t.Errorf("got %d hashes, %v, want %d", len(r.Hashes), err, MaxScrape)
	}
}

func TestWebAnswers(t *testing.T) {
	h := torrent.InfoHash([]byte("\xff234567890123456789\x01"))
	from := PeerID([]byte("-WW0001-abcdefghijkl"))
	session := WebSession{Type: "offer", SDP: "v=0\r\n"}
	const hash = `"info_hash":"ÿ234567890123456789\u0001"`
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"answer", WebAnswer(h, 2*time.Minute, 0, 3), `{"action":"announce",` + hash + `,"interval":120,"complete":0,"incomplete":3}`},
		{"offer", WebOfferTo(h, from, &WebOffer{ID: "1", Session: session}), `{"action":"announce",` + hash + `,"peer_id":"-WW0001-abcdefghijkl","offer_id":"1","offer":{"type":"offer","sdp":"v=0\r\n"}}`},
		{"answer to", WebAnswerTo(h, from, "1", &session), `{"action":"announce",` + hash + `,"peer_id":"-WW0001-abcdefghijkl","offer_id":"1","answer":{"type":"offer","sdp":"v=0\r\n"}}`},
		{"scrape", WebScrape([]Scrape{{InfoHash: h, Complete: 1, Incomplete: 2, Downloaded: 3}}), `{"action":"scrape","files":{"ÿ234567890123456789\u0001":{"complete":1,"incomplete":2,"downloaded":3}}}`},
		{"scrape of nothing", WebScrape(nil), `{"action":"scrape","files":{}}`},
		{"failure", WebFailure(&h, false, "no"), `{"action":"announce",` + hash + `,"failure reason":"no"}`},
		{"failure of a scrape", WebFailure(nil, true, "no"), `{"action":"scrape","failure reason":"no"}`},
	}
	for _, tt := range tests {
		if string(tt.got) != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

// FuzzWebRequest: what is taken is within the bounds, and its hash and id come out as they went in.
func FuzzWebRequest(f *testing.F) {
	f.Add([]byte(webText(`,"action":"announce","left":5,"offers":[{"offer_id":"1","offer":{"type":"offer","sdp":"v=0"}}]`)))
	f.Add([]byte(webText(`,"action":"announce","to_peer_id":"-WW0001-abcdefghijkl","offer_id":"7","answer":{"type":"answer","sdp":"v=1"}`)))
	f.Add([]byte(`{"action":"scrape","info_hash":["aaaaaaaaaaaaaaaaaaaa"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseWebRequest(b)
		if err != nil {
			return
		}
		if len(r.Hashes) > MaxScrape || len(r.Offers) > MaxWebOffers || !r.Scrape && len(r.Hashes) != 1 {
			t.Fatalf("%d hashes, %d offers", len(r.Hashes), len(r.Offers))
		}
		for i := range r.Offers {
			if o := &r.Offers[i]; len(o.ID) > maxOfferID || len(o.Session.SDP) > MaxSDP {
				t.Fatalf("an offer of %d bytes with an id of %d", len(o.Session.SDP), len(o.ID))
			}
			if m := WebOfferTo(r.Hashes[0], r.PeerID, &r.Offers[i]); !json.Valid(m) {
				t.Fatalf("%q is no JSON", m)
			}
		}
		for _, h := range r.Hashes {
			var again [20]byte
			if !parseBinary20(&again, binaryString(h[:])) || again != h {
				t.Fatalf("%x became %x", h, again)
			}
		}
	})
}
