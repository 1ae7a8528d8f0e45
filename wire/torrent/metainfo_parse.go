package torrent

import (
	"bytes"
	"fmt"
	"time"

	"shoal/wire/bencode"
)

// MaxMetainfoBytes is what libtorrent loads at most; a file with MaxPieces pieces has 3.4 MB.
const MaxMetainfoBytes = 10 << 20

// ParseMetainfo reads a .torrent file. Piece hashes, lengths and the piece layer are
// checked against each other. Keys it does not know are ignored; a known one of the wrong type
// counts as absent. Nothing in the result refers to data. Errors wrap ErrInfo, ErrLayer,
// ErrLayout or those of package bencode.
func ParseMetainfo(data []byte) (*Metainfo, error) {
	v, err := bencode.Parse(data, bencode.Options{
		MaxBytes: MaxMetainfoBytes, MaxDepth: maxFileDepth, MaxValues: infoValues, Canonical: true,
	})
	if err != nil {
		return nil, fmt.Errorf("torrent file: %w", err)
	}
	info, err := parseInfo(v.Get("info"))
	if err != nil {
		return nil, fmt.Errorf("torrent file: %w", err)
	}
	m := &Metainfo{Info: info, InfoRaw: bytes.Clone(v.Get("info").Raw())}
	m.Announce, _ = v.Get("announce").Text()
	for tier := range v.Get("announce-list").Items() {
		m.AnnounceList = append(m.AnnounceList, texts(tier))
	}
	m.Comment, _ = v.Get("comment").Text()
	m.CreatedBy, _ = v.Get("created by").Text()
	if sec, ok := v.Get("creation date").Int(); ok {
		m.CreationDate = time.Unix(sec, 0).UTC()
	}
	for item := range v.Get("similar").Items() {
		if b, ok := item.Bytes(); ok && len(b) == len(InfoHash{}) {
			m.Similar = append(m.Similar, InfoHash(b))
		}
	}
	m.URLList = texts(v.Get("url-list"))
	m.Bucket, _ = v.Get("x-amz-bucket").Text()
	m.Key, _ = v.Get("x-amz-key").Text()
	if m.PieceLayer, err = info.parseLayers(v.Get("piece layers")); err != nil {
		return nil, fmt.Errorf("torrent file: %w", err)
	}
	return m, nil
}

// texts returns the strings of a list, or of a single string: BEP 19 allows both in url-list.
func texts(v bencode.Value) []string {
	if s, ok := v.Text(); ok && s != "" {
		return []string{s}
	}
	var list []string
	for item := range v.Items() {
		if s, ok := item.Text(); ok {
			list = append(list, s)
		}
	}
	return list
}
