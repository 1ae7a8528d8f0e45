package pebblekv

import dto "github.com/prometheus/client_model/go"

// Metrics is the state of the engine, for the operator.
type Metrics struct {
	L0Sublevels         int64  // reads slow down as they rise; writes stop at 12
	L0Files             int64  //
	WriteStalls         int64  // since Open
	CompactionDebtBytes uint64 // estimated bytes to rewrite
	DiskBytes           uint64 // all files of the engine
	MemtableBytes       uint64
	CacheBytes          int64
	Commits             uint64 // since Open, with writes
	LogSyncs            uint64 // since Open; fewer than Commits where commits share one
}

// Metrics returns the current values.
func (e *Engine) Metrics() Metrics {
	m := e.db.Metrics()
	return Metrics{
		L0Sublevels:         int64(m.Levels[0].Sublevels),
		L0Files:             m.Levels[0].TablesCount,
		WriteStalls:         e.stalls.Load(),
		CompactionDebtBytes: m.Compact.EstimatedDebt,
		DiskBytes:           m.DiskSpaceUsage(),
		MemtableBytes:       m.MemTable.Size,
		CacheBytes:          m.BlockCache.Size,
		Commits:             e.counter.Load(),
		LogSyncs:            observations(m.LogWriter.FsyncLatency),
	}
}

// observations returns how often a histogram of Pebble was fed, 0 when it cannot be read.
func observations(h interface{ Write(*dto.Metric) error }) uint64 {
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		return 0
	}
	return m.GetHistogram().GetSampleCount()
}
