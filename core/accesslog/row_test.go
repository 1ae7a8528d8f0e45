package accesslog

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/storage/kv"
)

var noon = time.Date(2012, 8, 11, 12, 0, 0, 0, time.UTC)

func hourOf(t time.Time) uint32 { return uint32(t.Unix() / 3600) }

func sampleTarget() *Target {
	return &Target{Bucket: "logs", Prefix: "pond/", Format: PartitionedByEventTime, Grants: []access.Grant{
		{Grantee: access.Grantee{ID: "frog", DisplayName: "Frog"}, Permission: access.Read},
		{Grantee: access.Grantee{Group: access.AuthenticatedUsers}, Permission: access.FullControl},
	}}
}

func sampleRow() *Row {
	return &Row{
		Bucket: "pond", Hour: hourOf(noon), Epoch: Epoch{1, 15: 2}, Sequence: 1 << 40,
		Owner: "toad", Target: sampleTarget(), Lines: []byte("a b\nc\n"),
	}
}

func samplePlan() plan {
	p := planOf(sampleRow())
	p.id, p.key, p.rows.last = planID{0xab, 15: 1}, "pond/key", 1<<41
	return *p
}

// Rows of format 1, byte for byte: they must stay readable.
func TestRowFormat1(t *testing.T) {
	r, p := sampleRow(), samplePlan()
	for _, tt := range []struct {
		file       string
		key, value []byte
		read       func(key, value []byte) (any, error)
		want       any
	}{
		{"row.v1.hex", r.Key(), r.Value(), func(k, v []byte) (any, error) { return ParseRow(k, v) }, r},
		{"plan.v1.hex", planKey(p.id), p.value(), func(k, v []byte) (any, error) { return decodePlan(k, v) }, p},
	} {
		text, err := os.ReadFile("testdata/" + tt.file)
		if err != nil {
			t.Fatal(err)
		}
		fixture := strings.Fields(string(text))
		if got := []string{hex.EncodeToString(tt.key), hex.EncodeToString(tt.value)}; !reflect.DeepEqual(got, fixture) {
			t.Errorf("%s: written as\n%s\nwant\n%s", tt.file, strings.Join(got, "\n"), strings.Join(fixture, "\n"))
			continue
		}
		if got, err := tt.read(tt.key, tt.value); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: read as %+v, %v, want %+v", tt.file, got, err, tt.want)
		}
	}
}

func TestMalformedRows(t *testing.T) {
	row, pl := sampleRow(), samplePlan()
	key, value := row.Key(), row.Value()
	noLineFeed := *row
	noLineFeed.Lines = []byte("a\nb")
	nowhere := *row
	nowhere.Target = &Target{}
	tests := map[string][2][]byte{
		"empty":              {nil, nil},
		"key alone":          {key, nil},
		"short key":          {key[:len(key)-1], value},
		"long key":           {append(bytes.Clone(key), 0), value},
		"a plan":             {planKey(pl.id), pl.value()},
		"format":             {key, append([]byte{rowFormat + 1}, value[1:]...)},
		"cut":                {key, value[:len(value)-1]},
		"no target":          {key, []byte{rowFormat}},
		"target of no name":  {key, nowhere.Value()},
		"half a record":      {key, noLineFeed.Value()},
		"hour over 32 bits":  {bytes.Replace(key, []byte("pond\x00\x01\x00"), []byte("pond\x00\x01\x01"), 1), value},
		"key format unknown": {key, bytes.Replace(value, []byte{targetFieldFormat << 3, 1}, []byte{targetFieldFormat << 3, 3}, 1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if r, err := ParseRow(tt[0], tt[1]); !errors.Is(err, errMalformed) {
				t.Errorf("ParseRow = %+v, %v, want %v", r, err, errMalformed)
			}
		})
	}
}

func FuzzParseRow(f *testing.F) {
	row, p := sampleRow(), samplePlan()
	f.Add(row.Key(), row.Value())
	f.Add(planKey(p.id), p.value())
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if r, err := ParseRow(key, value); err == nil {
			again, err := ParseRow(r.Key(), r.Value())
			if err != nil || !reflect.DeepEqual(r, again) {
				t.Errorf("%+v is read again as %+v, %v", r, again, err)
			}
		}
		if p, err := decodePlan(key, value); err == nil {
			again, err := decodePlan(planKey(p.id), p.value())
			if err != nil || !reflect.DeepEqual(p, again) {
				t.Errorf("%+v is read again as %+v, %v", p, again, err)
			}
		}
	})
}

// The largest target that fits, the longest names and as many records as a row takes stay within the limits of a value.
func TestLargestRowIsWithinLimits(t *testing.T) {
	long := access.Grant{
		Grantee:    access.Grantee{ID: access.CanonicalID(strings.Repeat("f", 64)), DisplayName: strings.Repeat("x", 128)},
		Permission: access.FullControl,
	}
	target := &Target{Bucket: strings.Repeat("b", 63), Prefix: strings.Repeat("p", 768)}
	for range access.MaxGrants {
		target.Grants = append(target.Grants, long)
	}
	if !target.Fits() {
		t.Errorf("a target of %d bytes, within S3's bounds, does not fit", len(EncodeTarget(target)))
	}
	r := Row{
		Bucket: strings.Repeat("\x00", 512), Owner: strings.Repeat("o", 512), Target: target,
		Lines: append(bytes.Repeat([]byte("x"), MaxLines-1), '\n'),
	}
	if key, value := r.Key(), r.Value(); len(key) > kv.MaxKey || len(value) > kv.MaxValue {
		t.Errorf("a row of %d + %d bytes", len(key), len(value))
	}
	for target.Fits() {
		target.Prefix += "p"
	}
	if n := len(EncodeTarget(target)); n > MaxTarget {
		t.Errorf("the largest target is written in %d bytes, want at most %d", n, MaxTarget)
	}
}

func TestObjectKey(t *testing.T) {
	rows := rowRange{bucket: "pond", hour: hourOf(noon)}
	delivered := noon.Add(36*time.Hour + 61*time.Second)
	account := access.CanonicalID("toad").AccountID()
	for _, tt := range []struct {
		format Format
		want   string
	}{
		{SimplePrefix, "in/2012-08-13-00-01-01-00000000000000AB"},
		{PartitionedByEventTime, "in/" + account + "/eu-west-1/pond/2012/08/11/2012-08-11-00-00-00-00000000000000AB"},
		{PartitionedByDelivery, "in/" + account + "/eu-west-1/pond/2012/08/13/2012-08-13-00-01-01-00000000000000AB"},
	} {
		target := &Target{Bucket: "logs", Prefix: "in/", Format: tt.format}
		got := objectKey(target, "eu-west-1", rows, "toad", planID{7: 0xab}.unique(), delivered.In(time.FixedZone("", 3600)))
		if got != tt.want {
			t.Errorf("format %d: %s, want %s", tt.format, got, tt.want)
		}
	}
}
