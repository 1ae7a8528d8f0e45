package s3api

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
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
	by       string // PUT, complete, copy or delete
	makes    string // ETag
	ifMatch  string // ETag; "" with ifAbsent
	ifAbsent bool
}

// raceModel is one key: its state is its ETag, "" when there is none. A step gives the status of a write in that
// state (S3 user guide, conditional requests): 409 says that another got in the way, and changes nothing.
var raceModel = porcupine.Model{ // never written
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		etag, in, status := state.(string), input.(raceInput), output.(int)
		want := 200
		switch {
		case status == 409:
			return true, state
		case in.ifAbsent && etag != "", in.ifMatch != "" && etag != "" && etag != in.ifMatch:
			want = 412
		case in.ifMatch != "" && etag == "":
			want = 404
		}
		if want == 200 {
			return status == 200 || status == 204, in.makes
		}
		return status == want, state
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %d", input, output) },
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
	for round := 0; round < raceRounds || time.Since(r.began) < length; round++ {
		r.round(round)
	}
	if got := porcupine.CheckOperationsTimeout(raceModel, r.history, checkWithin); got != porcupine.Ok {
		t.Errorf("the history of %d writes is %s, want one that is linearizable", len(r.history), got)
	}
}

type race struct {
	t     *testing.T
	s     *testServer
	began time.Time
	etag  string // of the key between rounds

	mu      sync.Mutex
	history []porcupine.Operation // guarded by mu
}

// round has every racer write once, and looks at what is there in the end.
func (r *race) round(n int) {
	r.t.Helper()
	from := len(r.history)
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		write, in := r.prepare(i, n)
		running.Go(func() {
			<-start
			call := time.Since(r.began)
			status := write()
			r.note(porcupine.Operation{ClientId: i, Input: in, Output: status, Call: int64(call), Return: int64(time.Since(r.began))})
		})
	}
	close(start)
	running.Wait()
	r.checkWinners(r.history[from:])
	r.etag = strings.Trim(r.s.do(r.t, owner, "HEAD", "/alpha/key", "").header.Get("ETag"), `"`)
}

func (r *race) note(o porcupine.Operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, o)
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
func (r *race) checkWinners(round []porcupine.Operation) {
	r.t.Helper()
	won := map[bool]int{}
	asked := map[bool]int{}
	for _, o := range round {
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
