package budget

// Unlimited stands for a Keeper where there are no budgets.
type Unlimited struct{}

// InForce returns None.
func (Unlimited) InForce(account, bucket string) Action { return None }
