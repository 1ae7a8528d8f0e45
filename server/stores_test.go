package server

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/access"
	"shoal/core/meter"
	"shoal/core/object"
)

// storageReport opens the stores below a directory as a server does, on a clock of its own, and reads the report.
type storageReport struct {
	objects *object.Store
	meter   *meter.Meter
	close   func() error
}

func openStorageReport(t *testing.T, dir string, now *time.Time) *storageReport {
	t.Helper()
	st, err := openStores(vfs.Default, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return *now }
	objects, err := object.New(st.metadata, st.content, object.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	m := meter.New(st.metadata, meter.Options{Now: clock, Storage: storedBytes{objects}})
	return &storageReport{objects, m, func() error { objects.Close(); return st.close() }}
}

// lines returns the rows of a report as "operation type value".
func (r *storageReport) lines(t *testing.T, q meter.Query) []string {
	t.Helper()
	rows, err := r.meter.Report(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, fmt.Sprintf("%s %s %s %d", row.StartTime.Format("01-02T15"), row.Operation, row.UsageType, row.UsageValue))
	}
	return lines
}

// TestStorageOnTheReport keeps an object of every storage class for 90 minutes, in which no server runs for a while: the report, by
// the hour, day and month, has 1.5 hours of each.
func TestStorageOnTheReport(t *testing.T) {
	begin := time.Date(2026, 3, 31, 22, 45, 0, 0, time.UTC)
	now := begin
	dir := t.TempDir()
	r := openStorageReport(t, dir, &now)
	owner := access.Owner{ID: "acct"}
	b, err := r.objects.CreateBucket(t.Context(), object.NewBucket{Name: "bucket", Owner: owner, Ownership: access.ObjectWriter})
	if err != nil {
		t.Fatal(err)
	}
	for i, class := range object.StorageClasses() {
		n := int64(1000*(i+1) - 1)
		_, err := r.objects.Put(t.Context(), object.PutRequest{
			Bucket: b, Key: fmt.Sprint(i), Body: strings.NewReader(strings.Repeat("x", int(n))), Size: n, Owner: owner, StorageClass: class,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(90 * time.Minute)
	r = openStorageReport(t, dir, &now)
	for i := range object.StorageClasses() {
		if _, err := r.objects.Delete(t.Context(), object.DeleteRequest{Bucket: b, Key: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.objects.DeleteBucket(t.Context(), b.Name); err != nil {
		t.Fatal(err)
	}
	now = now.Add(24 * time.Hour)
	types := []string{
		"StandardStorage TimedStorage-ByteHrs", "ReducedRedundancyStorage TimedStorage-RRS-ByteHrs",
		"StandardIAStorage TimedStorage-SIA-ByteHrs", "OneZoneIAStorage TimedStorage-ZIA-ByteHrs",
		"IntelligentTieringFAStorage TimedStorage-INT-FA-ByteHrs", "GlacierInstantRetrievalStorage TimedStorage-GIR-ByteHrs",
	}
	for g, shares := range map[meter.Granularity]map[string]int{ // of 1,000 bytes, in byte-hours
		meter.Hour:  {"03-31T22": 250, "03-31T23": 1000, "04-01T00": 250},
		meter.Day:   {"03-31T00": 1250, "04-01T00": 250},
		meter.Month: {"03-01T00": 1250, "04-01T00": 250},
	} {
		var want []string
		for start, share := range shares {
			for i, names := range types {
				want = append(want, fmt.Sprintf("%s %s %d", start, names, (i+1)*share))
			}
		}
		got := r.lines(t, meter.Query{From: begin.AddDate(0, -1, -30), To: now, Granularity: g})
		got = slices.DeleteFunc(got, func(line string) bool { return strings.Contains(line, "StorageObjectCount") })
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("by the %v:\ngot  %q\nwant %q", g, got, want)
		}
	}
	report, err := r.objects.Fsck(context.Background(), object.FsckOptions{Deep: true})
	if err != nil || !report.Clean() {
		t.Errorf("check: %+v, %v", report.Findings, err)
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
}
