package object

import (
	"context"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// maxListBuckets is how many buckets a page of ListBuckets holds (AWS).
const maxListBuckets = 10_000

// ListBucketsRequest asks for one page of the buckets of one owner ("" = of all).
type ListBucketsRequest struct {
	Owner  string
	Prefix string
	After  string // exclusive
	Max    int    // 0 = 10,000
}

// ListBucketsPage is buckets in order of name. Next is the After of the next page, "" on the last.
type ListBucketsPage struct {
	Buckets []*Bucket
	Next    string
}

// ListBuckets returns a page of buckets.
func (s *Store) ListBuckets(ctx context.Context, r ListBucketsRequest) (ListBucketsPage, error) {
	var page ListBucketsPage
	if r.Max <= 0 || r.Max > maxListBuckets {
		r.Max = maxListBuckets
	}
	from, to := bucketKey(r.Prefix), tuple.PrefixEnd(bucketKey(r.Prefix))
	if r.After >= r.Prefix {
		from = append(bucketKey(r.After), 0)
	}
	for more := true; more; {
		var rows []kv.Row
		var err error
		if rows, more, err = s.kv.Scan(ctx, from, to, kv.ScanOptions{}); err != nil {
			return page, fail("list buckets", r.Owner, err)
		}
		for _, row := range rows {
			b, err := decodeBucket(string(row.Key[1:]), row.Value)
			if err != nil {
				return page, fail("list buckets", r.Owner, err)
			}
			if r.Owner != "" && b.Owner != r.Owner {
				continue
			}
			if len(page.Buckets) == r.Max {
				page.Next = page.Buckets[r.Max-1].Name
				return page, nil
			}
			page.Buckets = append(page.Buckets, b)
		}
		if len(rows) > 0 {
			from = append(rows[len(rows)-1].Key, 0)
		}
	}
	return page, nil
}
