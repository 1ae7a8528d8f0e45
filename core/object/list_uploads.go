package object

import (
	"context"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// ListUploadsRequest asks for one page of uploads in order of key, then of initiation.
type ListUploadsRequest struct {
	Bucket      *Bucket
	Prefix      string
	Delimiter   string
	KeyMarker   string
	AfterUpload *UploadID // with KeyMarker: go on behind this upload of that key
	Max         int
}

// UploadsPage is one page of uploads. Prefixes and Uploads are each in order.
type UploadsPage struct {
	Uploads  []*Upload
	Prefixes []string
	More     bool
	NextKey  string
	NextID   UploadID
}

// ListUploads returns a page of the uploads in progress of a bucket. More is exact.
func (s *Store) ListUploads(ctx context.Context, r ListUploadsRequest) (UploadsPage, error) {
	var page UploadsPage
	if r.Max = min(r.Max, MaxList); r.Max <= 0 {
		return page, nil
	}
	from, to := uploadRange(r)
	for more := true; more && string(from) < string(to); {
		var rows []kv.Row
		var err error
		rows, more, err = s.kv.Scan(ctx, from, to, kv.ScanOptions{Rows: r.Max + 1})
		if err != nil {
			return UploadsPage{}, fail("list uploads", r.Bucket.Name, err)
		}
		for _, row := range rows {
			from = append(row.Key[:len(row.Key):len(row.Key)], 0)
			skip, full, err := page.add(r, row)
			if err != nil {
				return UploadsPage{}, fail("list uploads", r.Bucket.Name, err)
			}
			if full {
				page.More = true
				return page, nil
			}
			if skip != nil {
				from, more = skip, true
				break
			}
		}
	}
	page.NextKey, page.NextID = "", UploadID{}
	return page, nil
}

// uploadRange returns the rows that a listing may show.
func uploadRange(r ListUploadsRequest) (from, to []byte) {
	kind := append([]byte{kindUpload}, r.Bucket.ID[:]...)
	room := kind[:len(kind):len(kind)]
	from = tuple.AppendStringPrefix(room, r.Prefix)
	to = tuple.PrefixEnd(from)
	if r.KeyMarker == "" {
		return from, to
	}
	after := tuple.PrefixEnd(tuple.AppendString(room, r.KeyMarker))
	if r.AfterUpload != nil {
		after = append(uploadKey(r.Bucket.ID, r.KeyMarker, *r.AfterUpload), 0)
	}
	if string(after) > string(from) {
		from = after
	}
	return from, to
}

// add puts what row shows on the page. skip is where to go on behind a common prefix; full says that the
// page has no room for it.
func (p *UploadsPage) add(r ListUploadsRequest, row kv.Row) (skip []byte, full bool, err error) {
	bucket, objectKey, id, err := parseKeyedRow(row.Key)
	if err != nil {
		return nil, false, err
	}
	u, err := decodeUpload(bucket, objectKey, id, row.Value)
	if err != nil || u.State == uploadDone {
		return nil, false, err
	}
	common := string(commonPrefix([]byte(objectKey), r.Prefix, []byte(r.Delimiter)))
	if common == "" {
		if len(p.Uploads)+len(p.Prefixes) == r.Max {
			return nil, true, nil
		}
		p.Uploads = append(p.Uploads, &u.Upload)
		p.NextKey, p.NextID = objectKey, id
		return nil, false, nil
	}
	skip = tuple.PrefixEnd(tuple.AppendStringPrefix(append([]byte{kindUpload}, bucket[:]...), common))
	if common <= r.KeyMarker {
		return skip, false, nil // the marker is this prefix, or a key under it: it was shown
	}
	if len(p.Uploads)+len(p.Prefixes) == r.Max {
		return nil, true, nil
	}
	p.Prefixes = append(p.Prefixes, common)
	p.NextKey, p.NextID = common, UploadID{}
	return skip, false, nil
}
