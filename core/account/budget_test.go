package account

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"shoal/core/access"
	"shoal/core/budget"
	"shoal/core/fault"
	"shoal/core/meter"
)

func newBudget(account access.CanonicalID, name, bucket string) budget.Budget {
	return budget.Budget{
		Name: name, Scope: meter.Scope{Account: string(account), Bucket: bucket}, Limit: 1000, Thresholds: []int{50, 100},
		Action: budget.TorrentsOnly, Target: "hook", Created: time.UnixMilli(1_800_000_000_000).UTC(),
	}
}

func makeBudget(t *testing.T, s *Store, b budget.Budget) budget.Budget {
	t.Helper()
	made, err := s.CreateBudget(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestBudgets(t *testing.T) {
	s := New(newEngine(t), Options{})
	ann, _ := create(t, s, NewUser{Name: "ann"})
	bob, _ := create(t, s, NewUser{Name: "bob"})
	want := func(account access.CanonicalID, names ...string) {
		t.Helper()
		all, err := s.AccountBudgets(t.Context(), account)
		var got []string
		for i := range all {
			got = append(got, all[i].Name)
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, names) {
			t.Errorf("budgets %v, %v, want %v", got, err, names)
		}
	}
	want("")
	made := makeBudget(t, s, newBudget(ann.CanonicalID, "month", "pond"))
	makeBudget(t, s, newBudget(ann.CanonicalID, "all", ""))
	other := makeBudget(t, s, newBudget(bob.CanonicalID, "month", ""))
	want("", "all", "month", "month")
	want(ann.CanonicalID, "all", "month")
	if made.ID == "" || made.ID == other.ID {
		t.Errorf("ids %q and %q", made.ID, other.ID)
	}
	if _, err := s.CreateBudget(t.Context(), newBudget(ann.CanonicalID, "month", "")); !fault.Is(err, fault.AlreadyExists) {
		t.Errorf("a second of that name: %v", err)
	}
	if _, err := s.CreateBudget(t.Context(), newBudget(someID, "month", "")); !fault.Is(err, fault.NoSuchUser) {
		t.Errorf("of nobody: %v", err)
	}
	if _, err := s.CreateBudget(t.Context(), newBudget(ann.CanonicalID, "a b", "")); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("a bad name: %v", err)
	}

	got, err := s.SetBudget(t.Context(), ann.CanonicalID, "month", func(b *budget.Budget) {
		b.Limit, b.Action, b.ID, b.Name, b.Scope = 7, budget.None, "x", "x", meter.Scope{}
	})
	made.Limit, made.Action = 7, budget.None
	if err != nil || !reflect.DeepEqual(got, made) {
		t.Errorf("set: %+v, %v, want %+v", got, err, made)
	}
	if _, err := s.SetBudget(t.Context(), ann.CanonicalID, "month", func(b *budget.Budget) { b.Limit = 0 }); !fault.Is(err, fault.InvalidArgument) {
		t.Errorf("set to nothing: %v", err)
	}
	if _, err := s.SetBudget(t.Context(), bob.CanonicalID, "all", func(*budget.Budget) {}); !fault.Is(err, fault.NoSuchEntity) {
		t.Errorf("set that of another: %v", err)
	}
	if err := s.DeleteBudget(t.Context(), bob.CanonicalID, "all"); !fault.Is(err, fault.NoSuchEntity) {
		t.Errorf("delete that of another: %v", err)
	}
	if err := s.DeleteBudget(t.Context(), ann.CanonicalID, "all"); err != nil {
		t.Fatal(err)
	}
	want(ann.CanonicalID, "month")
	if err := s.DeleteUser(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	want("", "month")
}

// TestBudgetState: what is kept of alarms is that of one budget, not of a later one of its name.
func TestBudgetState(t *testing.T) {
	s := New(newEngine(t), Options{})
	ann, _ := create(t, s, NewUser{Name: "ann", CanonicalID: someID})
	b := makeBudget(t, s, newBudget(ann.CanonicalID, "month", "pond"))
	state := budget.State{
		Month: 24323, Limit: 1000, Raised: []int{50, 100},
		Waiting: []budget.Alarm{{ID: "A", Month: 24323, Threshold: 50, Used: 600, Limit: 1000, Action: budget.TorrentsOnly, At: time.UnixMilli(1_800_000_000_000).UTC()}},
	}
	put := func(b *budget.Budget, want fault.Kind) {
		t.Helper()
		if err := s.ChangeState(t.Context(), b, func(s *budget.State) { *s = state }); fault.KindOf(err) != want {
			t.Errorf("change state: %v, want %v", err, want)
		}
	}
	wantState := func(want budget.State) {
		t.Helper()
		all, err := s.Budgets(t.Context())
		if err != nil || len(all) != 1 || !reflect.DeepEqual(all[0].State, want) {
			t.Errorf("budgets %+v, %v, want the state %+v", all, err, want)
		}
	}
	put(&b, 0)
	wantState(state)
	if err := s.DeleteBudget(t.Context(), someID, "month"); err != nil {
		t.Fatal(err)
	}
	put(&b, fault.NoSuchEntity)
	next := makeBudget(t, s, newBudget(ann.CanonicalID, "month", "pond"))
	put(&b, fault.NoSuchEntity)
	wantState(budget.State{})
	put(&next, 0)
	if err := s.DeleteUser(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []byte{kindBudgets, kindAlarms} {
		if n, err := s.count(t.Context(), []byte{prefix, kind}); err != nil || n != 0 {
			t.Errorf("%d rows %c are left, %v", n, kind, err)
		}
	}
}

func TestBudgetLimits(t *testing.T) {
	s := New(newEngine(t), Options{})
	ann, _ := create(t, s, NewUser{Name: "ann"})
	for i := range budget.MaxOfAccount {
		b := newBudget(ann.CanonicalID, fmt.Sprint(i), fmt.Sprint("bucket-", i/budget.MaxOfScope))
		makeBudget(t, s, b)
		if i != budget.MaxOfScope-1 {
			continue
		}
		b.Name = "more"
		if _, err := s.CreateBudget(t.Context(), b); !fault.Is(err, fault.LimitExceeded) {
			t.Errorf("one more of a bucket: %v", err)
		}
	}
	if _, err := s.CreateBudget(t.Context(), newBudget(ann.CanonicalID, "more", "")); !fault.Is(err, fault.LimitExceeded) {
		t.Errorf("one more of the account: %v", err)
	}
}

// TestBudgetRecords reads the bytes that earlier programs wrote.
func TestBudgetRecords(t *testing.T) {
	b := newBudget("ann", "month", "pond")
	b.ID = "ID"
	state := budget.State{Month: 24323, Limit: 1000, Raised: []int{50}, Waiting: []budget.Alarm{{
		ID: "A", Month: 24323, Threshold: 50, Used: 600, Limit: 1000, Currency: "EUR", Action: budget.TorrentsOnly, At: b.Created,
	}}}
	const (
		budgets = "010a2a010a02494412056d6f6e74681a04706f6e64200028e8073032306438014204686f6f6b4880a0f1c2b134"
		alarms  = "010a0249441083be0118e80720322a1e010a01411083be01183220d80428e807320345555238014080a0f1c2b134"
	)
	if got := hex.EncodeToString(encodeBudgets([]budget.Budget{b})); got != budgets {
		t.Errorf("budgets: got %s, want %s", got, budgets)
	}
	if got := hex.EncodeToString(encodeAlarms("ID", &state)); got != alarms {
		t.Errorf("alarms: got %s, want %s", got, alarms)
	}
	row := func(text string) []byte {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if got, err := decodeBudgets("ann", row(budgets)); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], b) {
		t.Errorf("budgets: got %+v, %v, want %+v", got, err, b)
	}
	if id, got, err := decodeAlarms(row(alarms)); err != nil || id != "ID" || !reflect.DeepEqual(got, state) {
		t.Errorf("alarms: got %s %+v, %v, want %+v", id, got, err, state)
	}
}

// FuzzBudgetRecords: damaged rows are errors, never a panic or a budget that nobody may make.
func FuzzBudgetRecords(f *testing.F) {
	b := newBudget("ann", "month", "pond")
	b.ID = "ID"
	f.Add(encodeBudgets([]budget.Budget{b, b}))
	f.Add(encodeAlarms("ID", &budget.State{Month: 24323, Raised: []int{50}, Waiting: []budget.Alarm{{ID: "A", At: b.Created}}}))
	f.Fuzz(func(t *testing.T, row []byte) {
		all, err := decodeBudgets("ann", row)
		for i := range all {
			if err == nil && all[i].Check() != nil {
				t.Errorf("decoded %+v", all[i])
			}
		}
		_, s, _ := decodeAlarms(row)
		_ = s.Month.String()
	})
}
