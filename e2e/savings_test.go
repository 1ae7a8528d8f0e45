package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"shoal/front/admin"
)

const (
	savingsSize   = 8<<20 + 12345 // bytes: the last piece is short
	savingsPeers  = 4
	savingsWithin = time.Minute
)

// savingsRow is the row of an object in the savings report.
type savingsRow struct {
	bucket, key, version                         string
	origin, requests, claimed, done, seen, crowd int64
	saved                                        string
}

// savings returns the rows of the report of this month.
func (s *server) savings(args ...string) (rows []savingsRow) {
	s.t.Helper()
	out, code := s.command(append([]string{"savings", "--data", s.data, "--format", "csv"}, args...)...)
	if code != 0 {
		s.t.Fatalf("shoal savings: exit code %d", code)
	}
	records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(records) == 0 {
		s.t.Fatalf("savings report: %v\n%s", err, out)
	}
	for _, record := range records[1:] {
		cell := make(map[string]string)
		for i, name := range records[0] {
			cell[name] = record[i]
		}
		r := savingsRow{bucket: cell["Bucket"], key: cell["Key"], version: cell["VersionId"], saved: cell["Saved"]}
		for name, n := range map[string]*int64{
			"OriginBytes": &r.origin, "OriginRequests": &r.requests, "ClaimedBytes": &r.claimed, "Completions": &r.done,
			"ObservedBytes": &r.seen, "CrowdBytes": &r.crowd,
		} {
			if *n, err = strconv.ParseInt(cell[name], 10, 64); err != nil {
				s.t.Fatalf("%s of %q: %v", name, record, err)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// TestSavingsOfASwarm: what a small crowd of real clients received is what they claim, to the byte; what the origin sent
// them is what the usage report has; and neither a kill -9 nor the end of the object takes anything away.
func TestSavingsOfASwarm(t *testing.T) {
	// Slow enough that all of them are there before the first copy is out: what comes after it they get from each other.
	s := start(t, options{flags: []string{"--upload-rate", "2MiB/s"}})
	p := published{bucket: "films", key: "a/film.bin", path: filepath.Join(t.TempDir(), "film"), size: savingsSize}
	p.sha256 = writeContent(t, p.path, 9, p.size)
	s.makeBucket(p.bucket, true)
	s.put(p.bucket, p.key, contentBytes(9, savingsSize))
	file := saveTorrent(t, s.torrentOf("", p.bucket, p.key).body)

	crowd := make([]*download, savingsPeers)
	for i := range crowd {
		crowd[i] = seedingAria2(t, file, fmt.Sprintf("127.0.0.%d", 61+i))
	}
	for _, peer := range crowd {
		eventually(t, downloadIn, "a peer has everything", peer.finished)
		checkFile(t, peer, p)
	}

	got := s.checkSavings(p)
	if got.crowd == 0 || got.origin >= savingsPeers*p.size {
		t.Errorf("the origin sent %d bytes, the crowd moved %d: nothing was spared", got.origin, got.crowd)
	}
	s.checkSavingsForPeople(p, got)
	for _, peer := range crowd {
		peer.signal(syscall.SIGTERM)
		peer.exitCode(stopWithin)
	}

	// Deleted, and after a crash: what was reported is kept.
	got = s.checkSavings(p)
	if _, err := s.sdk().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &p.bucket, Key: &p.key}); err != nil {
		t.Fatal(err)
	}
	s.kill()
	s.run()
	after := s.savings()
	if len(after) != 1 || after[0].origin != got.origin || after[0].claimed != got.claimed || after[0].done != got.done || after[0].crowd < got.crowd {
		t.Errorf("after a kill -9: %+v, want %+v", after, got)
	}
	if other := s.savings("--bucket", "music"); len(other) != 0 {
		t.Errorf("of another bucket: %+v", other)
	}
	if before := s.savings("--month", "2006-03"); len(before) != 0 {
		t.Errorf("of another month: %+v", before)
	}
}

// seedingAria2 is a peer on loopback that stays in the swarm as a seed.
func seedingAria2(t testing.TB, torrent, address string) *download {
	dir := t.TempDir()
	tell, mark := marker(t)
	d := &download{dir: dir, process: startProcess(t, "aria2c", client(t, findClient(t, "aria2c", "aria2"),
		"--no-conf", "--dir="+dir, "--seed-ratio=0.0", "--file-allocation=none", "--summary-interval=0", "--show-console-readout=false",
		"--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--interface="+address,
		fmt.Sprintf("--listen-port=%d", freePort(t)), "--on-bt-download-complete="+tell, torrent))}
	d.finished = func() bool { _, err := os.Stat(mark); return err == nil }
	return d
}

// checkSavings returns the row of p once it has what all peers claim, and holds it against the usage report: nobody has
// got the object by S3.
func (s *server) checkSavings(p published) (got savingsRow) {
	s.t.Helper()
	var bytes, requests int64
	eventually(s.t, savingsWithin, "savings and usage report agree, and everybody has announced that he is complete", func() bool {
		rows := s.savings()
		bytes, requests = s.usage().got(p.bucket)
		if len(rows) == 1 {
			got = rows[0]
		}
		return got.claimed == savingsPeers*p.size && got.origin == bytes && got.requests == requests
	})
	if got.bucket != p.bucket || got.key != p.key || got.version != "null" || got.done != savingsPeers {
		s.t.Errorf("%+v, want %s/%s completed %d times", got, p.bucket, p.key, savingsPeers)
	}
	if want := got.claimed - got.origin; got.crowd != want || got.seen > savingsPeers*p.size {
		s.t.Errorf("%+v, want a crowd of %d bytes", got, want)
	}
	return got
}

// checkSavingsForPeople looks at the other formats of the report.
func (s *server) checkSavingsForPeople(p published, row savingsRow) {
	s.t.Helper()
	out, code := s.command("savings", "--data", s.data)
	for _, want := range []string{"as peers claim; they completed", "BUCKET", "BEST OBJECT", p.bucket + "/" + p.key, "USD"} {
		if code != 0 || !strings.Contains(out, want) {
			s.t.Errorf("shoal savings: exit code %d, no %q in:\n%s", code, want, out)
		}
	}
	out, code = s.command("savings", "--data", s.data, "--format", "json")
	var report admin.SavingsReport
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 {
		s.t.Fatalf("shoal savings: exit code %d, %v\n%s", code, err, out)
	}
	if t := report.Total; t.Objects != 1 || t.OriginBytes != row.origin || t.CrowdBytes != row.crowd || t.Saved != row.saved || t.LeastBytes != p.size {
		s.t.Errorf("total %+v, but the row is %+v", t, row)
	}
}
