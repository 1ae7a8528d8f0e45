package torrent

import (
	"fmt"
	"time"

	"shoal/wire/bencode"
)

// MediaType is the Content-Type of a .torrent file.
const MediaType = "application/x-bittorrent"

// Metainfo is a .torrent file. All but the info dictionary may differ between two files of one
// torrent; zero values are left out.
type Metainfo struct {
	Announce     string     // BEP 3: URL of the tracker
	AnnounceList [][]string // BEP 12: tiers of tracker URLs
	Comment      string
	CreatedBy    string
	CreationDate time.Time  // to the second
	URLList      []string   // BEP 19 web seeds; full object URLs
	Similar      []InfoHash // BEP 38: torrents that are likely to share data with this one
	Bucket       string     // x-amz-bucket
	Key          string     // x-amz-key

	// InfoRaw is the encoded info dictionary, written as it is. Of a parsed file it is a copy.
	InfoRaw []byte
	// Info is InfoRaw decoded. Append reads Kind, Length, PieceLength, Root and Files of it.
	Info Info
	// PieceLayer is the concatenated v2 piece layer, of several files one behind the other in their order; a file of
	// one piece has none. Empty for V1.
	PieceLayer []byte
}

// InfoHash returns the v1 infohash; zero for a V2 torrent.
func (m *Metainfo) InfoHash() InfoHash {
	if !m.Info.Kind.HasV1() {
		return InfoHash{}
	}
	return HashInfo(m.InfoRaw)
}

// InfoHashV2 returns the v2 infohash; zero for a V1 torrent.
func (m *Metainfo) InfoHashV2() InfoHashV2 {
	if !m.Info.Kind.HasV2() {
		return InfoHashV2{}
	}
	return HashInfoV2(m.InfoRaw)
}

// Append appends the file. The piece layer must have the size that Info implies, else the error
// wraps ErrLayer; whether its hashes are right is not checked again.
func (m *Metainfo) Append(dst []byte) ([]byte, error) {
	if got, want := int64(len(m.PieceLayer)), m.Info.layerBytes(); got != want {
		return dst, fmt.Errorf("%w: %d bytes, want %d", ErrLayer, got, want)
	}
	d := bencode.NewDict(dst)
	putString(&d, "announce", m.Announce)
	if len(m.AnnounceList) > 0 {
		d.Value("announce-list", m.appendTiers)
	}
	putString(&d, "comment", m.Comment)
	putString(&d, "created by", m.CreatedBy)
	if !m.CreationDate.IsZero() {
		d.Int("creation date", m.CreationDate.Unix())
	}
	d.Raw("info", m.InfoRaw)
	if m.Info.Kind.HasV2() {
		d.Value("piece layers", func(dst []byte) []byte { return appendLayers(dst, m.Info.layers(m.PieceLayer)) })
	}
	if len(m.Similar) > 0 {
		d.Value("similar", m.appendSimilar)
	}
	if len(m.URLList) > 0 {
		d.Strings("url-list", m.URLList)
	}
	putString(&d, "x-amz-bucket", m.Bucket)
	putString(&d, "x-amz-key", m.Key)
	return d.End(), nil
}

func (m *Metainfo) appendTiers(dst []byte) []byte {
	dst = append(dst, 'l')
	for _, tier := range m.AnnounceList {
		dst = bencode.AppendStrings(dst, tier)
	}
	return append(dst, 'e')
}

func (m *Metainfo) appendSimilar(dst []byte) []byte {
	list := make([]string, len(m.Similar))
	for i, h := range m.Similar {
		list[i] = string(h[:])
	}
	return bencode.AppendStrings(dst, list)
}

func putString(d *bencode.Builder, key, s string) {
	if s != "" {
		d.String(key, s)
	}
}
