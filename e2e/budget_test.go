package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	budgetBucket = "paid"
	budgetKey    = "film.bin"
	budgetObject = 8 << 20                 // bytes
	budgetLimit  = budgetObject * 7 / 2    // two GETs, one copy for the first peer, half a copy for the others
	budgetRate   = "4MiB/s"                // of the origin to the swarm
	peerUp       = "1500000"               // bytes a second of each peer
	budgetWithin = 30 * time.Second        // on a busy machine; that it is a second, tests with clocks of their own show
	silentFor    = 1500 * time.Millisecond // without a byte of the origin: it has stopped
	sampleEvery  = 10 * time.Millisecond   // of the origin's counter
	crowdWithin  = 2 * time.Minute         // for the peers to complete among themselves
	usedUp       = `"used_up": true`       // of shoal budget show --json
	metricSent   = "shoal_seeder_payload_bytes_total"
)

// alarmHook is a webhook that refuses until it is opened, and notes which thresholds it was told of.
type alarmHook struct {
	mu         sync.Mutex // guards what follows
	open       bool
	refused    int
	thresholds []int
	ids        []string
	faults     []string
}

func (h *alarmHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct {
		Event, ID, Budget, Bucket, Month, Unit, Action string
		Threshold                                      int `json:"threshold_percent"`
		Used, Limit                                    int64
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.open {
		h.refused++
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.thresholds, h.ids = append(h.thresholds, m.Threshold), append(h.ids, m.ID)
	action := "none"
	if m.Threshold >= 100 {
		action = "stop-anonymous-egress"
	}
	if err != nil || m.Event != "shoal:BudgetAlarm" || m.Budget != "month" || m.Bucket != budgetBucket || m.Unit != "bytes" ||
		m.Limit != budgetLimit || m.Used*100 < m.Limit*int64(m.Threshold) || m.Action != action {
		h.faults = append(h.faults, fmt.Sprintf("%s: %v", body, err))
	}
}

func (h *alarmHook) set(open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = open
}

// told returns the thresholds in the order in which they came.
func (h *alarmHook) told() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.thresholds)
}

func (h *alarmHook) refusals() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refused
}

// TestBudgetStopsTheOriginInMidSwarm: an alarm that the webhook refuses outlasts kill -9; a budget that is used up while
// three peers download stops the origin alone, and they complete from each other; each threshold is told of once; with
// a greater limit all is as before.
func TestBudgetStopsTheOriginInMidSwarm(t *testing.T) {
	findPython(t, "libtorrent", "python3-libtorrent")
	h := &alarmHook{}
	receiver := httptest.NewServer(h)
	defer receiver.Close()
	s := start(t, options{flags: []string{
		"--no-utp", "--seeding", "speed", "--swarm-rate", budgetRate, "--event-target", "hook=" + receiver.URL,
	}})
	s.makeBucket(budgetBucket, true)
	path := filepath.Join(t.TempDir(), budgetKey)
	hash := writeContent(t, path, 9, budgetObject)
	bucket, key := budgetBucket, budgetKey
	putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPublicRead})
	file := saveTorrent(t, s.torrentOf("", budgetBucket, budgetKey).body)

	s.budget("create", "month", "--bucket", budgetBucket, "--egress", strconv.Itoa(budgetLimit), "--action", "stop-anonymous-egress", "--target", "hook")
	for range 2 {
		if a := anonymous(t, http.MethodGet, s.objectURL("", budgetBucket, budgetKey)); a.status != http.StatusOK {
			t.Fatalf("GET within the budget: status %d", a.status)
		}
	}
	eventually(t, budgetWithin, "the webhook refuses the alarm at 50 %", func() bool { return h.refusals() > 0 })
	s.budget("show", "month") // reads the report: what was sent is durable
	s.kill()
	s.run()
	h.set(true)
	eventually(t, budgetWithin, "the webhook is told of 50 %", func() bool { return slices.Equal(h.told(), []int{50}) })

	var crowd []*budgetPeer
	for i := range 4 {
		crowd = append(crowd, s.budgetPeer(fmt.Sprintf("127.0.0.%d", 2+i), file))
	}
	crowd[0].begin()
	crowd[0].awaitComplete(t, crowdWithin)
	var now struct{ Used int64 }
	if err := json.Unmarshal([]byte(s.budget("show", "month", "--json")), &now); err != nil {
		t.Fatal(err)
	}
	others := now.Used - int64(s.metric(metricSent))
	for _, p := range crowd[1:] {
		p.begin()
	}
	passed, last := s.awaitStop(t, others)
	t.Logf("the origin's last byte was seen %v after the limit was", last.Sub(passed))
	if held := last.Sub(passed); held > budgetWithin {
		t.Errorf("the origin went on for %v", held)
	}
	incomplete := 0
	for _, p := range crowd {
		if !p.complete() {
			incomplete++
		}
	}
	if incomplete == 0 {
		t.Error("every peer was complete before the origin stopped")
	}
	s.checkStopped(t)
	for _, p := range crowd {
		p.awaitComplete(t, crowdWithin)
		if got := hashFile(t, filepath.Join(p.dir, budgetKey)); got != hash {
			t.Errorf("a peer has content %s, want %s", got, hash)
		}
	}
	eventually(t, budgetWithin, "the webhook is told of every threshold", func() bool { return len(h.told()) >= 3 })
	h.checkOnce(t)

	s.budget("set", "month", "--egress", "1GiB")
	eventually(t, budgetWithin, "anonymous clients are served again", func() bool {
		return anonymous(t, http.MethodGet, s.objectURL("", budgetBucket, budgetKey)).status == http.StatusOK
	})
	m := parseTorrent(t, s.torrentOf("", budgetBucket, budgetKey).body)
	eventually(t, budgetWithin, "the seeder takes peers again", func() bool {
		_, err := dialPeer(t, s.peer, m.InfoHash())
		return err == nil
	})
}

