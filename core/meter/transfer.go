package meter

import "time"

// Transfer is an answer on its way out: Months count what has gone before its event is recorded. The zero value counts
// nothing. It takes no memory, and no lock but those of scopes that somebody asks about. It belongs to one goroutine.
type Transfer struct {
	months *Months
	scope  Scope
	at     time.Time
	sent   int64                  // bytes that have gone
	looked *map[scopeMonth]*total // when it last looked
	totals [2]*total              // of the bucket and of its account, which count sent; nil for what nobody asks about
}

// Begin returns the transfer of an answer whose event will be of s, a bucket, will be recorded by r and will say that it was
// at at. Where r is no Months it counts nothing.
func Begin(r Recorder, s Scope, at time.Time) Transfer {
	m, _ := r.(*Months)
	return Transfer{months: m, scope: s, at: at}
}

// Sent says that so many bytes have gone, all since the beginning. It is an atomic load while nobody asks about the scope.
func (t *Transfer) Sent(bytes int64) {
	if t.months == nil || bytes <= t.sent {
		return
	}
	more := bytes - t.sent
	for _, of := range t.totals {
		if of != nil {
			of.send(more)
		}
	}
	t.sent = bytes
	t.look()
}

// InEvent returns the Transfer of the answer's event: t, nil when none of it counts yet.
func (t *Transfer) InEvent() *Transfer {
	if t.totals == [2]*total{} {
		return nil
	}
	return t
}

// look finds the totals that are kept since it last looked.
func (t *Transfer) look() {
	now := t.months.totals.Load()
	if now == t.looked {
		return
	}
	if t.looked = now; len(*now) == 0 {
		return
	}
	month := MonthOf(t.at)
	for i, s := range [...]Scope{t.scope, {Account: t.scope.Account}} {
		if of := (*now)[scopeMonth{s, month}]; of != nil && t.totals[i] == nil {
			of.send(t.sent)
			t.totals[i] = of
		}
	}
}

// in returns the bytes that of counts already.
func (t *Transfer) in(of *total) int64 {
	if t != nil && (of == t.totals[0] || of == t.totals[1]) {
		return t.sent
	}
	return 0
}

// send counts bytes of a transfer whose event is to come.
func (t *total) send(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.underWay += n
	t.seen[DataTransferOut].Add(n)
}

// arrive counts an event with n bytes, of which early ones count already.
func (t *total) arrive(n, early int64) {
	if early == 0 {
		if n > 0 {
			t.seen[DataTransferOut].Add(n)
		}
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.underWay -= early
	t.seen[DataTransferOut].Add(n - early)
}

// recorded returns the bytes that events have told of.
func (t *total) recorded() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen[DataTransferOut].Load() - t.underWay
}
