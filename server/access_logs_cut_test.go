package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/meter"
)

// logDisk takes a clone of itself, as a power cut would leave it, at a write that was chosen beforehand.
type logDisk struct {
	mem *vfs.MemFS
	rng *rand.Rand

	mu    sync.Mutex // guards what follows
	next  int        // writing operations until the cut; none is taken before it was set
	cut   *vfs.MemFS // nil until then
	acked int        // events that were flushed so far in this life
	kept  int        // of these when the power was cut
}

// MaybeError injects no error, it takes the cut.
func (d *logDisk) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.next--; d.next == 0 {
		d.kept = d.acked
		d.cut = d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[d.rng.IntN(3)], RNG: d.rng})
	}
	return nil
}

// cutAfter has the cut taken at the nth writing operation from here.
func (d *logDisk) cutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next = n
}

func (d *logDisk) String() string { return "power cut" }

func (d *logDisk) isCut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cut != nil
}

// logTraffic makes random events, each of which says in its record what it counts.
type logTraffic struct {
	rng   *rand.Rand
	start time.Time
	made  int          // events; the number of an event is its name
	tails map[int]int  // records of an event that count nothing, behind the first
	sure  map[int]bool // events that were flushed before the power was cut
}

func (l *logTraffic) event() meter.Event {
	bucket := fmt.Sprintf("source-%d", l.rng.IntN(3))
	e := meter.Event{
		At: l.start.Add(time.Duration(l.rng.IntN(3)) * time.Hour), Account: "toad", Bucket: bucket,
		Operation: []meter.Operation{meter.GetObject, meter.PutObject, meter.DeleteObject}[l.rng.IntN(3)],
		Source:    []meter.Source{meter.REST, meter.BitTorrent}[l.rng.IntN(2)],
		Tier:      []meter.Tier{meter.TierNone, meter.Tier1, meter.Tier2}[l.rng.IntN(3)], Requests: 1,
	}
	if e.Operation != meter.DeleteObject {
		e.BytesIn, e.BytesOut = l.rng.Int64N(1<<40), l.rng.Int64N(1<<40)
	}
	line := fmt.Sprintf("%d %s %s %d %d %d", l.made, e.Bucket, e.Operation, e.Tier, e.BytesIn, e.BytesOut)
	if l.rng.IntN(50) == 0 {
		l.tails[l.made] = 60 // more than a row takes
	}
	line += strings.Repeat(" ", l.rng.IntN(900)) + "\n"
	for i := range l.tails[l.made] {
		line += fmt.Sprintf("+%d.%d%s\n", l.made, i, strings.Repeat(" ", 1000))
	}
	e.Log = meter.Log{Lines: []byte(line), Target: &accesslog.Target{
		Bucket: "logs", Prefix: bucket + "/", Format: accesslog.Format(l.rng.IntN(40) / 39 * l.rng.IntN(3)),
	}}
	l.made++
	return e
}

// sumOf is what a log or a report says of a bucket, operation and usage type.
type sumOf struct {
	bucket, operation, usageType string
}

// TestAccessLogsThroughPowerCuts counts and delivers while the power is cut again and again, in the middle of flushes and
// deliveries. In the end the log objects say what the usage report says, no record is there twice, and none is
// missing that was flushed.
func TestAccessLogsThroughPowerCuts(t *testing.T) {
	disks, lives := 6, 50 // each of a fresh start: a clone costs what the disk holds
	if testing.Short() {
		disks, lives = 1, 15
	}
	seed := uint64(time.Now().UnixNano())
	for i := range disks {
		t.Run(fmt.Sprint("disk", i), func(t *testing.T) {
			t.Logf("seed %d", seed)
			cutPower(t, rand.New(rand.NewPCG(seed, uint64(i))), lives)
		})
	}
}

// cutPower lives so many lives on one disk.
func cutPower(t *testing.T, rng *rand.Rand, lives int) {
	t.Helper()
	disk := vfs.NewCrashableMem()
	h := openLogHouse(t, disk, accesslog.Options{})
	h.bucket(t, "logs", "toad", access.ObjectWriter)
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	traffic := &logTraffic{
		rng: rng, start: time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC), tails: make(map[int]int), sure: make(map[int]bool),
	}
	for range lives {
		disk = liveAndDie(t, disk, traffic)
		if t.Failed() {
			t.FailNow()
		}
	}
	h = openLogHouse(t, disk, accesslog.Options{})
	if _, err := h.logs.DeliverOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	traffic.check(t, h)
	h.end(t)
}

