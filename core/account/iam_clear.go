package account

import (
	"context"
	"slices"

	"shoal/core/access"
	"shoal/storage/kv"
)

// clearBatch is how many rows go in one commit: a user, his two keys and their last uses are five writes of the engine's
// hundred.
const clearBatch = 30

// clearAccount removes all that is of IAM in an account, and what is kept of the alarms of its budgets. It is done when the account is gone, so that nothing of it
// counts any more, and before one is made whose id is given: what a crash has left must not be part of it.
func (s *Store) clearAccount(ctx context.Context, account access.CanonicalID) error {
	id := account.AccountID()
	for _, rows := range [][]byte{
		rowKey(kindIAMUser, id), rowKey(kindIAMGroup, id), rowKey(kindIAMRole, id), rowKey(kindPolicy, id), rowKey(kindProvider, id),
		rowKey(kindAlarms, string(account)),
	} {
		var batch [][]byte
		flush := func() error {
			err := s.update(ctx, func(tx *kv.Tx) error {
				for _, key := range batch {
					tx.Delete(key)
				}
				return nil
			})
			batch = nil
			return err
		}
		err := s.eachRow(ctx, rows, kv.ScanOptions{}, func(row kv.Row) error {
			batch = append(batch, slices.Clone(row.Key))
			batch = append(batch, rowsWith(rows[1], row)...)
			if len(batch) < clearBatch {
				return nil
			}
			return flush()
		})
		if err == nil && len(batch) > 0 {
			err = flush()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsWith returns the keys of what goes with a row: access keys of a user, and last uses.
func rowsWith(kind byte, row kv.Row) (keys [][]byte) {
	if kind != kindIAMUser && kind != kindIAMRole {
		return nil
	}
	i, err := decodeIdentity(IAMUser, row.Value) // the record of every kind
	if err != nil {
		return nil
	}
	if kind == kindIAMRole {
		return [][]byte{useKey(i.ID)}
	}
	for _, id := range i.AccessKeyIDs {
		keys = append(keys, keyKey(id), useKey(id))
	}
	return keys
}
