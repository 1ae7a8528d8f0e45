package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	barWidth   = 30                     // characters
	barRefresh = 100 * time.Millisecond // no terminal needs it faster
)

// progressBar draws how far a stage is on one terminal line; on anything else it draws nothing.
type progressBar struct {
	out   io.Writer
	name  string
	live  bool
	drawn time.Time
}

// update redraws the bar when it is time, and always at the end of a stage.
func (b *progressBar) update(stage string, done, total int64) {
	if now := time.Now(); b.live && (done == total || now.Sub(b.drawn) >= barRefresh) {
		b.drawn = now
		fmt.Fprintf(b.out, "\r\x1b[K%s  %-7s %s", b.name, stage, bar(done, total))
	}
}

// done ends the line.
func (b *progressBar) done() {
	if b.live {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}

// bar draws done of total bytes.
func bar(done, total int64) string {
	full := barWidth
	if total > 0 {
		full = int(done * barWidth / total)
	}
	return fmt.Sprintf("[%s%s] %s of %s", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), byteCount(done), byteCount(total))
}

// byteCount writes n in the largest binary unit of which there is at least one.
func byteCount(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	unit, size := -1, float64(n)
	for ; size >= 1024 && unit < len(units)-1; unit++ {
		size /= 1024
	}
	return fmt.Sprintf("%.1f %ciB", size, units[unit])
}
