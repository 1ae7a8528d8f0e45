package meter

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/storage/kv"
)

var logTarget = &accesslog.Target{Bucket: "logs", Prefix: "p/"}

// logLine is a record that says what its event counts, and is padded to size bytes.
func logLine(e *Event, size int) []byte {
	line := fmt.Appendf(nil, "%s %s %d %d %d %d", e.Bucket, e.Operation, e.Tier, e.Requests, e.BytesIn, e.BytesOut)
	return append(append(line, bytes.Repeat([]byte(" "), max(0, size-len(line)-1))...), '\n')
}

// logged returns a GET of n bytes of a bucket with a log.
func logged(bucket string, n int64) Event {
	e := get(bucket, n)
	e.Log = Log{Lines: logLine(&e, 0), Target: logTarget}
	return e
}

// lineSums adds up what the records in the rows of e say.
func (e *fakeEngine) lineSums(t rapid.TB) (sums map[string]int64, lines int) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	sums = make(map[string]int64)
	for k, v := range e.rows {
		if k[0] != accesslog.Table {
			continue
		}
		row, err := accesslog.ParseRow([]byte(k), []byte(v))
		if err != nil {
			t.Fatalf("row %q: %v", k, err)
		}
		for line := range bytes.Lines(row.Lines) {
			var bucket, operation string
			var tier Tier
			var requests, in, out int64
			if _, err := fmt.Sscan(string(line), &bucket, &operation, &tier, &requests, &in, &out); err != nil {
				continue // a record that counts nothing
			}
			lines++
			switch tier {
			case Tier1:
				sums[bucket+" "+operation+" Requests-Tier1"] += requests
			case Tier2:
				sums[bucket+" "+operation+" Requests-Tier2"] += requests
			}
			sums[bucket+" "+operation+" DataTransfer-In-Bytes"] += in
			sums[bucket+" "+operation+" DataTransfer-Out-Bytes"] += out
		}
	}
	maps.DeleteFunc(sums, func(_ string, n int64) bool { return n == 0 })
	return sums, lines
}

// rowSums adds up the usage rows of e of buckets whose name begins with prefix.
func (e *fakeEngine) rowSums(t rapid.TB, prefix string) map[string]int64 {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	sums := make(map[string]int64)
	for k, v := range e.rows {
		if k[0] != rowPrefix {
			continue
		}
		r, err := decodeRow([]byte(k), []byte(v))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(r.bucket, prefix) {
			sums[r.bucket+" "+r.operation.String()+" "+r.usageType.String()] += r.amount.div(1)
		}
	}
	return sums
}

// checkLogAgrees holds the rows of logs against the rows of sums: whatever is durable of one is durable of the other.
func (e *fakeEngine) checkLogAgrees(t rapid.TB) {
	t.Helper()
	log, _ := e.lineSums(t)
	if sums := e.rowSums(t, ""); !maps.Equal(log, sums) {
		t.Fatalf("the log says\n%v\nthe sums are\n%v", log, sums)
	}
}

// After each single commit of flushes that take many, log and sums agree; some fail, applied or not.
func TestLogAndSumsAgreeAfterEachCommit(t *testing.T) {
	for name, maybe := range map[string]bool{"refused": false, "applied with an error": true} {
		t.Run(name, func(t *testing.T) {
			e := newFake()
			m := New(e, Options{Now: fixedClock(noon)})
			e.after = func() { e.checkLogAgrees(t) }
			e.maybe = maybe
			events := 0
			for round := range 5 {
				for i := range 300 {
					ev := get(fmt.Sprintf("b%d", i%7), int64(1+i))
					if i%3 == 0 {
						ev.Operation, ev.Tier = DeleteObject, TierNone
						ev.Requests, ev.BytesOut = 1, 0 // counts nothing, and is logged
					}
					ev.Log = Log{Lines: logLine(&ev, 1+i*60), Target: logTarget}
					m.Record(ev)
					events++
				}
				e.setFail(nil)
				if round%2 == 1 {
					e.failAfter((round + 1) / 2) // this commit of the flush
				}
				if err := m.Flush(t.Context()); (err != nil) != (round%2 == 1) {
					t.Fatalf("round %d: Flush = %v", round, err)
				}
			}
			e.setFail(nil)
			flush(t, m)
			if _, lines := e.lineSums(t); lines != events || len(e.rowSums(t, "")) != 14 {
				t.Errorf("%d records of %d events, %d sums, want 14", lines, events, len(e.rowSums(t, "")))
			}
			if n := m.lineBytes.Load(); n != 0 {
				t.Errorf("%d bytes of records are still held", n)
			}
			for _, n := range e.written {
				if n > kv.MaxCommitOps {
					t.Errorf("commit of %d writes", n)
				}
			}
		})
	}
}

