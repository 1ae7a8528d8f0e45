package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"shoal/core/access"
	"shoal/core/budget"
	"shoal/core/fault"
	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

var _ budget.Store = (*Store)(nil)

// CreateBudget keeps a new budget, to which it gives an id. AlreadyExists when its account has one of that name;
// LimitExceeded; InvalidArgument; NoSuchUser without the account.
func (s *Store) CreateBudget(ctx context.Context, b budget.Budget) (budget.Budget, error) {
	const op = "create budget"
	b.ID = rand.Text()
	err := b.Check()
	if err == nil {
		err = s.changeBudgets(ctx, op, b.Scope.Account, func(_ *kv.Tx, all []budget.Budget) ([]budget.Budget, error) {
			if indexBudget(all, b.Name) >= 0 {
				return nil, fault.New(op, b.Name, fault.AlreadyExists, errors.New("the account has a budget of that name"))
			}
			ofScope := 0
			for i := range all {
				if all[i].Scope == b.Scope {
					ofScope++
				}
			}
			if ofScope >= budget.MaxOfScope || len(all) >= budget.MaxOfAccount {
				return nil, fault.New(op, b.Name, fault.LimitExceeded, fmt.Errorf("at most %d budgets of an account or a bucket, %d with all its buckets",
					budget.MaxOfScope, budget.MaxOfAccount))
			}
			return append(all, b), nil
		})
	}
	return b, wrap(op, b.Name, err)
}

// SetBudget lets change edit a budget, but for its id, name and scope, and returns it. NoSuchEntity; InvalidArgument.
func (s *Store) SetBudget(ctx context.Context, account access.CanonicalID, name string, change func(*budget.Budget)) (b budget.Budget, err error) {
	const op = "set budget"
	err = s.changeBudgets(ctx, op, string(account), func(_ *kv.Tx, all []budget.Budget) ([]budget.Budget, error) {
		i := indexBudget(all, name)
		if i < 0 {
			return nil, noBudget(op, name)
		}
		b = all[i]
		change(&b)
		b.ID, b.Name, b.Scope = all[i].ID, all[i].Name, all[i].Scope
		all[i] = b
		return all, b.Check()
	})
	return b, wrap(op, name, err)
}

// DeleteBudget removes a budget, and its alarms that wait. NoSuchEntity.
func (s *Store) DeleteBudget(ctx context.Context, account access.CanonicalID, name string) error {
	const op = "delete budget"
	err := s.changeBudgets(ctx, op, string(account), func(tx *kv.Tx, all []budget.Budget) ([]budget.Budget, error) {
		i := indexBudget(all, name)
		if i < 0 {
			return nil, noBudget(op, name)
		}
		tx.UseReserve()
		tx.Delete(alarmsKey(string(account), name))
		return slices.Delete(all, i, i+1), nil
	})
	return wrap(op, name, err)
}

// changeBudgets lets change edit the budgets of an account, in one commit.
func (s *Store) changeBudgets(ctx context.Context, op, account string, change func(*kv.Tx, []budget.Budget) ([]budget.Budget, error)) error {
	return kv.Update(ctx, s.engine, func(tx *kv.Tx) error {
		// The account as a condition of the commit: who deletes it deletes its budgets.
		rows, err := tx.Get(canonicalKey(access.CanonicalID(account)), budgetsKey(account))
		if err != nil {
			return err
		}
		if !rows[0].Exists() {
			return fault.New(op, account, fault.NoSuchUser, nil)
		}
		all, err := budgetsOf(account, rows[1])
		if err != nil {
			return err
		}
		if all, err = change(tx, all); err != nil {
			return err
		}
		if len(all) == 0 {
			tx.Delete(rows[1].Key)
			return nil
		}
		tx.Put(rows[1].Key, encodeBudgets(all))
		return nil
	})
}

// Budgets implements budget.Store.
func (s *Store) Budgets(ctx context.Context) (all []budget.Kept, err error) {
	const op = "read budgets"
	err = s.eachRow(ctx, []byte{prefix, kindBudgets}, kv.ScanOptions{}, func(row kv.Row) error {
		d := tuple.NewDecoder(row.Key[2:])
		account := d.Str()
		if err := d.Done(); err != nil {
			return err
		}
		budgets, err := budgetsOf(account, row)
		for i := range budgets {
			all = append(all, budget.Kept{Budget: budgets[i]})
		}
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, wrap(op, "", err)
	}
	states := map[string]budget.State{}
	err = s.eachRow(ctx, []byte{prefix, kindAlarms}, kv.ScanOptions{}, func(row kv.Row) error {
		id, state, err := decodeAlarms(row.Value)
		states[id] = state
		return err
	})
	for i := range all {
		all[i].State = states[all[i].ID]
	}
	return all, wrap(op, "", err)
}

// AccountBudgets returns the budgets of an account and its buckets with their states; "" is every account.
func (s *Store) AccountBudgets(ctx context.Context, account access.CanonicalID) ([]budget.Kept, error) {
	all, err := s.Budgets(ctx)
	if account == "" {
		return all, err
	}
	return slices.DeleteFunc(all, func(k budget.Kept) bool { return k.Scope.Account != string(account) }), err
}

// ChangeState implements budget.Store.
func (s *Store) ChangeState(ctx context.Context, b *budget.Budget, change func(*budget.State)) error {
	const op = "change alarms"
	err := kv.Update(ctx, s.engine, func(tx *kv.Tx) error {
		rows, err := tx.Get(budgetsKey(b.Scope.Account), alarmsKey(b.Scope.Account, b.Name))
		if err != nil {
			return err
		}
		all, err := budgetsOf(b.Scope.Account, rows[0])
		if err != nil {
			return err
		}
		if i := indexBudget(all, b.Name); i < 0 || all[i].ID != b.ID {
			return noBudget(op, b.Name)
		}
		var state budget.State
		if rows[1].Exists() {
			id, kept, err := decodeAlarms(rows[1].Value)
			if err != nil {
				return err
			}
			if id == b.ID { // and not of an older budget of that name
				state = kept
			}
		}
		change(&state)
		tx.Put(rows[1].Key, encodeAlarms(b.ID, &state))
		return nil
	})
	return wrap(op, b.Name, err)
}

// budgetsOf reads a row, which may be absent.
func budgetsOf(account string, row kv.Row) ([]budget.Budget, error) {
	if !row.Exists() {
		return nil, nil
	}
	all, err := decodeBudgets(account, row.Value)
	if err != nil {
		err = fault.New("read budgets", account, fault.Internal, err)
	}
	return all, err
}

func indexBudget(all []budget.Budget, name string) int {
	return slices.IndexFunc(all, func(b budget.Budget) bool { return b.Name == name })
}

func noBudget(op, name string) error {
	return fault.New(op, name, fault.NoSuchEntity, errors.New("the account has no budget of that name"))
}
