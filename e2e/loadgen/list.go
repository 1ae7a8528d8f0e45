package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"shoal/wire/sigv4"
)

// maxPageBytes bounds a page of 1,000 entries, each of up to 3 KiB of key and half of that of everything else.
const maxPageBytes = 8 << 20

type listCommand struct {
	load
	bucketURL
	Prefix    string `help:"What every key begins with."`
	Delimiter string `help:"Roll keys up to common prefixes."`
	Versions  bool   `help:"ListObjectVersions; default ListObjectsV2."`
}

// Run lists the bucket from its beginning to its end, page by page, and prints the rate.
func (c *listCommand) Run(ctx context.Context) error {
	client := c.client(1)
	var page bytes.Buffer
	title := "list"
	if c.Versions {
		title = "list versions"
	}
	if c.Delimiter != "" {
		title += " by " + c.Delimiter
	}
	figures := []figure{
		{"ms", func(r run) float64 { return float64(r.wall.Microseconds()) / 1e3 }},
		{"entries", func(r run) float64 { return float64(r.ops) }},
		{"entries/s", perSecond},
		{"server-cpu-us/entry", cpuPerOp},
	}
	return c.measure(title, figures, func(int) (bytes, entries int64, err error) { return c.all(ctx, client, &page) })
}

// all lists the bucket; page is memory for its pages.
func (c *listCommand) all(ctx context.Context, client *http.Client, page *bytes.Buffer) (bytes, entries int64, err error) {
	for q := c.start(); q != nil; {
		var n int64
		if q, n, err = c.page(ctx, client, q, page); err != nil {
			return 0, 0, err
		}
		bytes, entries = bytes+int64(page.Len()), entries+n
	}
	return bytes, entries, nil
}

// start returns the query of the first page.
func (c *listCommand) start() url.Values {
	q := url.Values{"prefix": {c.Prefix}, "max-keys": {"1000"}}
	if c.Delimiter != "" {
		q.Set("delimiter", c.Delimiter)
	}
	if c.Versions {
		q.Set("versions", "")
	} else {
		q.Set("list-type", "2")
	}
	return q
}

// page reads one page into buf and returns the query of the next one, nil at the end, and the number of entries.
func (c *listCommand) page(ctx context.Context, client *http.Client, q url.Values, buf *bytes.Buffer) (next url.Values, entries int64, err error) {
	answer, err := c.do(ctx, client, http.MethodGet, "?"+q.Encode(), nil, sigv4.UnsignedPayload, nil)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	buf.Reset()
	if _, err := buf.ReadFrom(io.LimitReader(answer.Body, maxPageBytes)); err != nil {
		return nil, 0, err
	}
	text := buf.Bytes()
	entries = int64(bytes.Count(text, []byte("</ETag>")) + bytes.Count(text, []byte("</DeleteMarker>")) + bytes.Count(text, []byte("</CommonPrefixes>")))
	if !bytes.Contains(text, []byte("<IsTruncated>true</IsTruncated>")) {
		return nil, entries, nil
	}
	from := map[string]string{"NextContinuationToken": "continuation-token"}
	if c.Versions {
		from = map[string]string{"NextKeyMarker": "key-marker", "NextVersionIdMarker": "version-id-marker"}
	}
	next = c.start()
	for name, parameter := range from {
		_, rest, _ := bytes.Cut(text, []byte("<"+name+">"))
		value, _, found := bytes.Cut(rest, []byte("</"+name+">"))
		if found {
			next.Set(parameter, string(value))
		}
	}
	if len(next) == len(c.start()) {
		return nil, entries, errors.New("a page says that there is more, but not from where")
	}
	return next, entries, nil
}