// The records of one event that do not fit one row come after the one that counts it.
func TestRecordsOfOneEventOverSeveralRows(t *testing.T) {
	e := newFake()
	m := New(e, Options{Now: fixedClock(noon)})
	ev := logged("b", 7)
	ev.Log.Owner = "owner"
	tail := append(bytes.Repeat([]byte("-"), 999), '\n')
	const tails = 1000 // of a multi-object delete: more than one commit takes
	for range tails {
		ev.Log.Lines = append(ev.Log.Lines, tail...)
	}
	want := bytes.Clone(ev.Log.Lines)
	m.Record(ev)
	clear(ev.Log.Lines) // the caller's again
	e.after = func() { e.checkLogAgrees(t) }
	flush(t, m)
	if got := e.logOf(t, "b"); !bytes.Equal(got, want) {
		t.Errorf("%d bytes in the rows, want the %d of the event in order", len(got), len(want))
	}
	if e.commits < 2 {
		t.Errorf("%d commits, want several", e.commits)
	}
}

// logOf returns the records of a bucket in order of key, and checks its rows.
func (e *fakeEngine) logOf(t *testing.T, bucket string) (lines []byte) {
	t.Helper()
	rows, _, err := e.Scan(t.Context(), []byte{accesslog.Table}, []byte{accesslog.Table + 1}, kv.ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		r, err := accesslog.ParseRow(row.Key, row.Value)
		if err != nil {
			t.Fatal(err)
		}
		if r.Bucket == bucket {
			lines = append(lines, r.Lines...)
		}
	}
	return lines
}

// What a row says beside its records; another owner or target is another row.
func TestRowsOfALog(t *testing.T) {
	e := newFake()
	m := New(e, Options{Now: fixedClock(noon)})
	other := &accesslog.Target{Bucket: "logs", Prefix: "q/", Grants: []access.Grant{{Permission: access.Read}}}
	same := *logTarget
	for _, l := range []Log{
		{Target: logTarget}, {Target: &same}, {Target: other}, {Target: other, Owner: "owner"},
	} {
		ev := get("b", 1)
		l.Lines = logLine(&ev, 0)
		ev.Log = l
		m.shards[0].add(&ev) // all in one, in order
	}
	flush(t, m)
	var got []string
	for k, v := range e.rows {
		if k[0] == accesslog.Table {
			r, err := accesslog.ParseRow([]byte(k), []byte(v))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s %d %s %s %d", r.Bucket, r.Hour, cmp.Or(r.Owner, "-"), r.Target.Prefix, bytes.Count(r.Lines, []byte{'\n'})))
		}
	}
	want := []string{"b 373524 acct p/ 2", "b 373524 acct q/ 1", "b 373524 owner q/ 1"}
	checkSet(t, got, want)
}

func checkSet(t *testing.T, got, want []string) {
	t.Helper()
	count := make(map[string]int)
	for _, s := range got {
		count[s]++
	}
	for _, s := range want {
		count[s]--
	}
	for _, n := range count {
		if n != 0 {
			t.Errorf("got %q, want %q", got, want)
			return
		}
	}
}

