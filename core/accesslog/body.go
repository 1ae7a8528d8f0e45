package accesslog

import (
	"context"
	"fmt"
	"io"

	"shoal/storage/kv"
)

// body reads the records of a range of rows, a page at a time.
type body struct {
	ctx      context.Context // of the put that reads it
	engine   kv.Engine
	from, to []byte
	more     bool
	rows     []kv.Row
	lines    []byte
}

func newBody(ctx context.Context, engine kv.Engine, rows rowRange) *body {
	from, to := rows.bounds()
	return &body{ctx: ctx, engine: engine, from: from, to: to, more: true}
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	for len(b.lines) == 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.lines)
	b.lines = b.lines[n:]
	return n, nil
}

// next takes the records of the next row; io.EOF after the last.
func (b *body) next() (err error) {
	if len(b.rows) == 0 {
		if !b.more {
			return io.EOF
		}
		b.rows, b.more, err = b.engine.Scan(b.ctx, b.from, b.to, kv.ScanOptions{Bytes: scanBytes})
		if err != nil {
			return fmt.Errorf("scan access log rows: %w", err)
		}
		if len(b.rows) == 0 {
			return nil
		}
		b.from = append(b.rows[len(b.rows)-1].Key, 0)
	}
	r, err := ParseRow(b.rows[0].Key, b.rows[0].Value)
	if err != nil {
		return fmt.Errorf("access log row %q: %w", b.rows[0].Key, err)
	}
	b.rows, b.lines = b.rows[1:], r.Lines
	return nil
}
