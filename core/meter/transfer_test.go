package meter

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// summed is a Recorder that adds bytes sent up, and the Reporter of their sum.
type summed struct{ sent atomic.Int64 }

func (w *summed) Record(e Event) { w.sent.Add(e.BytesOut) }

func (w *summed) Report(context.Context, Query) ([]Row, error) {
	return []Row{{UsageType: DataTransferOut, UsageValue: w.sent.Load()}}, nil
}

// TestTransfersCountOnce: in whatever order transfers begin, go on and end, and reports are read, and whenever somebody begins to
// ask, what has gone counts at once, and once.
func TestTransfersCountOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	bucket, account := Scope{"a", "b"}, Scope{Account: "a"}
	for range 200 {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		w := &summed{}
		m := NewMonths(w, w, func() time.Time { return now })
		var underWay []*Transfer
		var sent []int64 // of those; of all
		var all int64
		for range 60 {
			i := r.IntN(len(underWay) + 1)
			if i == len(underWay) {
				begun := Begin(m, bucket, now)
				underWay, sent = append(underWay, &begun), append(sent, 0)
			}
			n := r.Int64N(100)
			all += n
			sent[i] += n
			if r.IntN(4) > 0 {
				underWay[i].Sent(sent[i])
			} else { // its last bytes come with the event
				m.Record(Event{Account: "a", Bucket: "b", BytesOut: sent[i], Transfer: underWay[i]})
				underWay, sent = slices.Delete(underWay, i, i+1), slices.Delete(sent, i, i+1)
			}
			if r.IntN(10) > 0 {
				continue
			}
			now = now.Add(time.Minute)
			for _, s := range []Scope{bucket, account} {
				if err := m.Keep(t.Context(), s, time.Second); err != nil {
					t.Fatal(err)
				}
			}
			for i := range underWay {
				underWay[i].Sent(sent[i] + 1) // looks for who asks
				sent[i]++
				all++
			}
			wantSent(t, m, bucket, all)
			wantSent(t, m, account, all)
		}
	}
}

// TestTransferOfAnEventOfLess: what no event tells of is taken back, as is what an answer that nobody pays for sent.
func TestTransferOfAnEventOfLess(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w := &summed{}
	m := NewMonths(w, w, func() time.Time { return now })
	s := Scope{"a", "b"}
	if err := m.Keep(t.Context(), s, 0); err != nil {
		t.Fatal(err)
	}
	of := Begin(m, s, now)
	if of.Sent(10); of.InEvent() != &of {
		t.Error("it does not count")
	}
	wantSent(t, m, s, 10)
	m.Record(Event{Account: "a", Bucket: "b", Transfer: &of})
	wantSent(t, m, s, 0)
	other := Begin(m, Scope{"a", "other"}, now)
	if other.Sent(10); other.InEvent() != nil {
		t.Error("a transfer of another bucket counts")
	}
	wantSent(t, m, s, 0)
	past := Begin(m, s, now.Add(-time.Second))
	if past.Sent(10); past.InEvent() != nil {
		t.Error("a transfer that began last month counts in this one")
	}
	none := Begin(w, s, now)
	if none.Sent(10); none.InEvent() != nil {
		t.Error("a transfer counts without Months")
	}
}

// TestTransfersOfMany: what many send at a time is never too little, nor, but for what is recorded while a report is read, too much.
func TestTransfersOfMany(t *testing.T) {
	const writers, answers, stretches, stretch = 8, 50, 10, 7
	for name, again := range map[string]bool{"one report": false, "reports all the time": true} {
		t.Run(name, func(t *testing.T) {
			w := &summed{}
			var tick atomic.Int64
			m := NewMonths(w, w, func() time.Time { return time.UnixMilli(1_800_000_000_000 + tick.Add(1)) })
			s := Scope{"a", "b"}
			if err := m.Keep(t.Context(), s, 0); err != nil {
				t.Fatal(err)
			}
			var going sync.WaitGroup
			var gone atomic.Int64
			for range writers {
				going.Go(func() {
					for range answers {
						of := Begin(m, s, time.Unix(1_800_000_000, 0))
						for i := range int64(stretches) {
							of.Sent((i + 1) * stretch)
							gone.Add(stretch)
						}
						m.Record(Event{At: time.Unix(1_800_000_000, 0), Account: "a", Bucket: "b", BytesOut: stretches * stretch, Transfer: &of})
					}
				})
			}
			over := make(chan struct{})
			go func() { going.Wait(); close(over) }()
			for done := false; !done; {
				select {
				case <-over:
					done = true
				default:
				}
				least := gone.Load()
				got, ok := m.Sent(s)
				most := gone.Load() + writers*stretch // Sent, and not in gone yet
				if !ok || got < least || !again && got > most {
					t.Fatalf("%d sent, want %d to %d", got, least, most)
				}
				if again {
					if err := m.Keep(t.Context(), s, time.Nanosecond); err != nil {
						t.Fatal(err)
					}
				}
			}
			wantSent(t, m, s, writers*answers*stretches*stretch)
		})
	}
}

// TestTransfersOfNobodyCostNothing: they take no memory, asked for or not.
func TestTransfersOfNobodyCostNothing(t *testing.T) {
	m := NewMonths(&told{}, nothing{}, time.Now)
	at, s := time.Now(), Scope{"a", "b"}
	answer := func() {
		of := Begin(m, s, at)
		of.Sent(1)
		of.Sent(2)
		m.Record(Event{At: at, Account: "a", Bucket: "b", BytesOut: 3})
	}
	for _, ask := range []Scope{{}, {Account: "other"}, s} {
		if ask != (Scope{}) {
			if err := m.Keep(t.Context(), ask, 0); err != nil {
				t.Fatal(err)
			}
		}
		if n := testing.AllocsPerRun(100, answer); n != 0 {
			t.Errorf("%v allocations with %v asked for, want none", n, ask)
		}
	}
}