// slowGET begins an anonymous GET whose answer waits for its reader.
func slowGET(t *testing.T, url string) io.Reader {
	t.Helper()
	web := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
		}
		return conn, err
	}}
	t.Cleanup(web.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := web.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Body.Close() })
	if a.StatusCode != http.StatusOK {
		t.Fatalf("GET: status %d", a.StatusCode)
	}
	return a.Body
}

// TestBudgetCutsGETsOff: anonymous GETs that are under way, and nothing else, use a budget up, and none of them comes to its end.
func TestBudgetCutsGETsOff(t *testing.T) {
	const size, limit, sip, crowd = 24 << 20, 1 << 20, 32 << 10, 3
	s := start(t, options{})
	s.makeBucket(budgetBucket, true)
	bucket := budgetBucket
	for key, bytes := range map[string]int64{budgetKey: size, "small": 1} {
		path := filepath.Join(t.TempDir(), key)
		writeContent(t, path, 9, bytes)
		putFile(t, s, path, &s3.PutObjectInput{Bucket: &bucket, Key: &key, ACL: types.ObjectCannedACLPublicRead})
	}
	s.budget("create", "month", "--bucket", budgetBucket, "--egress", strconv.Itoa(limit), "--action", "stop-anonymous-egress")
	var answers [crowd]io.Reader
	var got [crowd]int64
	for i := range answers {
		answers[i] = slowGET(t, s.objectURL("", budgetBucket, budgetKey))
	}
	status := func(key string) int { return anonymous(t, http.MethodGet, s.objectURL("", budgetBucket, key)).status }
	eventually(t, budgetWithin, "what is under way uses the budget up", func() bool {
		for i := range answers {
			if got[i] < size/2 { // it is under way until the budget is used up
				n, _ := io.CopyN(io.Discard, answers[i], sip) // its end is seen below
				got[i] += n
			}
		}
		return status("small") == http.StatusForbidden
	})
	for i := range answers {
		n, err := io.Copy(io.Discard, answers[i])
		if got[i] += n; err != io.ErrUnexpectedEOF || got[i] >= size {
			t.Errorf("a GET under way got %d bytes, %v, want fewer than %d", got[i], err, size)
		}
	}
	s.budget("set", "month", "--egress", "1GiB")
	eventually(t, budgetWithin, "GETs come to their end", func() bool { return status(budgetKey) == http.StatusOK })
}

