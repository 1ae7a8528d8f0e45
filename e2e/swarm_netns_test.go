package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shoal/wire/torrent"
)

// swarmsVariable names the environment variable that is "full" for every swarm (three quarters of an hour), swarmsFileVariable
// the one that names a file to which each result is appended as a line of JSON, and swarmsSeedingVariable the one that names
// the policy by which Shoal seeds, if not by the usual one.
const (
	swarmsVariable        = "SHOAL_SWARMS"
	swarmsFileVariable    = "SHOAL_SWARMS_FILE"
	swarmsSeedingVariable = "SHOAL_SWARMS_SEEDING"
)

// A flash crowd: everybody begins at once and stays.
const (
	crowdMbit   = 20  // of every peer's link, each way
	serverMbit  = 160 // of the origin's, where it is faster
	swarmBucket = "swarms"

	usualSeeding = "egress"
)

// What is promised of the copies that leave the origin, by the kind of crowd, and what a short run may take.
const (
	copiesAlike     = 1.10
	copiesMixed     = 1.25
	copiesShortRun  = 1.25
	swarmPollEvery  = 50 * time.Millisecond
	originSeedsSoon = time.Minute
)

// flashCrowd is one swarm to be measured.
type flashCrowd struct {
	origin     string // "shoal", or a kind of swarmPeers, or "libtorrent superseed"
	mix        []string
	peers      int
	originMbit int
}

func (c flashCrowd) String() string {
	return fmt.Sprintf("%d %s/%d Mbit/%s", c.peers, strings.Join(c.mix, "+"), c.originMbit, c.origin)
}

// crowdResult is what was measured.
type crowdResult struct {
	Origin     string    `json:"origin"`
	Crowd      string    `json:"crowd"`
	Peers      int       `json:"peers"`
	OriginMbit int       `json:"origin_mbit"`
	Bytes      int64     `json:"bytes"`
	Copies     float64   `json:"copies"`  // what left by the origin's link / size
	Payload    float64   `json:"payload"` // what was metered / size; 0 where nothing meters
	First      float64   `json:"first"`   // seconds until a peer was complete
	Last       float64   `json:"last"`    // seconds until all were
	Bound      float64   `json:"bound"`   // seconds, of the last one
	Times      []float64 `json:"times"`
}

func (r crowdResult) String() string {
	return fmt.Sprintf("%-21s %-31s %2d %4d Mbit/s  copies %5.3f (payload %5.3f)  first %5.1f s  last %5.1f s = %4.2f x bound",
		r.Origin, r.Crowd, r.Peers, r.OriginMbit, r.Copies, r.Payload, r.First, r.Last, r.Last/r.Bound)
}

// bound is the least time in which everybody can have everything (Kumar and Ross 2006): the origin must
// send each byte once, each peer receive it, and all uplinks together carry every copy.
func (c flashCrowd) bound(size int64) float64 {
	const mbit = 1e6 / 8
	s, own, crowd := float64(size), float64(c.originMbit)*mbit, float64(crowdMbit)*mbit
	n := float64(c.peers)
	return max(s/own, s/crowd, n*s/(own+n*crowd))
}

// swarmObject is the object that the crowds fetch, and the server whose torrent of it all use.
type swarmObject struct {
	s    *server
	p    published
	meta *torrent.Metainfo
}

// publishForSwarms puts an object of that size on a server on this machine's own network, which is then
// stopped: it runs again in a namespace, with the same ports.
func publishForSwarms(t *testing.T, size int64, flags ...string) *swarmObject {
	t.Helper()
	dir := t.TempDir()
	p := published{bucket: swarmBucket, key: "crowd.bin", path: filepath.Join(dir, "crowd.bin"), size: size}
	p.sha256 = writeContent(t, p.path, 11, size)
	// The first host of every network has this address.
	s := start(t, options{host: "any", flags: append([]string{"--public-host", "11.0.0.1"}, flags...)})
	s.makeBucket(p.bucket, true)
	s.put(p.bucket, p.key, contentBytes(11, int(size)))
	o := &swarmObject{s: s, p: p, meta: parseTorrent(t, s.torrentOf("", p.bucket, p.key).body)}
	s.stop()
	return o
}

