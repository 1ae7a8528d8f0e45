package account

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/quota"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

// Fields of a quota record.
const (
	quotaBytes   protowire.Number = 1
	quotaObjects protowire.Number = 2
	quotaEgress  protowire.Number = 3
)

// SetQuota lets change edit the limits of a user's account, all its buckets together, and returns the user. NoSuchUser;
// InvalidArgument for a negative limit.
func (s *Store) SetQuota(ctx context.Context, name string, change func(*quota.Limits)) (User, quota.Limits, error) {
	const op = "set quota"
	var u User
	var l quota.Limits
	if len(name) > MaxName {
		return u, l, fault.New(op, name, fault.NoSuchUser, nil)
	}
	err := s.update(ctx, func(tx *kv.Tx) error {
		// As a condition of the commit: who deletes the user deletes the quota.
		rows, err := tx.Get(userKey(name))
		if err != nil {
			return err
		}
		if u, err = userOf(op, name, rows[0]); err != nil {
			return err
		}
		if rows, err = tx.Get(quotaKey(u.CanonicalID)); err != nil {
			return err
		}
		if l, err = quotaOf(rows[0]); err != nil {
			return err
		}
		change(&l)
		if err := l.Check(); err != nil {
			return err
		}
		if l == (quota.Limits{}) {
			tx.Delete(rows[0].Key)
			return nil
		}
		tx.Put(rows[0].Key, encodeQuota(l))
		return nil
	})
	return u, l, wrap(op, name, err)
}

// Quotas returns the limits of every account that has some, by canonical id.
func (s *Store) Quotas(ctx context.Context) (map[string]quota.Limits, error) {
	const op = "read quotas"
	all := map[string]quota.Limits{}
	from := []byte{prefix, kindQuota}
	to := tuple.PrefixEnd(from)
	for more := true; more; {
		var rows []kv.Row
		var err error
		if rows, more, err = s.engine.Scan(ctx, from, to, kv.ScanOptions{}); err != nil {
			return nil, wrap(op, "", err)
		}
		for _, row := range rows {
			d := tuple.NewDecoder(row.Key[2:])
			id := d.Str()
			l, err := quotaOf(row)
			if err == nil {
				err = d.Done()
			}
			if err != nil {
				return nil, fault.New(op, id, fault.Internal, err)
			}
			all[id] = l
			from = append(row.Key, 0)
		}
	}
	return all, nil
}

// Quota returns the limits of an account.
func (s *Store) Quota(ctx context.Context, id access.CanonicalID) (quota.Limits, error) {
	rows, err := s.engine.Get(ctx, quotaKey(id))
	if err != nil {
		return quota.Limits{}, wrap("read quota", string(id), err)
	}
	l, err := quotaOf(rows[0])
	return l, wrap("read quota", string(id), err)
}

// quotaOf reads a row, which may be absent.
func quotaOf(row kv.Row) (l quota.Limits, err error) {
	if !row.Exists() {
		return l, nil
	}
	err = decodeFields(row.Value, func(n protowire.Number, _ string, num uint64) {
		switch n {
		case quotaBytes:
			l.Bytes = int64(num)
		case quotaObjects:
			l.Objects = int64(num)
		case quotaEgress:
			l.Egress = int64(num)
		}
	})
	if err == nil {
		err = l.Check()
	}
	if err != nil {
		err = fmt.Errorf("quota row %q: %w", row.Key, err)
	}
	return l, err
}

func encodeQuota(l quota.Limits) []byte {
	b := []byte{recordVersion}
	b = appendUint(b, quotaBytes, uint64(l.Bytes))
	b = appendUint(b, quotaObjects, uint64(l.Objects))
	return appendUint(b, quotaEgress, uint64(l.Egress))
}
