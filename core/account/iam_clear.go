package account

import (
	"context"
	"slices"

	"shoal/core/access"
	"shoal/storage/kv"
)

// clearBatch is how many rows go in one commit: a user and his two keys are three writes of the engine's hundred.
const clearBatch = 30

// clearAccount removes all that is of IAM in an account. It is done when the account is gone, so that nothing of it
// counts any more, and before one is made whose id is given: what a crash has left must not be part of it.
func (s *Store) clearAccount(ctx context.Context, account access.CanonicalID) error {
	for _, kind := range []byte{kindIAMUser, kindIAMGroup, kindIAMRole, kindPolicy, kindProvider} {
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
		err := s.eachRow(ctx, rowKey(kind, account.AccountID()), kv.ScanOptions{}, func(row kv.Row) error {
			batch = append(batch, slices.Clone(row.Key))
			if i, err := decodeIdentity(IAMUser, row.Value); kind == kindIAMUser && err == nil {
				for _, id := range i.AccessKeyIDs {
					batch = append(batch, keyKey(id))
				}
			}
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
