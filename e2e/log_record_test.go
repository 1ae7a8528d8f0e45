package e2e

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What follows is an own reading of docs/protocol/access-log.md: it shares no line with the server.

// logLine is a record. Quoted fields apart, no field has a space or a quote in it.
var logLine = regexp.MustCompile(`^([0-9a-f]{64}) (\S+) \[([^]]+)\] \S+ (\S+) ([0-9A-F]{16}) (\S+) (\S+) ("[^"]*"|-) (\d+) \S+ (\d+|-) (\d+|-) (?:\d+|-) (?:\d+|-) (?:"[^"]*"|-) (?:"[^"]*"|-)((?: [^" ]+){12})$`)

// logRecord is what is read of one line of an access log.
type logRecord struct {
	owner, bucket, requester, requestID, operation, key, uri string
	hostID                                                   string // "-" of a piece
	charged                                                  string // whom, "-" for nobody
	at                                                       time.Time
	status                                                   int
	sent, size, received                                     int64
}

func parseLogRecord(t testing.TB, line string) logRecord {
	t.Helper()
	f := logLine.FindStringSubmatch(line)
	if f == nil {
		t.Fatalf("no record: %q", line)
	}
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", f[3])
	if err != nil {
		t.Fatalf("record %q: %v", line, err)
	}
	key, err := url.PathUnescape(f[7])
	if err != nil {
		t.Fatalf("record %q: %v", line, err)
	}
	n := func(s string) int64 {
		if s == "-" {
			return 0
		}
		return int64(number(t, s))
	}
	rest := strings.Fields(f[12]) // Version-Id to Charged-To
	return logRecord{
		owner: f[1], bucket: f[2], at: at.UTC(), requester: f[4], requestID: f[5], operation: f[6], key: key,
		uri: strings.Trim(f[8], `"`), status: int(n(f[9])), sent: n(f[10]), size: n(f[11]),
		hostID: rest[1], received: n(rest[10]), charged: rest[11],
	}
}

// parameter returns a parameter of the request.
func (r logRecord) parameter(name string) string {
	fields := strings.Fields(r.uri)
	if len(fields) != 3 {
		return ""
	}
	u, err := url.ParseRequestURI(fields[1])
	if err != nil {
		return ""
	}
	return u.Query().Get(name)
}

// succeeded reports whether the request did what it says.
func (r logRecord) succeeded() bool { return r.status/100 == 2 }

// counted is what an operation of the log is on the usage report: its name, and the usage type of its requests, "" for none.
type counted struct{ operation, requests string }

// loggedOperations reads the table of the page, by operation of the log.
func loggedOperations(t testing.TB) map[string]counted {
	t.Helper()
	page, err := os.ReadFile("../docs/protocol/access-log.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]counted{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (\\w+) \\| ([-12]) \\|$").FindAllStringSubmatch(string(page), -1) {
		is := counted{operation: row[2]}
		if row[3] != "-" {
			is.requests = "Requests-Tier" + row[3]
		}
		table[row[1]] = is
	}
	return table
}
