package s3api

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	racers = 64 // at the same time on one key
	// raceRounds is how many rounds run when raceVariable, a duration such as 1m, does not say how long.
	raceRounds   = 4
	raceVariable = "SHOAL_RACE"
	checkWithin  = time.Minute
)

// raceInput is one conditional write: what it makes of the key ("" deletes it), and what it asks for.
type raceInput struct {
	by       string // PUT, complete, copy or delete; HEAD only looks
	makes    string // ETag
	ifMatch  string // ETag; "" with ifAbsent
	ifAbsent bool
}

// raceState is a key in the model.
type raceState struct {
	etag   string // "" when there is no object
	absent int    // answers so far that said so (404)
}

// raceModel is one key that begins as etag and is deleted once at most, as only one write of a round can match etag.
// That prunes the search: an object that is made after the delete stays, so that by then every 404 was given.
func raceModel(etag string, history []porcupine.Operation) porcupine.Model {
	absent := 0
	for _, o := range history {
		if o.Output == http.StatusNotFound {
			absent++
		}
	}
	return porcupine.Model{
		Init: func() any { return raceState{etag: etag} },
		Step: func(state, input, output any) (bool, any) {
			s, in := state.(raceState), input.(raceInput)
			if read, isRead := output.(string); isRead {
				return read == s.etag, s
			}
			ok, next := in.step(s, output.(int))
			return ok && (s.etag != "" || next.etag == "" || next.absent == absent), next
		},
	}
}

// step reports whether a write in a state can have that status, and the next state (S3 user guide, conditional
// requests): 409 says that another got in the way, and changes nothing.
func (in raceInput) step(s raceState, status int) (bool, raceState) {
	switch {
	case status == http.StatusConflict:
		return true, s
	case in.ifAbsent && s.etag != "", in.ifMatch != "" && s.etag != "" && s.etag != in.ifMatch:
		return status == http.StatusPreconditionFailed, s
	case in.ifMatch != "" && s.etag == "":
		s.absent++
		return status == http.StatusNotFound, s
	}
	s.etag = in.makes
	return status == http.StatusOK || status == http.StatusNoContent, s
}

// TestConditionalWritesAreLinearizable races conditional writes of each kind on one key: their history is one that
// some order of them explains, and of all that ask for the same state exactly one wins.
func TestConditionalWritesAreLinearizable(t *testing.T) {
	s := newTestServer(t, Options{})
	s.must(t, owner, "PUT", "/alpha", "")
	for i := range racers {
		s.must(t, owner, "PUT", fmt.Sprintf("/alpha/source-%d", i), fmt.Sprint("source ", i))
	}
	length, _ := time.ParseDuration(os.Getenv(raceVariable))
	r := &race{t: t, s: s, began: time.Now()}
	round := 0
	for ; round < raceRounds || time.Since(r.began) < length; round++ {
		r.round(round)
	}
	t.Logf("%d rounds of %d writes", round, racers)
}

type race struct {
	t     *testing.T
	s     *testServer
	began time.Time
	etag  string // of the key between rounds

	mu      sync.Mutex
	history []porcupine.Operation // of this round; guarded by mu
}

// round has every racer write once, looks at what is there in the end, and judges.
func (r *race) round(n int) {
	r.t.Helper()
	r.history = nil
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		write, in := r.prepare(i, n)
		running.Go(func() {
			<-start
			r.note(i, in, func() any { return write() })
		})
	}
	close(start)
	running.Wait()
	r.checkWinners()
	before := r.etag
	r.note(0, raceInput{by: "HEAD"}, func() any {
		r.etag = strings.Trim(r.s.do(r.t, owner, "HEAD", "/alpha/key", "").header.Get("ETag"), `"`)
		return r.etag
	})
	if got := porcupine.CheckOperationsTimeout(raceModel(before, r.history), r.history, checkWithin); got != porcupine.Ok {
		r.t.Errorf("round %d: the history is %s, want one that is linearizable:\n%+v", n, got, r.history)
	}
}

// note does what takes its place in the history.
func (r *race) note(racer int, in raceInput, do func() any) {
	call := time.Since(r.began)
	output := do()
	end := time.Since(r.began)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, porcupine.Operation{ClientId: racer, Input: in, Output: output, Call: int64(call), Return: int64(end)})
}

// prepare does what comes before a racer's write, and returns the write.
func (r *race) prepare(i, round int) (write func() (status int), in raceInput) {
	in = raceInput{ifAbsent: r.etag == "" || rand.IntN(4) == 0}
	condition := "If-None-Match: *"
	if !in.ifAbsent {
		in.ifMatch = r.etag
		condition = `If-Match: "` + r.etag + `"`
	}
	kinds := []string{"PUT", "complete", "copy", "delete"}
	if in.ifAbsent {
		kinds = kinds[:3] // a delete of what is not there is nothing
	}
	in.by = kinds[rand.IntN(len(kinds))]
	do := func(method, target, body string, headers ...string) func() int {
		return func() int { return r.s.do(r.t, owner, method, target, body, append(headers, condition)...).status }
	}
	content := fmt.Sprintf("round %d racer %d", round, i)
	switch in.by {
	case "complete":
		at := "/alpha/key?uploadId=" + r.s.begin(r.t, "/alpha/key")
		etag := r.s.must(r.t, owner, "PUT", at+"&partNumber=1", content).header.Get("ETag")
		sum := md5.Sum([]byte(content))
		whole := md5.Sum(sum[:])
		in.makes = hex.EncodeToString(whole[:]) + "-1"
		return do("POST", at, completeDocument(etag)), in
	case "copy":
		source := fmt.Sprintf("/alpha/source-%d", i)
		in.makes = strings.Trim(r.s.must(r.t, owner, "PUT", source, content).header.Get("ETag"), `"`)
		return do("PUT", "/alpha/key", "", "x-amz-copy-source: "+source), in
	case "delete":
		return do("DELETE", "/alpha/key", ""), in
	}
	sum := md5.Sum([]byte(content))
	in.makes = hex.EncodeToString(sum[:])
	return do("PUT", "/alpha/key", content), in
}

// checkWinners: of those that ask for the state between the rounds one wins, and one that asks for none wins after a
// delete at most.
func (r *race) checkWinners() {
	r.t.Helper()
	won := map[bool]int{}
	asked := map[bool]int{}
	for _, o := range r.history {
		in, status := o.Input.(raceInput), o.Output.(int)
		asked[in.ifAbsent]++
		if status == 200 || status == 204 {
			won[in.ifAbsent]++
		}
	}
	if r.etag == "" && won[true] != 1 {
		r.t.Errorf("%d of %d writes of an absent key won, want 1", won[true], asked[true])
	}
	if r.etag != "" && (asked[false] > 0 && won[false] != 1 || won[true] > 1) {
		r.t.Errorf("of %d writes of one ETag %d won, want 1; of %d of an absent key %d, want at most 1",
			asked[false], won[false], asked[true], won[true])
	}
}
