package s3api

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"shoal/core/budget"
	"shoal/core/meter"
	"shoal/wire/sigv4"
)

// keptBudget is a budget.Store with one budget of pond.
type keptBudget struct {
	mu sync.Mutex // guards b
	b  budget.Kept
}

func (s *keptBudget) Budgets(context.Context) ([]budget.Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []budget.Kept{s.b}, nil
}

func (s *keptBudget) ChangeState(_ context.Context, _ *budget.Budget, change func(*budget.State)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.b.State)
	return nil
}

// newBudgetServer returns a server whose bucket pond has used its budget up after limit bytes.
func newBudgetServer(t *testing.T, limit int64, action budget.Action) (*testServer, *meter.Months) {
	t.Helper()
	s := newTestServer(t, Options{})
	months := meter.NewMonths(counts{}, s.usage, time.Now)
	scope := meter.Scope{Account: string(s.users[owner].CanonicalID), Bucket: "pond"}
	store := &keptBudget{b: budget.Kept{Budget: budget.Budget{Name: "month", Scope: scope, Limit: limit, Action: action}}}
	keeper := budget.New(t.Context(), store, months, budget.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- keeper.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("keeper: %v", err)
		}
	})
	s.handler.o.Budgets, s.handler.meter = keeper, months
	s.must(t, owner, "PUT", "/pond", "")
	return s, months
}

// bigObject is more than the buffers of a connection hold: an answer of so much is under way until it is read.
const bigObject = 16 << 20

// begun is what the signed reader takes at first: that so much but for a stretch went, is known by then.
const begun = 4 * maxWriteStretch

// smallWindow keeps the kernel from taking much of an answer that nobody reads.
const smallWindow = 64 << 10

// get begins to read an object, so many bytes of it; the rest waits for the reader.
func (s *testServer) get(t *testing.T, who, target string, bytes int) *http.Response {
	t.Helper()
	web := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(smallWindow)
		}
		return conn, err
	}}
	t.Cleanup(web.CloseIdleConnections)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+target, nil)
	if err == nil && who != anonymous {
		err = sigv4.Sign(r, s.keys[who], "us-east-1", sigv4.EmptySHA256, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := web.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if _, err := io.ReadFull(answer.Body, make([]byte, bytes)); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("GET by %q: status %d, %v", who, answer.StatusCode, err)
	}
	return answer
}

// until waits for what another goroutine brings about.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// TestBudgetCutsOff: what is under way counts at once, and uses a budget up by itself; the anonymous reader is then cut off,
// the signed one is not; and all that went is metered, once.
func TestBudgetCutsOff(t *testing.T) {
	for _, action := range []budget.Action{budget.TorrentsOnly, budget.StopAnonymousEgress} {
		t.Run(action.String(), func(t *testing.T) {
			s, months := newBudgetServer(t, begun/2, action)
			s.must(t, owner, "PUT", "/pond/big", strings.Repeat("x", bigObject), "x-amz-acl: public-read")
			scope := meter.Scope{Account: string(s.users[owner].CanonicalID), Bucket: "pond"}
			before, _ := months.Sent(scope)
			if before >= begun/2 {
				t.Fatalf("%d bytes were sent before", before)
			}
			n := len(s.usage.wait(t, 2))
			loose := s.get(t, anonymous, "/pond/big", 1)
			signed := s.get(t, owner, "/pond/big", begun)
			until(t, "what is under way uses the budget up", func() bool {
				return s.handler.o.Budgets.InForce(scope.Account, "pond") == action
			})
			got, err := io.Copy(io.Discard, loose.Body)
			if got++; err != io.ErrUnexpectedEOF || got >= bigObject {
				t.Errorf("the anonymous reader got %d bytes, %v, want fewer", got, err)
			}
			whole, err := io.Copy(io.Discard, signed.Body)
			if whole += begun; err != nil || whole != bigObject {
				t.Errorf("the signed reader got %d bytes, %v, want all %d", whole, err, bigObject)
			}
			events := s.usage.wait(t, n+2)[n:]
			if events[0].BytesOut != got || events[1].BytesOut != bigObject {
				t.Errorf("metered %d and %d bytes, want %d and %d", events[0].BytesOut, events[1].BytesOut, got, bigObject)
			}
			until(t, "all counts once", func() bool { sent, _ := months.Sent(scope); return sent == before+got+bigObject })
			s.refused(t, anonymous, "GET", "/pond/big", "", 403, codeAccessDenied)
		})
	}
}
