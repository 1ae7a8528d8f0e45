package meter

import (
	"fmt"
	"testing"
	"time"
)

// Every recorder on one bucket and operation: the flash crowd.
func BenchmarkRecordOneBucket(b *testing.B) {
	m := New(newFake(), Options{})
	e := get("bucket", 16384)
	warm(m, []Event{e})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Record(e)
		}
	})
}

// A thousand buckets with a flush beside the recorders as often as Run does it.
func BenchmarkRecordManyBuckets(b *testing.B) {
	m := New(newFake(), Options{})
	events := make([]Event, 1024)
	for i := range events {
		events[i] = get(fmt.Sprintf("bucket-%04d", i), 16384)
	}
	warm(m, events)
	done := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Second):
				_ = m.Flush(b.Context())
			}
		}
	}()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			m.Record(events[i%len(events)])
		}
	})
	close(stop)
	<-done
}

// warm brings every event into every shard.
func warm(m *Meter, events []Event) {
	for i := range m.shards {
		for j := range events {
			m.shards[i].add(&events[j])
		}
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	m := New(newFake(), Options{})
	e := get("bucket", 1)
	warm(m, []Event{e})
	if n := testing.AllocsPerRun(1000, func() { m.Record(e) }); n != 0 {
		t.Errorf("%v allocations per Record, want 0", n)
	}
}

// What an event costs whose record is of usual length and was rendered before. Flushes are beside the recorders, and
// not counted.
func BenchmarkRecordLogged(b *testing.B) {
	m := New(newFake(), Options{})
	e := get("bucket", 16384)
	e.Log = Log{Lines: logLine(&e, 500), Target: logTarget}
	b.ReportAllocs()
	for n := 1; b.Loop(); n++ {
		m.Record(e)
		if n%8192 == 0 { // as Run does when records gather
			b.StopTimer()
			if err := m.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	if n := m.DroppedLines(); n > 0 {
		b.Errorf("%d records dropped", n)
	}
}