// A row of a commit that failed may be there: it is not below what is settled, and is written again as it was.
func TestRowsOfAFailedCommitStayAsTheyWere(t *testing.T) {
	e := newFake()
	e.maybe = true
	m := New(e, Options{Now: fixedClock(noon)})
	m.Record(logged("b", 1))
	e.setFail(kv.ErrMaybe)
	if err := m.Flush(t.Context()); !errors.Is(err, kv.ErrMaybe) {
		t.Fatalf("Flush = %v", err)
	}
	before := maps.Clone(e.rows)
	if _, settled := m.Settled(); settled != 0 {
		t.Errorf("settled up to %d while the only commit is in doubt", settled)
	}
	m.Record(logged("b", 2)) // of the same sum: not into the row that may be there
	e.setFail(nil)
	flush(t, m)
	rows := 0
	epoch, settled := m.Settled()
	for k, v := range e.rows {
		if k[0] != accesslog.Table {
			continue
		}
		rows++
		if old, there := before[k]; there && old != v {
			t.Errorf("row %q was changed", k)
		}
		if r, err := accesslog.ParseRow([]byte(k), []byte(v)); err != nil || r.Epoch != epoch || r.Sequence >= settled {
			t.Errorf("row %+v, %v, want one of %x below %d", r, err, epoch, settled)
		}
	}
	if rows != 2 {
		t.Errorf("%d rows, want 2", rows)
	}
	e.checkLogAgrees(t)
}

// Rows of a commit that failed may be there: they are not parted when there is less room for them, or the sum would fall
// behind them.
func TestRowsOfAFailedCommitStayTogether(t *testing.T) {
	e := newFake()
	m := New(e, Options{Now: fixedClock(noon)})
	large := func(bucket string, rows int) {
		for range rows {
			ev := get(bucket, 1)
			ev.Log = Log{Lines: logLine(&ev, accesslog.MaxLines), Target: logTarget}
			m.shards[bucket[0]-'a'].add(&ev) // shards are drained in order
		}
	}
	large("a", 1)
	large("b", 12)
	e.maybe, e.after = true, func() { e.checkLogAgrees(t) }
	e.setFail(kv.ErrMaybe)
	if err := m.Flush(t.Context()); !errors.Is(err, kv.ErrMaybe) {
		t.Fatalf("Flush = %v", err)
	}
	large("a", 15)
	e.setFail(nil)
	flush(t, m)
	if _, lines := e.lineSums(t); lines != 28 || e.commits < 3 {
		t.Errorf("%d records in %d commits, want 28 in several", lines, e.commits)
	}
}

// Rows that were written before a later commit of their flush failed are settled by the next flush, also without new ones.
func TestRowsAreSettledWhenAllIsWritten(t *testing.T) {
	e := newFake()
	told := int64(0)
	m := New(e, Options{Now: fixedClock(noon), Logged: func(n int64) { told += n }})
	first := logged("b", 1)
	m.shards[0].add(&first) // shards are drained in order
	for i := range 100 {
		other := get(fmt.Sprintf("c%d", i), 1)
		m.shards[1].add(&other)
	}
	e.failAfter(2)
	if err := m.Flush(t.Context()); !errors.Is(err, errTest) {
		t.Fatalf("Flush = %v", err)
	}
	if _, settled := m.Settled(); settled != 0 || told != 0 || len(e.logOf(t, "b")) == 0 {
		t.Errorf("settled up to %d, told of %d bytes after a flush that failed", settled, told)
	}
	e.setFail(nil)
	flush(t, m)
	if _, settled := m.Settled(); settled != m.ledger.sequence+1 || told != int64(len(first.Log.Lines)) {
		t.Errorf("settled up to %d, told of %d bytes, want all of %d", settled, told, len(first.Log.Lines))
	}
}
