package peer

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"

	"shoal/wire/torrent"
)

// encode writes m as the Append functions do, for the messages that parseMessage takes apart.
func encode(m Message) []byte {
	switch m.ID {
	case MsgKeepAlive:
		return AppendKeepAlive(nil)
	case MsgHave, MsgSuggest, MsgAllowedFast:
		return appendIndex(nil, m.ID, m.Block.Piece)
	case MsgRequest, MsgCancel, MsgReject:
		return appendBlock(nil, m.ID, m.Block)
	case MsgPiece:
		return append(AppendPieceHeader(nil, m.Block), m.Payload...)
	case MsgPort:
		return AppendPort(nil, m.Port)
	case MsgExtended:
		return appendExtended(nil, m.Extension, func(dst []byte) []byte { return append(dst, m.Payload...) })
	default:
		return append(appendHeader(nil, m.ID, len(m.Payload)), m.Payload...)
	}
}

func FuzzReader(f *testing.F) {
	// Longer than the smallest buffer, between two short ones.
	long := append(AppendPieceHeader(AppendChoke(nil), Block{Length: 300}), make([]byte, 300)...)
	f.Add(AppendHave(long, 1), uint16(0), uint8(3))
	for _, c := range goldenFrames(f) {
		f.Add(c.sent, uint16(100), uint8(1))
	}
	f.Add([]byte{0, 4, 0, 1, 5, 0, 0, 0}, uint16(0), uint8(1))
	f.Fuzz(func(t *testing.T, wire []byte, buffer uint16, chunk uint8) {
		opts := ReaderOptions{Pieces: 12, MaxBlock: BlockSize}
		whole, wholeErr := readAll(NewReader(bytes.NewReader(wire), make([]byte, MinBuffer+len(wire)), opts))
		src := chunked{bytes.NewReader(wire), 1 + int(chunk)}
		cut, cutErr := readAll(NewReader(src, make([]byte, MinBuffer+int(buffer%1024)), opts))
		if !reflect.DeepEqual(whole, cut) || wholeErr.Error() != cutErr.Error() {
			t.Fatalf("messages depend on the buffer: %d, %v and %d, %v", len(whole), wholeErr, len(cut), cutErr)
		}
		var back []byte
		for _, m := range whole {
			back = append(back, encode(m)...)
		}
		if !bytes.HasPrefix(wire, back) || (wholeErr == io.EOF && len(back) != len(wire)) {
			t.Fatalf("encoded again: %x, read from %x", back, wire)
		}
		var frameErr *FrameError
		if wholeErr != io.EOF && wholeErr != io.ErrUnexpectedEOF && !errors.As(wholeErr, &frameErr) {
			t.Fatalf("unexpected error %v", wholeErr)
		}
	})
}

// chunked gives at most n bytes a read.
type chunked struct {
	src io.Reader
	n   int
}

func (c chunked) Read(p []byte) (int, error) { return c.src.Read(p[:min(len(p), c.n)]) }

func FuzzHandshake(f *testing.F) {
	f.Add(unhex(f, goldenHandshake))
	f.Fuzz(func(t *testing.T, wire []byte) {
		h, err := ParseHandshake(wire)
		if err != nil {
			return
		}
		if back := AppendHandshake(nil, h); !bytes.Equal(back, wire) {
			t.Errorf("encoded again: %x, read from %x", back, wire)
		}
	})
}

func FuzzPeerID(f *testing.F) {
	f.Add([]byte("-SL0001-0123456789AB"))
	f.Add([]byte("M4-20-8-0123456789AB"))
	f.Add([]byte("A2-1-37-0-0123456789"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != 20 {
			return
		}
		id := PeerID(b)
		for _, text := range []string{ClientName(id), ClientVersion(id), id.String()} {
			for _, c := range []byte(text) {
				if c < ' ' || c > '~' {
					t.Fatalf("unprintable text %q", text)
				}
			}
		}
	})
}

func FuzzBitfield(f *testing.F) {
	f.Add([]byte{0xff, 0x80}, uint32(9))
	f.Add([]byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, payload []byte, pieces uint32) {
		b, err := ParseBitfield(payload, pieces)
		if err != nil {
			return
		}
		count := uint32(0)
		for piece := range pieces {
			if b.Has(piece) {
				count++
			}
		}
		if count != b.Count() || !bytes.Equal(AppendBitfield(nil, b)[prefixLen+1:], payload) {
			t.Errorf("%x of %d pieces: counted %d, Count %d", payload, pieces, count, b.Count())
		}
	})
}

