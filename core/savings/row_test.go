package savings

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"
	"time"

	"shoal/core/object"
)

func sampleRecord() record {
	return record{
		Subject: Subject{
			Account: "acct", Bucket: "demo", Key: "a/b\x00.iso",
			Version: object.VersionID{1, 2, 3, 15: 16}, Null: true, Size: 300, PieceLength: 1 << 18,
		},
		month:  monthOf(time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC)),
		epoch:  epoch{0: 0xee, 15: 7},
		counts: Counts{1, 2, 3, 4, math.MaxInt64},
	}
}

// The row of format 1, which every later version reads: docs/format/savings.md draws it.
func TestRowIsAsItWasWrittenFirst(t *testing.T) {
	r := sampleRecord()
	const (
		key = "53" + "02aa" + "61636374" + "0001" + "64656d6f" + "0001" + "612f6200ff2e69736f" + "0001" +
			"01020300000000000000000000000010" + "ee000000000000000000000000000007"
		value = "01" + "01" + "ac02" + "808010" + "01" + "02" + "03" + "04" + "ffffffffffffffff7f"
	)
	if got := hex.EncodeToString(r.key()); got != key {
		t.Errorf("key: got %s, want %s", got, key)
	}
	if got := hex.EncodeToString(r.value()); got != value {
		t.Errorf("value: got %s, want %s", got, value)
	}
	if got, err := decodeRow(r.key(), r.value()); err != nil || got != r {
		t.Errorf("decoded: got %+v, %v, want %+v", got, err, r)
	}
}

func TestMalformedRows(t *testing.T) {
	r := sampleRecord()
	key, value := r.key(), r.value()
	change := func(b []byte, at int, to byte) []byte {
		b = bytes.Clone(b)
		b[at] = to
		return b
	}
	for name, row := range map[string][2][]byte{
		"other table":     {change(key, 0, 'u'), value},
		"short key":       {key[:len(key)-1], value},
		"long key":        {append(bytes.Clone(key), 0), value},
		"newer format":    {key, change(value, 0, 2)},
		"unknown flag":    {key, change(value, 1, 2)},
		"no value":        {key, nil},
		"short value":     {key, value[:len(value)-1]},
		"long value":      {key, append(bytes.Clone(value), 0)},
		"not the least":   {key, bytes.Replace(value, []byte{2, 3, 4}, []byte{0x82, 0, 3, 4}, 1)},
		"negative number": {key, append(bytes.Clone(value[:len(value)-9]), bytes.Repeat([]byte{0xff}, 9)...)},
	} {
		if _, err := decodeRow(row[0], row[1]); !errors.Is(err, errMalformedRow) {
			t.Errorf("%s: got %v, want a malformed row", name, err)
		}
	}
}

// FuzzDecodeRow: no row makes it panic, and one that decodes encodes to the same bytes.
func FuzzDecodeRow(f *testing.F) {
	r := sampleRecord()
	f.Add(r.key(), r.value())
	f.Add([]byte("S"), []byte{1})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		got, err := decodeRow(key, value)
		if err != nil {
			return
		}
		if !bytes.Equal(got.key(), key) || !bytes.Equal(got.value(), value) {
			t.Errorf("%x %x decodes to what encodes to %x %x", key, value, got.key(), got.value())
		}
		for _, n := range got.fields() {
			if *n < 0 {
				t.Errorf("%x has a negative number", value)
			}
		}
	})
}

func TestMonthOf(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want month
	}{
		{time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), 0},
		{time.Date(1970, 12, 31, 23, 0, 0, 0, time.FixedZone("", -3600)), 12}, // in UTC it is January
		{time.Date(2006, 3, 31, 23, 59, 59, 999, time.UTC), 434},
		{time.Date(2006, 4, 1, 0, 0, 0, 0, time.UTC), 435},
		{time.Time{}, 0},
		{time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC), math.MaxUint16},
	} {
		if got := monthOf(c.at); got != c.want {
			t.Errorf("%v: got %d, want %d", c.at, got, c.want)
		}
	}
}
