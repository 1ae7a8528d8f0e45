package accesslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
)

// fakeStore keeps log objects in a map. Buckets that are in refuse are not there.
type fakeStore struct {
	mu      sync.Mutex
	objects map[string]string // guarded by mu, as all below; by bucket/key
	grants  []access.Grant    // of the last one
	refuse  map[string]fault.Kind
	fail    string // "before" or "after" the next object is put
}

func newStore() *fakeStore {
	return &fakeStore{objects: make(map[string]string), refuse: make(map[string]fault.Kind)}
}

func (s *fakeStore) CheckTarget(_ context.Context, o Object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind, ok := s.refuse[o.Bucket]; ok {
		return fault.New("check", o.Bucket, kind, nil)
	}
	return nil
}

func (s *fakeStore) PutLog(ctx context.Context, o Object) error {
	if err := s.CheckTarget(ctx, o); err != nil {
		return err
	}
	content, err := io.ReadAll(o.Body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := o.Bucket + "/" + o.Key
	fail := s.fail
	s.fail = ""
	switch _, there := s.objects[name]; {
	case int64(len(content)) != o.Size:
		return fmt.Errorf("%s has %d bytes, announced were %d", name, len(content), o.Size)
	case fail == "before":
		return errTest
	case there:
		return fault.New("put", name, fault.PreconditionFailed, nil)
	}
	s.objects[name], s.grants = string(content), o.Grants
	if fail == "after" {
		return errTest
	}
	return nil
}

// contents returns what is in the log objects, in order of it.
func (s *fakeStore) contents() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Values(s.objects))
}

func deliver(t *testing.T, d *Deliverer) Delivered {
	t.Helper()
	done, err := d.DeliverOnce(t.Context())
	if err != nil {
		t.Fatalf("DeliverOnce: %v", err)
	}
	return done
}

func checkContents(t *testing.T, s *fakeStore, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := s.contents(); !slices.Equal(got, want) {
		t.Errorf("log objects hold\n%q\nwant\n%q", got, want)
	}
}

// row returns a row of bucket, written as the nth of an epoch.
func row(bucket string, n uint64, lines string) *Row {
	return &Row{
		Bucket: bucket, Hour: hourOf(noon), Epoch: Epoch{1}, Sequence: uint64(noon.UnixNano()) + n, Owner: "toad",
		Target: &Target{Bucket: "logs", Prefix: bucket + "/"}, Lines: []byte(lines),
	}
}

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

// What is in one log object: rows of one bucket, owner, target, writer and hour, in order, up to the bound.
func TestWhatIsInOneLogObject(t *testing.T) {
	change := func(r *Row, f func(*Row)) *Row { f(r); return r }
	tests := map[string]struct {
		rows []*Row
		want []string
	}{
		"in order":      {[]*Row{row("a", 2, "2\n"), row("a", 1, "1\n"), row("a", 3, "3\n")}, []string{"1\n2\n3\n"}},
		"other bucket":  {[]*Row{row("a", 1, "a\n"), row("b", 2, "b\n")}, []string{"a\n", "b\n"}},
		"other hour":    {[]*Row{row("a", 1, "12\n"), change(row("a", 2, "13\n"), func(r *Row) { r.Hour++ })}, []string{"12\n", "13\n"}},
		"other writer":  {[]*Row{row("a", 1, "x\n"), change(row("a", 2, "y\n"), func(r *Row) { r.Epoch[0]++ })}, []string{"x\n", "y\n"}},
		"other owner":   {[]*Row{row("a", 1, "x\n"), change(row("a", 2, "y\n"), func(r *Row) { r.Owner = "frog" })}, []string{"x\n", "y\n"}},
		"other target":  {[]*Row{row("a", 1, "x\n"), change(row("a", 2, "y\n"), func(r *Row) { r.Target.Format = PartitionedByDelivery })}, []string{"x\n", "y\n"}},
		"up to 8 bytes": {[]*Row{row("a", 1, "123\n"), row("a", 2, "456\n"), row("a", 3, "7\n"), row("b", 1, "0123456789\n")}, []string{"0123456789\n", "123\n456\n", "7\n"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, s := newFake(), newStore()
			e.put(tt.rows...)
			done := deliver(t, New(e, s, Options{MaxObject: 8}))
			checkContents(t, s, tt.want...)
			bytes, records := 0, 0
			for _, r := range tt.rows {
				bytes += len(r.Lines)
				records++
			}
			want := Delivered{Objects: int64(len(tt.want)), Records: int64(records), Bytes: int64(bytes)}
			if done != want || e.count() != 0 {
				t.Errorf("%+v, %d rows left, want %+v and none", done, e.count(), want)
			}
		})
	}
}

