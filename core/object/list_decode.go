package object

import (
	"errors"
	"fmt"
	"strings"
)

// Room of a listDecoder: it grows, so that a short page costs little.
const (
	fewVersions, manyVersions = 8, 256
	fewTextBytes              = 1 << 10
	manyTextBytes             = 32 << 10
)

// listDecoder decodes the versions of a page. It makes no allocation for each: versions and their strings stand in
// blocks, which live as long as one of them is in use. The zero value works.
type listDecoder struct {
	room  []Version
	block int // length of the last room
	text  strings.Builder
	last  [versionFieldHeader]string // by field: owners and classes are mostly those of the version before
}

// errListed ends the reading of a record: a listing prints none of the fields that come.
var errListed = errors.New("read what is listed")

// decodeListed is decodeVersion without Header, ACL and Content, which a listing does not print.
func decodeListed(bucket BucketID, objectKey string, record []byte) (*Version, error) {
	return readListed(&Version{BucketID: bucket, Key: objectKey}, record, field.string)
}

// decode is decodeListed in the room of d.
func (d *listDecoder) decode(bucket BucketID, objectKey string, record []byte) (*Version, error) {
	v := d.next()
	v.BucketID, v.Key = bucket, objectKey
	return readListed(v, record, d.fieldText)
}

func readListed(v *Version, record []byte, text func(field) string) (*Version, error) {
	err := readRecord(record, func(f field) error {
		if f.num >= versionFieldHeader {
			return errListed // fields stand in order of number (encodeVersion)
		}
		return v.readListed(f, text)
	})
	if err != nil && err != errListed {
		return nil, fmt.Errorf("version of %q: %w", v.Key, err)
	}
	return v, nil
}

func (d *listDecoder) next() *Version {
	if len(d.room) == 0 {
		d.block = min(max(2*d.block, fewVersions), manyVersions)
		d.room = make([]Version, d.block)
	}
	v := &d.room[0]
	d.room = d.room[1:]
	return v
}

// fieldText returns the string of f.
func (d *listDecoder) fieldText(f field) string {
	if last := &d.last[f.num]; *last != string(f.data) {
		*last = d.add(f.data)
	}
	return d.last[f.num]
}

// add returns p as a string.
func (d *listDecoder) add(p []byte) string {
	if d.text.Cap()-d.text.Len() < len(p) {
		size := min(max(2*d.text.Cap(), fewTextBytes), manyTextBytes)
		d.text.Reset() // the strings made of it stay as they are
		d.text.Grow(max(size, len(p)))
	}
	start := d.text.Len()
	d.text.Write(p)
	return d.text.String()[start:]
}
