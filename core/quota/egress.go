package quota

import (
	"context"
	"fmt"

	"shoal/core/fault"
	"shoal/core/meter"
)

// MaySend returns QuotaExceeded once the bucket or its account has sent what it may in this month. What is on its way is
// not cut off.
func (k *Keeper) MaySend(ctx context.Context, b Bucket) error {
	account := k.account(b.Account)
	if b.Limits.Egress == 0 && account.Egress == 0 {
		return nil
	}
	for _, bound := range []struct {
		limit int64
		of    meter.Scope
		what  string
	}{
		{b.Limits.Egress, meter.Scope{Account: b.Account, Bucket: b.Name}, "bucket " + b.Name},
		{account.Egress, meter.Scope{Account: b.Account}, "account " + b.Account},
	} {
		if bound.limit == 0 {
			continue
		}
		if err := k.months.Keep(ctx, bound.of, 0); err != nil {
			return err
		}
		sent, known := k.months.Sent(bound.of)
		over := known && sent >= bound.limit // not known: the month ended just now
		if !over {
			k.spent.Delete(bound.of)
			continue
		}
		if _, logged := k.spent.LoadOrStore(bound.of, true); !logged {
			k.o.Logger.Warn("an egress quota is used up for this month", "account", bound.of.Account, "bucket", bound.of.Bucket, "bytes", bound.limit)
		}
		return fault.New("send", b.Name, fault.QuotaExceeded, fmt.Errorf("the quota of %d bytes a month of %s", bound.limit, bound.what))
	}
	return nil
}