func FuzzExtendedHandshake(f *testing.F) {
	f.Add([]byte("d1:md11:LT_metadatai1e6:ut_pexi2ee1:pi6881e1:v13:\xc2\xb5Torrent 1.2e"))
	f.Add([]byte("d1:ei1e4:ipv44:\x05\x06\x07\x084:ipv616:0123456789abcdef13:metadata_sizei31235e4:reqqi512e11:upload_onlyi1e6:yourip4:1234e"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var h, back ExtendedHandshake
		if err := h.Update(payload); err != nil {
			return
		}
		if len(h.Client) > MaxClientVersion {
			t.Errorf("client of %d bytes", len(h.Client))
		}
		if err := back.Update(AppendExtendedHandshake(nil, h)[prefixLen+2:]); err != nil || back != h {
			t.Errorf("read back %+v, %v; want %+v", back, err, h)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte("d8:msg_typei0e5:piecei0ee"))
	f.Add([]byte("d8:msg_typei1e5:piecei0e10:total_sizei34256eexxxxxxxx"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		m, err := ParseMetadata(payload)
		if err != nil {
			return
		}
		if len(m.Data) > MetadataPiece {
			t.Errorf("piece of %d bytes", len(m.Data))
		}
		back, err := ParseMetadata(AppendMetadata(nil, 1, m)[prefixLen+2:])
		if err != nil || back.Type != m.Type || back.Piece != m.Piece || !bytes.Equal(back.Data, m.Data) {
			t.Errorf("read back %+v, %v; want %+v", back, err, m)
		}
	})
}

func FuzzPEX(f *testing.F) {
	f.Add([]byte("d5:added6:\x01\x02\x03\x04\x1a\xe17:added.f1:\x026:added618:0123456789abcdef\x1a\xe17:dropped6:abcdefe"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		p, err := ParsePEX(payload)
		if err != nil {
			return
		}
		if len(p.Added) > 2*MaxPEXPeers || len(p.Dropped) > 2*MaxPEXPeers {
			t.Errorf("%d added, %d dropped", len(p.Added), len(p.Dropped))
		}
		again, err := ParsePEX(AppendPEX(nil, 1, p)[prefixLen+2:])
		if err != nil || len(again.Added) > len(p.Added) || len(again.Dropped) > len(p.Dropped) {
			t.Errorf("read back %+v, %v; want %+v", again, err, p)
		}
	})
}

func FuzzHolePunch(f *testing.F) {
	f.Add(unhex(f, "02 00 01020304 1ae1 00000002"))
	f.Add(unhex(f, "01 01 20010db8000000000000000000000001 1ae1"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := ParseHolePunch(payload)
		if err != nil {
			return
		}
		back, err := ParseHolePunch(AppendHolePunch(nil, 1, h)[prefixLen+2:])
		if err != nil || back != h {
			t.Errorf("read back %+v, %v; want %+v", back, err, h)
		}
	})
}

func FuzzDontHave(f *testing.F) {
	f.Add([]byte{0, 0, 0, 9})
	f.Fuzz(func(t *testing.T, payload []byte) {
		piece, err := ParseDontHave(payload)
		if err != nil {
			return
		}
		if back := AppendDontHave(nil, 1, piece)[prefixLen+2:]; !bytes.Equal(back, payload) {
			t.Errorf("encoded again: %x, read from %x", back, payload)
		}
	})
}

func FuzzHashes(f *testing.F) {
	request := HashRequest{HashRange: torrent.HashRange{Index: 4, Length: 4, ProofLayers: 3}}
	f.Add(AppendHashRequest(nil, request)[prefixLen+1:])
	f.Add(AppendHashes(nil, Hashes{request, make([]byte, 6*torrent.HashSize)})[prefixLen+1:])
	f.Fuzz(func(t *testing.T, payload []byte) {
		if r, err := ParseHashRequest(payload); err == nil {
			if back := AppendHashReject(nil, r)[prefixLen+1:]; !bytes.Equal(back, payload) {
				t.Errorf("request encoded again: %x, read from %x", back, payload)
			}
		}
		if h, err := ParseHashes(payload); err == nil {
			if back := AppendHashes(nil, h)[prefixLen+1:]; !bytes.Equal(back, payload) {
				t.Errorf("hashes encoded again: %x, read from %x", back, payload)
			}
		}
	})
}