// serveIn runs the server of the object in a namespace until the test ends.
func (o *swarmObject) serveIn(t testing.TB, h *host) *server {
	t.Helper()
	s := o.s.in(t)
	s.host = h
	s.run()
	t.Cleanup(s.stop)
	return s
}

// torrent writes the object's torrent, with another tracker when announce is not "".
func (o *swarmObject) torrent(t testing.TB, announce string) string {
	t.Helper()
	m := *o.meta
	if announce != "" {
		m.Announce, m.AnnounceList = announce, nil
	}
	data, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return saveTorrent(t, data)
}

// run measures one crowd.
func (o *swarmObject) run(t *testing.T, c flashCrowd) crowdResult {
	n := newNetwork(t)
	origin := n.host(c.originMbit)
	crowd := make([]*swarmPeer, c.peers)
	var s *server
	var file string
	if c.origin == "shoal" {
		s = o.serveIn(t, origin)
		file = o.torrent(t, "")
	} else {
		tracker := serveTracker(t, n)
		file = o.torrent(t, tracker.url)
		o.seedWith(t, c.origin, origin, file)
		eventually(t, originSeedsSoon, "the origin seeds", func() bool { return tracker.hasSeed(origin.address) })
	}
	dirs := make([]string, c.peers)
	for i := range crowd {
		dirs[i] = t.TempDir()
		crowd[i] = swarmPeers()[c.mix[i%len(c.mix)]](t, n.host(crowdMbit), file, dirs[i], leech)
	}
	r := crowdResult{Origin: c.origin, Crowd: strings.Join(c.mix, "+"), Peers: c.peers, OriginMbit: c.originMbit, Bytes: o.p.size, Bound: c.bound(o.p.size)}
	metered := meteredBytes(s, o.p.bucket)
	before := origin.sent(t)
	r.Times = awaitCrowd(t, crowd, time.Duration(r.Bound*5*float64(time.Second))+time.Minute)
	r.Copies = float64(origin.sent(t)-before) / float64(o.p.size)
	r.First, r.Last = slices.Min(r.Times), slices.Max(r.Times)
	for _, dir := range dirs {
		if got := hashFile(t, filepath.Join(dir, o.p.name())); got != o.p.sha256 {
			t.Errorf("SHA-256 of a copy = %s, want %s", got, o.p.sha256)
		}
	}
	r.Payload = float64(meteredBytes(s, o.p.bucket)-metered) / float64(o.p.size)
	return r
}

// seedWith has another program seed the object.
func (o *swarmObject) seedWith(t testing.TB, origin string, h *host, file string) {
	t.Helper()
	kind, as, _ := strings.Cut(origin, " ")
	r := seed
	if as == string(superseed) {
		r = superseed
	}
	swarmPeers()[kind](t, h, file, filepath.Dir(o.p.path), r).begin()
}

// meteredBytes is what the meter counts of the bucket; 0 without a server.
func meteredBytes(s *server, bucket string) int64 {
	if s == nil {
		return 0
	}
	n, _ := s.usage().got(bucket)
	return n
}

// awaitCrowd lets everybody begin and returns the seconds after which each was complete.
func awaitCrowd(t testing.TB, crowd []*swarmPeer, within time.Duration) []float64 {
	t.Helper()
	began := time.Now()
	for _, p := range crowd {
		p.begin()
	}
	times := make([]float64, len(crowd))
	for left := len(crowd); left > 0; time.Sleep(swarmPollEvery) {
		for i, p := range crowd {
			if times[i] == 0 && p.complete() {
				times[i] = time.Since(began).Seconds()
				left--
			}
		}
		if time.Since(began) > within {
			var missing []string
			for i, p := range crowd {
				if times[i] == 0 {
					missing = append(missing, fmt.Sprintf("%s (%d)", p.kind, i))
				}
			}
			t.Fatalf("not complete after %v: %s; seconds of all: %.1f", within, strings.Join(missing, ", "), times)
		}
	}
	return times
}

