package s3api

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// stallReader reads a request's body. Each stretch of minReadStretch bytes has bodyStallTimeout to come in;
// time that the server takes between two reads is not the client's.
type stallReader struct {
	src     io.Reader
	control *http.ResponseController
	since   int           // bytes of this stretch
	waited  time.Duration // for this stretch
	over    bool          // the end, or an error, was seen
	overAt  time.Time     // when
}

// Read implements io.Reader.
func (s *stallReader) Read(p []byte) (int, error) {
	start := time.Now()
	// A connection that has no deadlines (a test's recorder) is not guarded.
	_ = s.control.SetReadDeadline(start.Add(bodyStallTimeout - s.waited))
	n, err := s.src.Read(p)
	s.waited += time.Since(start)
	if s.since += n; s.since >= minReadStretch {
		s.since, s.waited = 0, 0
	}
	if err != nil {
		s.over, s.overAt = true, time.Now()
		// net/http goes on reading behind the body, to see whether the client leaves.
		_ = s.control.SetReadDeadline(time.Time{})
		err = bodyError(err)
	}
	return n, err
}

// bodyError tells a client that is too slow, or gone, from faults of ours.
func bodyError(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	e := errorOf(codeIncompleteBody, "")
	if errors.Is(err, os.ErrDeadlineExceeded) {
		e = errorOf(codeRequestTimeout, "")
	}
	e.err = err
	return e
}

// stallWriter writes an answer under a deadline that is moved on for each stretch of maxWriteStretch bytes,
// and counts the bytes. It hands files on to the kernel.
type stallWriter struct {
	dst     http.ResponseWriter
	control *http.ResponseController
	written int64
	content outgoing // of an object; zero for other answers
	lost    bool     // the client takes, or gets, no more: what fails now is not ours
}

func (s *stallWriter) extend() {
	_ = s.control.SetWriteDeadline(time.Now().Add(bodyStallTimeout))
}

// next begins a stretch, or says why there is none.
func (s *stallWriter) next() error {
	s.extend()
	return s.content.next(s.written)
}

// Write implements io.Writer.
func (s *stallWriter) Write(p []byte) (total int, err error) {
	for len(p) > 0 && err == nil {
		if err = s.next(); err != nil {
			break
		}
		var n int
		n, err = s.dst.Write(p[:min(len(p), maxWriteStretch)])
		s.written += int64(n)
		total += n
		p = p[n:]
	}
	s.lost = s.lost || err != nil
	return total, err
}

// ReadFrom implements io.ReaderFrom, for io.Copy: net/http gives what it reads from a file to sendfile.
func (s *stallWriter) ReadFrom(src io.Reader) (total int64, err error) {
	left := int64(-1)
	if l, ok := src.(*io.LimitedReader); ok {
		src, left = l.R, l.N
		defer func() { l.N -= total }()
	}
	for left != 0 {
		stretch := &io.LimitedReader{R: src, N: maxWriteStretch}
		if left > 0 {
			stretch.N = min(left, maxWriteStretch)
		}
		want := stretch.N
		if err := s.next(); err != nil {
			s.lost = true
			return total, err
		}
		n, err := io.Copy(s.dst, stretch)
		s.written += n
		total += n
		if left > 0 {
			left -= n
		}
		if err != nil || n < want {
			s.lost = s.lost || isNetError(err)
			return total, err
		}
	}
	return total, nil
}

// isNetError tells an error of the connection from one of the file that was sent.
func isNetError(err error) bool {
	var e *net.OpError
	return errors.As(err, &e)
}
