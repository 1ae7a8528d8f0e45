package object

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"testing"
)

// Rows of histories, byte for byte: they must stay readable for ever.
func TestHistoryFormat1(t *testing.T) {
	h := new(history)
	h.add(usage{0: {objects: 1, bytes: 1000}}, 3599)
	h.add(usage{0: {objects: -1, bytes: -1}, 5: {bytes: 1 << 40}}, 1)
	const row = "01" +
		"00" + "00" + "ce0f" + "00000000000000000000000000000e0e" + "0000000000000000000000000036ea97" +
		"05" + "00" + "808080808040" + "00000000000000000000000000000000" + "00000000000000000000010000000000"
	if got := fmt.Sprintf("%x", encodeHistory(h)); got != row {
		t.Errorf("got  %s\nwant %s", got, row)
	}
	raw, err := hex.DecodeString(row)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeHistory(raw); err != nil || *got != *h {
		t.Errorf("got %+v, %v, want %+v", got, err, h)
	}
	for n := range len(raw) {
		if n == 1 || n == 1+1+1+2+2*momentSize {
			continue // a whole number of cells
		}
		if got, err := decodeHistory(raw[:n]); err == nil {
			t.Errorf("%d bytes read as %+v", n, got)
		}
	}
	if got := fmt.Sprintf("%x", encodeUsage(usageRow{at: 1_700_000_000, usage: usage{3: {bytes: -5}}})); got != "0280e2cfaa06"+"030009" {
		t.Errorf("delta: got %s", got)
	}
	id := BucketID{1, 2}
	if got, hour, err := parseHistoryKey(historyKey(id, 472_222)); got != id || hour != 472_222 || err != nil {
		t.Errorf("key: got %x, %d, %v", got, hour, err)
	}
}

func TestMoments(t *testing.T) {
	toBig := func(m moment) *big.Int {
		b := new(big.Int).Lsh(big.NewInt(m.hi), 64)
		return b.Add(b, new(big.Int).SetUint64(m.lo))
	}
	const huge = 1<<63 - 1
	sum, want := moment{}, new(big.Int)
	for _, n := range []int64{0, 1, -1, 3_599, -1 << 40, huge, -huge, -huge - 1, huge} {
		for _, seconds := range []int64{0, 1, 59, 3_600} {
			product := new(big.Int).Mul(big.NewInt(n), big.NewInt(seconds))
			m := times(n, seconds)
			if toBig(m).Cmp(product) != 0 {
				t.Fatalf("%d * %d = %v", n, seconds, toBig(m))
			}
			if got := sum.minus(m); toBig(got).Cmp(new(big.Int).Sub(want, product)) != 0 {
				t.Fatalf("%v - %v = %v", want, product, toBig(got))
			}
			sum = sum.plus(m)
			if want.Add(want, product); toBig(sum).Cmp(want) != 0 {
				t.Fatalf("sum = %v, want %v", toBig(sum), want)
			}
			if again := readMoment(sum.append(nil)); again != sum {
				t.Fatalf("%v reads as %v", sum, again)
			}
			checkOver(t, m, product)
		}
	}
}

func checkOver(t *testing.T, m moment, n *big.Int) {
	t.Helper()
	for _, d := range []int64{1, 7, 3_600} {
		q, r := new(big.Int).QuoRem(n, big.NewInt(d), new(big.Int))
		if n.Sign() < 0 {
			q, r = new(big.Int), new(big.Int)
		}
		if !q.IsInt64() {
			q, r = big.NewInt(1<<63-1), new(big.Int)
		}
		if gotQ, gotR := m.over(d); gotQ != q.Int64() || gotR != r.Int64() {
			t.Errorf("%v / %d = %d rest %d, want %v rest %v", n, d, gotQ, gotR, q, r)
		}
	}
}
