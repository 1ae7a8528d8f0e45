package meter

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	stopTimeout = 10 * time.Second // for the last flush
	// logEvery is how many failed flushes in a row make one more line in the log: with the default
	// FlushEvery, one a minute.
	logEvery = 60
	// dropLogEvery is the least time between two lines about dropped records.
	dropLogEvery = time.Minute
)

// Run flushes until ctx is done, and then flushes a last time. It returns the error of that
// last flush, whose sums are lost with the process; other errors are logged and tried again.
func (m *Meter) Run(ctx context.Context) error {
	ticker := time.NewTicker(m.o.FlushEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
			m.flushLogged(ctx)
		case <-m.wake:
			m.flushLogged(ctx)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := m.Flush(last); err != nil {
		return fmt.Errorf("stop meter: %w", err)
	}
	return nil
}

// flushLogged flushes, and logs the first of every logEvery failures in a row and the recovery from them.
func (m *Meter) flushLogged(ctx context.Context) {
	if m.acquire(ctx) != nil {
		return // stopping: the last flush follows
	}
	defer m.release()
	err := m.flush(ctx)
	m.logDroppedLines(ctx)
	switch {
	case err == nil && m.failures > 0:
		m.o.Logger.LogAttrs(ctx, slog.LevelInfo, "usage is written again", slog.Int("failed_flushes", m.failures))
		m.failures = 0
	case err != nil && ctx.Err() == nil:
		if m.failures%logEvery == 0 {
			m.o.Logger.LogAttrs(ctx, slog.LevelError, "usage is not written; it is kept in memory and tried again",
				slog.Any("error", err), slog.Int("failed_flushes", m.failures+1), slog.Int64("dropped_events", m.Dropped()))
		}
		m.failures++
	}
}

// logDroppedLines logs that records of access logs were dropped, once a minute at most.
func (m *Meter) logDroppedLines(ctx context.Context) {
	n, now := m.droppedLines.Load(), m.o.Now()
	if n == m.toldLines || now.Sub(m.toldAt) < dropLogEvery {
		return
	}
	m.o.Logger.LogAttrs(ctx, slog.LevelError, "records of access logs are dropped; their requests are counted",
		slog.Int64("dropped_records", n-m.toldLines))
	m.toldLines, m.toldAt = n, now
}