// crowds are the swarms of a full run.
func crowds() []flashCrowd {
	alike, mixed := []string{"libtorrent"}, []string{"libtorrent", "transmission", "aria2"}
	origins := []string{"shoal", "libtorrent superseed", "libtorrent", "transmission", "aria2", "rtorrent"}
	var all []flashCrowd
	for _, peers := range []int{8, 16} {
		for _, mix := range [][]string{alike, mixed} {
			for _, mbit := range []int{crowdMbit, serverMbit} {
				for _, origin := range origins {
					all = append(all, flashCrowd{origin, mix, peers, mbit})
				}
			}
		}
	}
	return all
}

// TestSwarmInNamespaces is a flash crowd of libtorrent peers on links of their own: the origin sends little
// more than one copy.
func TestSwarmInNamespaces(t *testing.T) {
	findPython(t, "libtorrent", "python3-libtorrent")
	newNetwork(t) // skips before anything is put
	o := publishForSwarms(t, 32<<20)
	r := o.run(t, flashCrowd{origin: "shoal", mix: []string{"libtorrent"}, peers: 8, originMbit: serverMbit})
	t.Log(r)
	if r.Copies > copiesShortRun {
		t.Errorf("the origin sent %.3f copies, want at most %.2f", r.Copies, copiesShortRun)
	}
}

// needFullRun skips what takes minutes.
func needFullRun(t *testing.T) {
	t.Helper()
	if os.Getenv(swarmsVariable) != "full" {
		t.Skipf("it takes minutes: make swarms, or %s=full", swarmsVariable)
	}
	newNetwork(t) // skips before anything is put
}

// TestSwarmsAgainstOtherSeeders measures every crowd with Shoal and with other seeders; see docs/performance.md.
func TestSwarmsAgainstOtherSeeders(t *testing.T) {
	needFullRun(t)
	seeding := cmp.Or(os.Getenv(swarmsSeedingVariable), usualSeeding)
	o := publishForSwarms(t, 64<<20, "--seeding", seeding)
	var results []crowdResult
	for _, c := range crowds() {
		t.Run(c.String(), func(t *testing.T) {
			r := o.run(t, c)
			results = append(results, r)
			t.Log(r)
			appendResult(t, r)
			want := copiesAlike
			if len(c.mix) > 1 {
				want = copiesMixed
			}
			if c.origin == "shoal" && seeding == usualSeeding && r.Copies > want {
				t.Errorf("the origin sent %.3f copies, want at most %.2f", r.Copies, want)
			}
		})
	}
	var table strings.Builder
	for _, r := range results {
		fmt.Fprintf(&table, "%v\n", r)
	}
	t.Logf("every crowd:\n%s", &table)
	checkLast(t, results)
}

// checkLast compares when the last peer of a crowd was complete with the best of the other seeders.
func checkLast(t *testing.T, results []crowdResult) {
	t.Helper()
	for _, ours := range results {
		if ours.Origin != "shoal" {
			continue
		}
		for _, r := range results {
			if r.Crowd == ours.Crowd && r.Peers == ours.Peers && r.OriginMbit == ours.OriginMbit && r.Last < ours.Last {
				t.Errorf("%v\nis later than\n%v", ours, r)
			}
		}
	}
}

// appendResult appends a line of JSON to the file that swarmsFileVariable names.
func appendResult(t testing.TB, r crowdResult) {
	t.Helper()
	path := os.Getenv(swarmsFileVariable)
	if path == "" {
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
}
