package accesslog

import (
	"context"
	"fmt"

	"shoal/storage/kv"
)

// CheckRow says what is wrong with a row of Table, "" when nothing is: it reads, and the rows of a plan are there. An
// error says that it could not be found out.
func CheckRow(ctx context.Context, engine kv.Engine, row kv.Row) (fault string, err error) {
	if len(row.Key) < 2 || row.Key[1] != kindPlan {
		if _, err := ParseRow(row.Key, row.Value); err != nil {
			return err.Error(), nil
		}
		return "", nil
	}
	p, err := decodePlan(row.Key, row.Value)
	if err != nil {
		return err.Error(), nil
	}
	// The last row goes with the plan.
	got, err := engine.Get(ctx, p.rows.key(p.rows.last))
	switch {
	case err != nil:
		return "", err
	case !got[0].Exists():
		return fmt.Sprintf("the last row of the plan for %q is missing", p.key), nil
	}
	return "", nil
}