func TestGrantsAndKeyOfALogObject(t *testing.T) {
	e, s := newFake(), newStore()
	e.put(sampleRow())
	deliver(t, New(e, s, Options{Region: "eu-west-1", Now: at(noon)}))
	if !slices.Equal(s.grants, sampleTarget().Grants) {
		t.Errorf("grants %+v, want those of the target", s.grants)
	}
	want := "logs/pond/" + access.CanonicalID("toad").AccountID() + "/eu-west-1/pond/2012/08/11/2012-08-11-00-00-00-"
	for name := range s.objects {
		if unique, ok := strings.CutPrefix(name, want); !ok || len(unique) != 16 || strings.ToUpper(unique) != unique {
			t.Errorf("log object %s, want %sXXXXXXXXXXXXXXXX", name, want)
		}
	}
}

func TestRowsThatMayBeWrittenAgainAreLeft(t *testing.T) {
	e, s := newFake(), newStore()
	old, settled, open := row("a", 90, "old\n"), row("a", 1, "settled\n"), row("a", 2, "open\n")
	old.Epoch = Epoch{9}
	e.put(old, settled, open)
	sequence := open.Sequence
	d := New(e, s, Options{Settled: func() (Epoch, uint64) { return open.Epoch, sequence }})
	deliver(t, d)
	checkContents(t, s, "old\n", "settled\n")
	sequence++
	deliver(t, d)
	checkContents(t, s, "old\n", "settled\n", "open\n")
}

// A crash at each commit of a delivery, applied or not, and at each put: the next process delivers everything once.
func TestACrashAtEachStepDeliversOnce(t *testing.T) {
	var rows []*Row
	want := make(map[string]string)
	for i := range uint64(3*removeRows + 7) { // several commits of removal
		for _, bucket := range []string{"a", "b"} {
			line := fmt.Sprintf("%s %d\n", bucket, i)
			rows = append(rows, row(bucket, i, line))
			want[bucket] += line
		}
	}
	crash := func(t *testing.T, spoil func(*fakeEngine, *fakeStore)) (crashed bool) {
		t.Helper()
		e, s := newFake(), newStore()
		e.put(rows...)
		spoil(e, s)
		d := New(e, s, Options{Now: at(noon)})
		_, err := d.DeliverOnce(t.Context())
		crashed = err != nil || e.count() > 0
		e.check(t)
		again := New(e, s, Options{Now: at(noon.Add(time.Hour))})
		deliver(t, again)
		checkContents(t, s, want["a"], want["b"])
		if n := e.count(); n != 0 {
			t.Errorf("%d rows left", n)
		}
		return crashed
	}
	for _, applied := range []bool{false, true} {
		steps := 0
		for crash(t, func(e *fakeEngine, _ *fakeStore) { e.failAt, e.applied = steps+1, applied }) {
			steps++
			if t.Failed() {
				t.Fatalf("commit %d fails, applied %v", steps, applied)
			}
		}
		if steps < 2*5 {
			t.Errorf("%d commits, want a plan and 4 of removal for each object", steps)
		}
	}
	for _, when := range []string{"before", "after"} {
		if !crash(t, func(_ *fakeEngine, s *fakeStore) { s.fail = when }) {
			t.Errorf("a put that fails %s it is done was not seen", when)
		}
	}
}

