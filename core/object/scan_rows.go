package object

import (
	"context"
	"math/rand/v2"
	"time"

	"shoal/storage/kv"
)

// eachRow calls f with every row of [from, to) in order, page by page: no snapshot over all. It stops at
// f's first error and returns it.
func (s *Store) eachRow(ctx context.Context, from, to []byte, keysOnly bool, f func(kv.Row) error) error {
	for {
		rows, more, err := s.kv.Scan(ctx, from, to, kv.ScanOptions{KeysOnly: keysOnly})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := f(row); err != nil {
				return err
			}
		}
		if !more || len(rows) == 0 {
			return nil
		}
		from = append(rows[len(rows)-1].Key, 0)
	}
}

// every calls work at intervals of about d until ctx ends, then returns nil. A failure is logged and
// tried again at the next turn. Intervals vary by a quarter, so that many stores on one engine spread out.
func (s *Store) every(ctx context.Context, d time.Duration, name string, work func(context.Context) error) error {
	for {
		timer := time.NewTimer(d*3/4 + rand.N(d/2))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if err := work(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("background work failed; it is tried again", "work", name, "error", err)
		}
	}
}
