package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// load is what every command that loads a running server is told.
type load struct {
	PID  int `name:"pid" help:"Process whose CPU is measured."`
	Runs int `default:"3" help:"Runs; the median is printed."`
}

// run is what one run moved and took.
type run struct {
	wall, cpu time.Duration // cpu is 0 without a pid
	bytes     int64         // payload
	ops       int64         // requests answered
}

// figure is a value of each run, with its name and unit.
type figure struct {
	name string
	of   func(run) float64
}

func (f figure) values(runs []run) []float64 {
	values := make([]float64, 0, len(runs))
	for _, r := range runs {
		values = append(values, f.of(r))
	}
	return values
}

func megabytesPerSecond(r run) float64 { return float64(r.bytes) / 1e6 / r.wall.Seconds() }
func cpuPerGiB(r run) float64          { return r.cpu.Seconds() / (float64(r.bytes) / (1 << 30)) }
func perSecond(r run) float64          { return float64(r.ops) / r.wall.Seconds() }
func cpuPerOp(r run) float64           { return float64(r.cpu.Microseconds()) / float64(r.ops) }

// throughput are the figures of large transfers.
func throughput() []figure {
	return []figure{{"MB/s", megabytesPerSecond}, {"server-cpu-s/GiB", cpuPerGiB}}
}

// rate are the figures of many small requests.
func rate() []figure {
	return []figure{{"ops/s", perSecond}, {"server-cpu-us/op", cpuPerOp}}
}

// measure calls f for each run and prints the figures. f returns the bytes and the requests of its run.
func (l *load) measure(title string, figures []figure, f func(n int) (bytes, ops int64, err error)) error {
	var runs []run
	for n := range l.Runs {
		before, err := l.cpu()
		if err != nil {
			return err
		}
		begin := time.Now()
		bytes, ops, err := f(n)
		if err != nil {
			return fmt.Errorf("%s, run %d: %w", title, n+1, err)
		}
		r := run{wall: time.Since(begin), bytes: bytes, ops: ops}
		after, err := l.cpu()
		if err != nil {
			return err
		}
		r.cpu = after - before
		runs = append(runs, r)
	}
	var line strings.Builder
	fmt.Fprintf(&line, "%-28s", title)
	for _, fig := range figures {
		fmt.Fprintf(&line, "  %s=%s", fig.name, spread(fig.values(runs)))
	}
	fmt.Println(line.String())
	return nil
}

func (l *load) cpu() (time.Duration, error) {
	if l.PID == 0 {
		return 0, nil
	}
	return cpuTime(l.PID)
}

// spread prints the median of values, and the least and the greatest when there are several.
func spread(values []float64) string {
	middle, n := median(values), len(values)
	if n == 1 {
		return fmt.Sprintf("%.4g", middle)
	}
	return fmt.Sprintf("%.4g (%.4g-%.4g)", middle, values[0], values[n-1])
}

// median sorts values, of which there is one or more.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	if n%2 == 0 {
		return (values[n/2] + values[n/2-1]) / 2
	}
	return values[n/2]
}