// A target that refuses its log holds nobody else up. What it is sent waits, for three days or up to a bound, oldest first.
func TestWhatATargetRefusesWaitsAndIsDropped(t *testing.T) {
	for _, kind := range []fault.Kind{fault.NoSuchBucket, fault.AccessDenied, fault.KeyTooLong} {
		t.Run(kind.String(), func(t *testing.T) {
			var log strings.Builder
			e, s := newFake(), newStore()
			gone := row("gone", 1, "1\n2\n")
			gone.Target = &Target{Bucket: "nowhere"}
			e.put(gone, row("a", 1, "a\n"), row("z", 1, "z\n"))
			s.refuse["nowhere"] = kind
			now := noon
			d := New(e, s, Options{Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if got, want := deliver(t, d), (Delivered{Objects: 2, Records: 2, Bytes: 4, PendingBytes: 4}); got != want {
				t.Errorf("first %+v, want %+v", got, want)
			}
			checkContents(t, s, "a\n", "z\n")
			if got := d.Stats().Oldest; got.UnixNano() != int64(gone.Sequence) {
				t.Errorf("oldest pending %v, want %v", got, time.Unix(0, int64(gone.Sequence)))
			}
			now = now.Add(maxWait)
			if got, want := deliver(t, d), (Delivered{PendingBytes: 4}); got != want {
				t.Errorf("after three days %+v, want %+v", got, want)
			}
			now = now.Add(time.Second)
			if got, want := deliver(t, d), (Delivered{Dropped: 2}); got != want || e.count() != 0 {
				t.Errorf("later %+v, %d rows, want %+v and none", got, e.count(), want)
			}
			if got := strings.Count(log.String(), "level=ERROR"); got != 1 {
				t.Errorf("%d lines of level ERROR, want 1:\n%s", got, log.String())
			}
		})
	}
}

// Also by a process that has just started, and has not yet seen how much waits.
func TestWhatWaitedTooLongIsDroppedAtTheStart(t *testing.T) {
	e, s := newFake(), newStore()
	s.refuse["logs"] = fault.NoSuchBucket
	old := row("a", 1, "1\n")
	e.put(old)
	d := New(e, s, Options{Now: at(time.Unix(0, int64(old.Sequence)).Add(maxWait + time.Second))})
	if got, want := deliver(t, d), (Delivered{Dropped: 1}); got != want || e.count() != 0 {
		t.Errorf("%+v, %d rows, want %+v and none", got, e.count(), want)
	}
}

func TestMuchThatWaitsIsDroppedOldestFirst(t *testing.T) {
	e, s := newFake(), newStore()
	s.refuse["logs"] = fault.NoSuchBucket
	for i := range uint64(3) {
		e.put(row("a", i, fmt.Sprintf("%d\n", i)))
	}
	d := New(e, s, Options{Now: at(noon), MaxObject: 2})
	deliver(t, d)
	if d.waiting["a"] != 6 {
		t.Fatalf("%d bytes wait, want 6", d.waiting["a"])
	}
	d.waiting["a"] = maxWaitBytes + 3 // as if this much more had been seen
	if got, want := deliver(t, d), (Delivered{Dropped: 2, PendingBytes: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	delete(s.refuse, "logs")
	deliver(t, d)
	checkContents(t, s, "2\n")
}

// A target that comes back gets what waited, also of a plan.
func TestWhatWaitedIsDeliveredLater(t *testing.T) {
	e, s := newFake(), newStore()
	e.put(row("a", 1, "1\n"))
	s.fail = "before"
	d := New(e, s, Options{Now: at(noon)})
	if got := deliver(t, d); got.PendingBytes != 2 || got.Objects != 0 {
		t.Errorf("%+v, want 2 bytes pending", got)
	}
	e.put(row("a", 2, "2\n"))
	deliver(t, d)
	checkContents(t, s, "1\n", "2\n")
}

// A row that does not read holds nothing up and stays, for fsck to tell of.
func TestMalformedRowsAreSteppedOver(t *testing.T) {
	e, s := newFake(), newStore()
	bad := row("a", 2, "2\n")
	e.put(row("a", 1, "1\n"), bad, row("a", 3, "3\n"))
	e.rows[string(bad.Key())] = "?"
	e.rows[string(planKey(planID{1}))] = "?"
	deliver(t, New(e, s, Options{}))
	checkContents(t, s, "1\n", "3\n")
	if n := e.count(); n != 2 {
		t.Errorf("%d rows left, want the 2 bad ones", n)
	}
}

func TestCheckRowFindsAPlanWithoutRows(t *testing.T) {
	e := newFake()
	p := samplePlan()
	e.rows[string(planKey(p.id))] = string(p.value())
	rows, err := e.Get(t.Context(), planKey(p.id))
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := CheckRow(t.Context(), e, rows[0]); err != nil || !strings.Contains(wrong, "missing") {
		t.Errorf("CheckRow = %q, %v, want that its row is missing", wrong, err)
	}
	last := sampleRow()
	last.Sequence = p.rows.last
	e.put(last)
	e.check(t)
}

func TestRunDeliversInTimeAndWhenMuchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, s := newFake(), newStore()
		d := New(e, s, Options{Every: time.Hour})
		e.put(row("a", 1, "start\n"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		synctest.Wait()
		checkContents(t, s, "start\n")

		e.put(row("a", 2, "hour\n"))
		d.Noted(5)
		time.Sleep(time.Hour - time.Second)
		checkContents(t, s, "start\n")
		if st := d.Stats(); st.PendingBytes != 5 || time.Since(st.Oldest) != time.Hour-time.Second {
			t.Errorf("pending %d bytes since %v, want 5 for an hour", st.PendingBytes, st.Oldest)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		checkContents(t, s, "start\n", "hour\n")

		much := append(bytes.Repeat([]byte("x"), MaxLines-1), '\n')
		r := row("a", 3, string(much))
		e.put(r)
		d.Noted(wakeBytes)
		synctest.Wait()
		checkContents(t, s, "start\n", "hour\n", string(much))
		if st := d.Stats(); st.PendingBytes != 0 || !st.Oldest.IsZero() || st.Objects != 3 {
			t.Errorf("%+v, want 3 objects and nothing pending", st)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
}

func TestDeliveryIsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := New(newFake(), newStore(), Options{})
	<-d.token // somebody else delivers
	if _, err := d.DeliverOnce(ctx); !fault.Is(err, fault.Canceled) || !errors.Is(err, context.Canceled) {
		t.Errorf("DeliverOnce = %v, want Canceled", err)
	}
}
