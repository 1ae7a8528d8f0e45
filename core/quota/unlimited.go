package quota

import "context"

// Unlimited stands for a Keeper where there are no quotas.
type Unlimited struct{}

// Admit admits everything.
func (Unlimited) Admit(context.Context, Bucket, Held) (done func(added bool), err error) {
	return func(bool) {}, nil
}

// MaySend never refuses.
func (Unlimited) MaySend(context.Context, Bucket) error { return nil }
