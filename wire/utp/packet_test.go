package utp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestParsePacket(t *testing.T) {
	const fixed = "0102030405060708090a0b0c0d0e0f101112" // all after type and extension
	want := header{
		connID: 0x0102, timestamp: 0x03040506, delay: 0x0708090a, window: 0x0b0c0d0e, seq: 0x0f10, ack: 0x1112,
	}
	for _, tt := range []struct {
		name, hex string
		kind      packetType
		sack      string
		payload   string
		malformed bool
	}{
		{name: "data", hex: "0100" + fixed + "6869", kind: typeData, payload: "hi"},
		{name: "fin", hex: "1100" + fixed, kind: typeFin},
		{name: "selective", hex: "2101" + fixed + "00" + "04" + "01000080", kind: typeState, sack: "\x01\x00\x00\x80"},
		{name: "other extension before it", hex: "2102" + fixed + "01" + "02" + "ffff" + "00" + "01" + "07", kind: typeState, sack: "\x07"},
		{name: "close reason of libtorrent", hex: "0103" + fixed + "00" + "04" + "00000001" + "78", kind: typeData, payload: "x"},
		{name: "reset", hex: "3100" + fixed, kind: typeReset},
		{name: "syn", hex: "4100" + fixed, kind: typeSyn},
		{name: "short", hex: "0100" + fixed[2:], malformed: true},
		{name: "version 2", hex: "0200" + fixed, malformed: true},
		{name: "type 5", hex: "5100" + fixed, malformed: true},
		{name: "extension without length", hex: "2101" + fixed + "00", malformed: true},
		{name: "extension cut off", hex: "2101" + fixed + "0004010203", malformed: true},
		{name: "empty", hex: "", malformed: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			h, payload, err := parsePacket(b)
			if tt.malformed {
				if !errors.Is(err, ErrMalformed) {
					t.Errorf("error = %v, want ErrMalformed", err)
				}
				return
			}
			want := want
			want.kind = tt.kind
			if tt.sack != "" {
				want.sack = []byte(tt.sack)
			}
			if err != nil || !reflect.DeepEqual(h, want) || string(payload) != tt.payload {
				t.Errorf("got %+v, payload %q, error %v; want %+v, %q", h, payload, err, want, tt.payload)
			}
		})
	}
}

func FuzzPacket(f *testing.F) {
	f.Add(appendHeader(nil, &header{kind: typeSyn, connID: 7, seq: 1}))
	f.Add(append(appendHeader(nil, &header{kind: typeState, sack: []byte{1, 2, 3, 4}}), "payload"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, err := parsePacket(b)
		if err != nil {
			return
		}
		again := append(appendHeader(nil, &h), payload...)
		h2, payload2, err := parsePacket(again)
		if len(h.sack) == 0 {
			h.sack, h2.sack = nil, nil
		}
		if err != nil || !reflect.DeepEqual(h, h2) || !bytes.Equal(payload, payload2) {
			t.Errorf("%+v %q, written and read again: %+v %q, %v", h, payload, h2, payload2, err)
		}
	})
}

// FuzzStream gives a stream packets of a hostile peer and lets the clock go on.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 2, 0, 0, 0, 1, 9, 9, 0, 4, 1, 0, 3, 200, 0})
	f.Add(bytes.Repeat([]byte{0, 5, 1, 1, 2}, 100))
	f.Fuzz(func(t *testing.T, script []byte) {
		n := newNetwork(t, 1, 100, 200)
		n.dead = true
		e := n.ends[0]
		e.send = make([]byte, 300_000)
		e.slow = 10
		for steps := 0; len(script) >= 5 && steps < 500; steps++ {
			op := script[:5]
			script = script[5:]
			h := header{
				kind: packetType(op[0] % 5), seq: e.s.last + 1 + uint16(int8(op[1])), ack: e.s.first - 1 + uint16(op[2]),
				window: uint32(op[3]) << 10, delay: uint32(op[4]), timestamp: 1,
			}
			if op[3]%3 == 0 {
				h.sack = op[1:]
			}
			e.s.receive(&h, script[:min(len(script), int(op[4]))], n.now)
			n.now += time.Millisecond << (op[4] % 12)
			n.step(0)
			if fault := n.fault(); fault != "" {
				t.Fatal(fault)
			}
		}
	})
}