// liveAndDie runs a server until the power is cut, and returns what that leaves of the disk.
func liveAndDie(t *testing.T, mem *vfs.MemFS, l *logTraffic) *vfs.MemFS {
	t.Helper()
	d := &logDisk{mem: mem, rng: rand.New(rand.NewPCG(l.rng.Uint64(), 1))}
	h := openLogHouse(t, errorfs.Wrap(mem, d), accesslog.Options{MaxObject: 1 + l.rng.Int64N(100_000)})
	d.cutAfter(1 + l.rng.IntN(40))
	first := l.made
	for !d.isCut() {
		for range l.rng.IntN(15) {
			h.meter.Record(l.event())
		}
		if l.rng.IntN(3) > 0 {
			if err := h.meter.Flush(t.Context()); err != nil {
				t.Fatalf("flush: %v", err)
			}
			d.mu.Lock()
			d.acked = l.made - first
			d.mu.Unlock()
		}
		if l.rng.IntN(4) == 0 {
			if _, err := h.logs.DeliverOnce(t.Context()); err != nil {
				t.Fatalf("deliver: %v", err)
			}
		}
	}
	if n := h.meter.DroppedLines() + h.meter.Dropped(); n != 0 {
		t.Errorf("%d records or events dropped", n)
	}
	if err := h.close(); err != nil {
		t.Errorf("close: %v", err)
	}
	for i := range d.kept {
		l.sure[first+i] = true
	}
	return d.cut
}

// check holds the log objects against the usage report and against what was made.
func (l *logTraffic) check(t *testing.T, h *logHouse) {
	t.Helper()
	log := make(map[sumOf]int64)
	seen, tails := make(map[int]bool), make(map[string]bool)
	keys := h.keys(t, "logs")
	for _, key := range keys {
		_, content := h.read(t, "logs", key)
		for line := range strings.Lines(content) {
			if line[0] == '+' {
				if name := strings.TrimSpace(line); tails[name] {
					t.Errorf("record %s is there twice", name)
				} else {
					tails[name] = true
				}
				continue
			}
			id, bucket := l.add(t, log, line)
			if seen[id] {
				t.Errorf("record %d is there twice", id)
			}
			seen[id] = true
			if !strings.HasPrefix(key, bucket+"/") {
				t.Errorf("record of %s in %s", bucket, key)
			}
		}
	}
	l.checkKept(t, seen, tails)
	rows, err := h.meter.Report(t.Context(), meter.Query{From: l.start, To: l.start.Add(4 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	report := make(map[sumOf]int64)
	for _, r := range rows {
		report[sumOf{r.Resource, r.Operation.String(), r.UsageType.String()}] += r.UsageValue
	}
	for k, n := range log {
		if n == 0 {
			delete(log, k)
		} else if report[k] != n {
			t.Errorf("%v: the log says %d, the report %d", k, n, report[k])
		}
	}
	if len(report) != len(log) || len(report) == 0 {
		t.Errorf("the report has %d sums, the log %d", len(report), len(log))
	}
	t.Logf("%d events, %d flushed before a cut, %d logged in %d objects", l.made, len(l.sure), len(seen), len(keys))
}

// add adds what a record counts to sums.
func (l *logTraffic) add(t *testing.T, sums map[sumOf]int64, line string) (id int, bucket string) {
	t.Helper()
	var operation string
	var tier meter.Tier
	var in, out int64
	if _, err := fmt.Sscan(line, &id, &bucket, &operation, &tier, &in, &out); err != nil {
		t.Fatalf("record %q: %v", line, err)
	}
	switch tier {
	case meter.Tier1:
		sums[sumOf{bucket, operation, "Requests-Tier1"}]++
	case meter.Tier2:
		sums[sumOf{bucket, operation, "Requests-Tier2"}]++
	}
	sums[sumOf{bucket, operation, "DataTransfer-In-Bytes"}] += in
	sums[sumOf{bucket, operation, "DataTransfer-Out-Bytes"}] += out
	return id, bucket
}

// checkKept: what was flushed before the power went is in the log, whole.
func (l *logTraffic) checkKept(t *testing.T, seen map[int]bool, tails map[string]bool) {
	t.Helper()
	for id := range l.sure {
		if !seen[id] {
			t.Errorf("record %d was flushed and is in no log object", id)
		}
		for i := range l.tails[id] {
			if !tails[fmt.Sprintf("+%d.%d", id, i)] {
				t.Errorf("record %d of event %d was flushed and is in no log object", i, id)
			}
		}
	}
	if !testing.Short() && (len(l.sure) < l.made/4 || len(seen) == l.made) {
		t.Errorf("%d events made, %d flushed, %d logged: the test sees too little", l.made, len(l.sure), len(seen))
	}
}