// budget runs a shoal budget command.
func (s *server) budget(verb, name string, flags ...string) (stdout string) {
	s.t.Helper()
	out, code := s.command(append([]string{"budget", verb, name, "--data", s.data}, flags...)...)
	if code != 0 {
		s.t.Fatalf("budget %s: code %d", verb, code)
	}
	return out
}

// budgetPeer is a libtorrent peer on this machine that stays. It does nothing before begin.
type budgetPeer struct {
	*process
	dir   string
	begin func()
}

func (s *server) budgetPeer(address, file string) *budgetPeer {
	s.t.Helper()
	python, dir := findPython(s.t, "libtorrent", "python3-libtorrent"), s.t.TempDir()
	cmd := client(s.t, python, script(s.t, "lt_peer.py"), file, dir, fmt.Sprintf("%s:%d", address, freePort(s.t)), string(leech), peerUp)
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	p := &budgetPeer{process: startProcess(s.t, "libtorrent", cmd), dir: dir}
	eventually(s.t, readyWithin, "libtorrent is set up", func() bool { _, ok := p.stdout.line("ready"); return ok })
	p.begin = func() { _, _ = io.WriteString(in, "\n") }
	return p
}

func (p *budgetPeer) complete() bool { _, ok := p.stdout.line("complete"); return ok }

func (p *budgetPeer) awaitComplete(t *testing.T, within time.Duration) {
	t.Helper()
	eventually(t, within, "a peer is complete", p.complete)
}

// awaitStop watches what the origin sends until it sends nothing any more while its budget is used up. It returns when the
// limit was seen to be passed, and when the last byte was. others is what counts beside what peers were sent.
func (s *server) awaitStop(t *testing.T, others int64) (passed, last time.Time) {
	t.Helper()
	end := time.Now().Add(crowdWithin)
	for sent := int64(-1); time.Now().Before(end); time.Sleep(sampleEvery) {
		now, at := int64(s.metric(metricSent)), time.Now()
		if now != sent {
			sent, last = now, at
		}
		if passed.IsZero() && others+sent >= budgetLimit {
			passed = at
		}
		if !passed.IsZero() && time.Since(last) > silentFor && strings.Contains(s.budget("show", "month", "--json"), usedUp) {
			return passed, last
		}
	}
	t.Fatalf("the origin has not stopped: %d bytes sent", int64(s.metric(metricSent)))
	return passed, last
}

// checkStopped holds what is and is not served while a budget has stopped anonymous egress.
func (s *server) checkStopped(t *testing.T) {
	t.Helper()
	m := parseTorrent(t, s.torrentOf("", budgetBucket, budgetKey).body)
	if _, err := dialPeer(t, s.peer, m.InfoHash()); err == nil {
		t.Error("the seeder takes a peer")
	}
	if failure, peers := announceHTTP(t, s.tracker, m.InfoHash()); failure != "" || peers < 4 {
		t.Errorf("announce: failure %q, %d peers, want the four", failure, peers)
	}
	a := anonymous(t, http.MethodGet, s.objectURL("", budgetBucket, budgetKey))
	if a.status != http.StatusForbidden || !strings.Contains(string(a.body), "<Code>AccessDenied</Code>") {
		t.Errorf("anonymous GET: status %d, %s", a.status, a.body)
	}
	if a := anonymous(t, http.MethodHead, s.objectURL("", budgetBucket, budgetKey)); a.status != http.StatusOK {
		t.Errorf("anonymous HEAD: status %d", a.status)
	}
	bucket, key := budgetBucket, budgetKey
	got, err := s.sdk().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatalf("GET of the owner: %v", err)
	}
	got.Body.Close()
}

// checkOnce holds that each threshold came once, in order, and nothing was wrong with any.
func (h *alarmHook) checkOnce(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := slices.Clone(h.ids)
	slices.Sort(ids)
	if !slices.Equal(h.thresholds, []int{50, 80, 100}) || len(slices.Compact(ids)) != 3 || len(h.faults) > 0 {
		t.Errorf("told of %v, ids %v, faults %v", h.thresholds, h.ids, h.faults)
	}
}
