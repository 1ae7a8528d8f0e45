package meter

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"

	"shoal/storage/kv"
)

// The numbers of operations, usage types and sources are in stored rows: this list only grows.
func TestStoredNumbersMatchTheFormatPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/format/meter.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, o := range Operations() {
		want = append(want, fmt.Sprintf("| operation | %d | `%s` |", o, o))
	}
	for u := range numUsageTypes {
		want = append(want, fmt.Sprintf("| usage type | %d | `%s` |", u, u))
	}
	for _, s := range []Source{REST, BitTorrent, SOAP} {
		want = append(want, fmt.Sprintf("| source | %d | `%s` |", s, s))
	}
	var got []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| operation |") || strings.HasPrefix(line, "| usage type |") || strings.HasPrefix(line, "| source |") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("docs/format/meter.md lists:\n%s\nthe code has:\n%s", g, w)
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for _, o := range Operations() {
		if name := o.String(); name == "" || seen[name] {
			t.Errorf("operation %d has name %q", o, name)
		}
		seen[o.String()] = true
	}
	for _, o := range Operations() {
		if got, ok := ParseOperation(o.String()); got != o || !ok {
			t.Errorf("ParseOperation(%q) = %d, %v", o, got, ok)
		}
	}
	if o, ok := ParseOperation(""); ok {
		t.Errorf(`ParseOperation("") = %d`, o)
	}
	if got := Operation(255).String(); got != "UnknownAction" {
		t.Errorf("name outside the set is %q", got)
	}
	for _, u := range UsageTypes() {
		if name := u.String(); name == "" || seen[name] {
			t.Errorf("usage type %d has name %q", u, name)
		}
		seen[u.String()] = true
	}
	if len(UsageTypes()) != int(numUsageTypes)-1 {
		t.Errorf("%d reported usage types, want all but the internal one", len(UsageTypes()))
	}
}

func sampleRecord() record {
	r := record{
		sumKey:    sumKey{hour: hourOf(noon), operation: GetObject, source: BitTorrent, account: "ac\x00ct", bucket: "b"},
		usageType: DataTransferOut,
		amount:    amount{hi: 1, lo: 2},
	}
	copy(r.epoch[:], "twelve bytes")
	r.epoch[15] = 3
	return r
}

// A row of format 1, byte for byte: it must stay readable for ever.
func TestRowFormat1(t *testing.T) {
	r := sampleRecord()
	const key = "75" + "000000000005b314" + "616300ff6374" + "0001" + "62" + "0001" +
		"0008" + "03" + "02" + "7477656c7665206279746573" + "00000003"
	const value = "01" + "0000000000000001" + "0000000000000002"
	if got := hex.EncodeToString(r.key()); got != key {
		t.Errorf("key   %s\nwant  %s", got, key)
	}
	if got := hex.EncodeToString(r.value()); got != value {
		t.Errorf("value %s\nwant  %s", got, value)
	}
	k, _ := hex.DecodeString(key)
	v, _ := hex.DecodeString(value)
	if got, err := decodeRow(k, v); err != nil || got != r {
		t.Errorf("decodeRow = %+v, %v, want %+v", got, err, r)
	}
}

func TestMalformedRows(t *testing.T) {
	key, value := sampleRecord().keyValue()
	at := func(b []byte, i int, c byte) []byte {
		b = bytes.Clone(b)
		b[i] = c
		return b
	}
	tests := map[string][2][]byte{
		"empty":            {nil, nil},
		"short":            {key[:len(key)-1], value},
		"long":             {append(bytes.Clone(key), 0), value},
		"prefix":           {at(key, 0, 'v'), value},
		"hour":             {at(key, 1, 1), value},
		"operation":        {at(key, 20, 1), value},
		"usage type":       {at(key, 22, byte(numUsageTypes)), value},
		"source any":       {at(key, 23, byte(AnySource)), value},
		"source":           {at(key, 23, byte(numSources)), value},
		"short value":      {key, value[:16]},
		"format of values": {key, at(value, 0, 2)},
	}
	for name, kv := range tests {
		t.Run(name, func(t *testing.T) {
			if r, err := decodeRow(kv[0], kv[1]); !errors.Is(err, errMalformedRow) {
				t.Errorf("decodeRow = %+v, %v, want %v", r, err, errMalformedRow)
			}
		})
	}
}

// keyValue returns the row of r.
func (r record) keyValue() (key, value []byte) { return r.key(), r.value() }

func FuzzDecodeRow(f *testing.F) {
	key, value := sampleRecord().keyValue()
	f.Add(key, value)
	f.Add([]byte{rowPrefix}, []byte{rowFormat})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		r, err := decodeRow(key, value)
		if err != nil {
			return
		}
		if k, v := r.keyValue(); !bytes.Equal(k, key) || !bytes.Equal(v, value) {
			t.Errorf("%x = %x is written again as %x = %x", key, value, k, v)
		}
	})
}

// The longest names and all types of each sum stay within one commit's limits.
func TestLargestCommitIsWithinLimits(t *testing.T) {
	e := newFake() // refuses what is over a limit
	m := New(e, Options{Now: fixedClock(noon)})
	for i := range 60 {
		long := strings.Repeat("\x00", maxName-2) + fmt.Sprintf("%02d", i)
		m.Record(Event{At: noon, Account: long, Bucket: long, Tier: Tier1, Requests: 1, BytesIn: 1, BytesOut: 1})
	}
	flush(t, m)
	if e.count() != 180 || len(e.written) < 2 || len(e.written) > 3 {
		t.Errorf("%d rows in commits %v of at most %d", e.count(), e.written, kv.MaxCommitOps)
	}
}

func TestAmount(t *testing.T) {
	toBig := func(a amount) *big.Int {
		b := new(big.Int).SetUint64(a.hi)
		return b.Or(b.Lsh(b, 64), new(big.Int).SetUint64(a.lo))
	}
	values := []int64{0, 1, 2, 3599, 3600, 1<<32 + 7, 42_259_901_212_262_400, math.MaxInt64}
	sum, want := amount{}, new(big.Int)
	for _, x := range values {
		for _, y := range values {
			sum = sum.add(product(x, y))
			want.Add(want, new(big.Int).Mul(big.NewInt(x), big.NewInt(y)))
			if toBig(sum).Cmp(want) != 0 {
				t.Fatalf("after %d*%d: %v, want %v", x, y, toBig(sum), want)
			}
			for _, d := range []uint64{1, 7, 3600, math.MaxUint64} {
				q := new(big.Int).Div(want, new(big.Int).SetUint64(d))
				if !q.IsInt64() {
					q.SetInt64(math.MaxInt64)
				}
				if got := sum.div(d); got != q.Int64() {
					t.Errorf("%v / %d = %d, want %v", want, d, got, q)
				}
			}
		}
	}
}

// 100 GB for 15 days and 100 TB for 16 days of March are 42,259,901,212,262,400 byte-hours (AWS's own example).
func TestByteHoursOfTheAWSExample(t *testing.T) {
	const gb, day = int64(1) << 30, int64(24 * secondsPerHour)
	a := product(100*gb, 15*day).add(product(100*1024*gb, 16*day))
	if got := a.div(secondsPerHour); got != 42_259_901_212_262_400 {
		t.Errorf("got %d byte-hours", got)
	}
}
