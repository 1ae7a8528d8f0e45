package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	// differentialVariable asks for a longer run: "20000" calls, or "20000,77" to begin with seed 77. A long run also
	// tells which known differences never occur.
	differentialVariable = "SHOAL_DIFFERENTIAL"

	differentialCalls = 600 // in each run of the tests
	sequenceCalls     = 40  // on one fresh bucket: few enough for the two to stay alike
	shownDifferences  = 10  // of different kinds, after which the test ends
	shrinkRuns        = 300 // of a sequence that shows a difference, at most
)

// TestDifferential sends random sequences of calls to Shoal and to Versity's gateway and compares what each answers.
// Where they differ the line of testdata/differential/known.txt says who is right by AWS's documentation.
func TestDifferential(t *testing.T) {
	program := findVersity(t)
	calls, seed := differentialRun(t)
	d := &differential{
		t:     t,
		ours:  &side{name: "shoal", url: start(t, options{}).url(""), client: plainClient()},
		peer:  startGateway(t, program),
		known: readKnown(t),
	}
	reported := map[string]bool{}
	for ; d.sent < calls && len(reported) < shownDifferences; seed++ {
		sequence := newSequence(seed, sequenceCalls)
		n, found := d.replay(sequence)
		if found != nil && !reported[found.kind()] {
			reported[found.kind()] = true
			shortest, found := d.shrink(sequence[:n], found)
			t.Errorf("seed %d: %s\nshortest sequence:\n%s", seed, found, printCalls(shortest))
		}
	}
	t.Logf("%d calls sent to each, seeds below %d, %d known differences seen", d.sent, seed, len(d.known)-len(d.known.unseen()))
	if os.Getenv(differentialVariable) != "" {
		for _, k := range d.known.unseen() {
			t.Errorf("known.txt:%d: this difference never occurred: %s", k.line, k)
		}
	}
}

// differentialRun returns how many calls to send at least, and the first seed.
func differentialRun(t *testing.T) (calls int, seed uint64) {
	t.Helper()
	asked := os.Getenv(differentialVariable)
	if asked == "" {
		return differentialCalls, 1
	}
	count, first, both := strings.Cut(asked, ",")
	if !both {
		first = "1"
	}
	calls, err := strconv.Atoi(count)
	if err == nil {
		seed, err = strconv.ParseUint(first, 10, 64)
	}
	if err != nil {
		t.Fatalf("%s=%s: want CALLS or CALLS,SEED: %v", differentialVariable, asked, err)
	}
	return calls, seed
}

// differential is the two sides and what is known of their differences.
type differential struct {
	t     *testing.T
	ours  *side
	peer  *side
	known knownDifferences
	runs  int // so far, each with a bucket of its own
	sent  int // calls to each side
}

// replay sends a sequence to both sides, in a bucket of its own, up to the first difference that is not known. It
// ends early where a known difference leaves the two with different objects; n is the length up to there.
func (d *differential) replay(sequence []call) (n int, found *difference) {
	d.runs++
	bucket := fmt.Sprintf("differential-%d", d.runs)
	d.ours.begin(bucket)
	d.peer.begin(bucket)
	for i, c := range sequence {
		if !d.ours.names.resolves(c) || !d.peer.names.resolves(c) {
			continue
		}
		d.sent++
		ours, theirs := d.ours.send(d.t, c), d.peer.send(d.t, c)
		for _, f := range compare(c, ours, theirs) {
			k := d.known.find(f)
			if k == nil {
				return i + 1, &f
			}
			if k.seen = true; k.ends {
				return i + 1, nil
			}
			if k.covers {
				break
			}
		}
	}
	return len(sequence), nil
}

// shrink takes calls out of a sequence as long as it still ends in the same kind of difference.
func (d *differential) shrink(sequence []call, found *difference) ([]call, *difference) {
	for again, runs := true, 0; again; {
		again = false
		for i := len(sequence) - 2; i >= 0 && runs < shrinkRuns; i-- {
			shorter := slices.Delete(slices.Clone(sequence), i, i+1)
			runs++
			n, f := d.replay(shorter)
			if f != nil && f.kind() == found.kind() {
				sequence, found, again = shorter[:n], f, true
				i = min(i, len(sequence)-1)
			}
		}
	}
	return sequence, found
}

func printCalls(sequence []call) string {
	var out strings.Builder
	for _, c := range sequence {
		fmt.Fprintf(&out, "  %s\n", c)
	}
	return out.String()
}
