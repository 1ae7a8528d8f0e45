package object

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"shoal/core/fault"
	"shoal/storage/blob"
)

// bodyRequest is a body to store. Size is -1 when unknown. A body of at most inlineMax bytes is kept in
// memory, for a row.
type bodyRequest struct {
	body      io.Reader
	size      int64
	want      Integrity
	inlineMax int64
	seal      seal
}

// storedBody is a body that was read whole, verified, and is durable or inline.
type storedBody struct {
	size     int64
	etag     ETag
	checksum Checksum
	fallback Checksum // see Integrity
	inline   []byte   // when isInline
	blob     blob.ID  // otherwise
	isInline bool
	isSealed bool
}

func (b *storedBody) content() Content {
	if b.isInline {
		return Content{Inline: true}
	}
	return Content{Extents: b.extents(), ExtentCount: 1}
}

func (b *storedBody) extents() []Extent {
	if b.isInline {
		return nil
	}
	e := Extent{Blob: b.blob, Length: b.size}
	if b.isSealed {
		e.Sealed = b.size
	}
	return []Extent{e}
}

// fresh returns the blob whose intent the commit has to consume, if there is one.
func (b *storedBody) fresh() []blob.ID {
	if b.isInline {
		return nil
	}
	return []blob.ID{b.blob}
}

// storeBody reads a body once. Errors of the body are returned wrapped; a body of another size is
// IncompleteBody. On an error nothing is left at rest.
func (s *Store) storeBody(ctx context.Context, r bodyRequest) (storedBody, error) {
	if r.size > MaxObject {
		return storedBody{}, fault.New("read body", "", fault.EntityTooLarge, nil)
	}
	d, err := newDigests(r.want)
	if err != nil {
		return storedBody{}, err
	}
	body := &sizedBody{r: r.body, want: r.size}
	// A blob is not empty: extents have a length. So one byte at least is looked for.
	start, whole, err := readStart(body, max(r.inlineMax, 0), r.size)
	if err != nil {
		return storedBody{}, err
	}
	var out storedBody
	if whole {
		out, err = inlineBody(start, d, r.seal)
	} else {
		out, err = s.blobBody(ctx, io.MultiReader(bytes.NewReader(start), body), d, r.seal)
	}
	out.etag, out.isSealed = r.seal.etag(out.etag), r.seal.key != nil
	return out, err
}

// readStart reads what tells whether the body is inline: nothing when its size is known to be greater
// than limit, otherwise up to limit+1 bytes. whole says that start is all of it.
func readStart(body io.Reader, limit, size int64) (start []byte, whole bool, err error) {
	if size > limit {
		return nil, false, nil
	}
	room := limit + 1
	if size >= 0 {
		room = size + 1
	}
	buf := make([]byte, room)
	n, err := fill(body, buf)
	if err == io.EOF {
		return buf[:n], true, nil
	}
	return buf[:n], false, err
}

func inlineBody(content []byte, d *digests, how seal) (storedBody, error) {
	d.write(content)
	etag, sum, err := d.verify()
	if err != nil {
		return storedBody{}, err
	}
	out := storedBody{size: int64(len(content)), etag: etag, checksum: sum, fallback: d.fallbackSum(), inline: content, isInline: true}
	if how.key != nil {
		out.inline = inlineStream(how.key).Seal(content)
	}
	return out, nil
}

func (s *Store) blobBody(ctx context.Context, body io.Reader, d *digests, how seal) (storedBody, error) {
	id, err := s.takeIntent(ctx)
	if err != nil {
		return storedBody{}, err
	}
	out, err := s.stream(ctx, id, body, d, how)
	s.pressure.note(err, s.now())
	if err != nil {
		// blob.Store.Put left nothing, or failed after the name was durable: the queue deletes either.
		s.abandon(ctx, id)
		return storedBody{}, err
	}
	out.blob = id
	return out, nil
}

// fill reads until p is full or there is an error, io.EOF at the end of the body.
func fill(r io.Reader, p []byte) (n int, err error) {
	for empty := 0; n < len(p); {
		m, err := r.Read(p[n:])
		if n += m; err != nil {
			return n, err
		}
		if m > 0 {
			empty = 0
		} else if empty++; empty > maxEmptyReads {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// maxEmptyReads is how often in a row a body may return neither bytes nor an error, as in bufio.
const maxEmptyReads = 100

// sizedBody holds a body to its size, and to MaxObject, and names the errors of reading it.
type sizedBody struct {
	r    io.Reader
	want int64 // -1 when unknown
	got  int64
}

func (b *sizedBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.got += int64(n)
	switch {
	case b.want >= 0 && b.got > b.want, b.want >= 0 && err == io.EOF && b.got < b.want:
		return n, fault.New("read body", "", fault.IncompleteBody,
			fmt.Errorf("%d bytes declared, %d or more seen", b.want, b.got))
	case b.got > MaxObject:
		return n, fault.New("read body", "", fault.EntityTooLarge, nil)
	case errors.Is(err, io.ErrUnexpectedEOF) && !isFault(err):
		return n, fault.New("read body", "", fault.IncompleteBody, err)
	case err != nil && err != io.EOF:
		return n, fmt.Errorf("read body: %w", err)
	}
	return n, err
}

func isFault(err error) bool {
	var f *fault.Error
	return errors.As(err, &f)
}
