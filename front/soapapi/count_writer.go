package soapapi

import (
	"errors"
	"io"
	"math"
	"net"

	"shoal/core/meter"
)

// errBudgetUsedUp ends an answer whose client would not be served any more.
var errBudgetUsedUp = errors.New("the budget of the bucket is used up: the answer was cut off")

// countWriter counts what goes out, that of an object while it goes, until a budget refuses it. It hands files on to the
// kernel.
type countWriter struct {
	dst      io.Writer
	written  int64
	transfer meter.Transfer // of an object; zero for other answers, which count when they are over
	over     func() bool    // reports whether its client gets no more; nil for other answers
	lost     bool           // the client takes, or gets, no more: what fails now is not ours
}

// next begins a stretch, or says why there is none.
func (w *countWriter) next() error {
	if w.over == nil || w.written == 0 {
		return nil
	}
	w.transfer.Sent(w.written)
	if w.over() {
		w.lost = true
		return errBudgetUsedUp
	}
	return nil
}

// Write implements io.Writer.
func (w *countWriter) Write(p []byte) (int, error) {
	if err := w.next(); err != nil {
		return 0, err
	}
	n, err := w.dst.Write(p)
	w.written += int64(n)
	w.lost = w.lost || err != nil
	return n, err
}

// ReadFrom implements io.ReaderFrom, in stretches of maxWriteStretch bytes.
func (w *countWriter) ReadFrom(src io.Reader) (total int64, err error) {
	limit, ok := src.(*io.LimitedReader) // over a file: that is what the kernel takes
	if !ok {
		limit = &io.LimitedReader{R: src, N: math.MaxInt64}
	}
	for limit.N > 0 {
		if err := w.next(); err != nil {
			return total, err
		}
		want := min(limit.N, maxWriteStretch)
		n, err := io.Copy(w.dst, &io.LimitedReader{R: limit.R, N: want})
		limit.N -= n
		w.written += n
		total += n
		if err != nil || n < want {
			return total, err
		}
	}
	return total, nil
}

// isNetError tells an error of the connection from one of the content that was sent.
func isNetError(err error) bool {
	var e *net.OpError
	return errors.As(err, &e)
}
