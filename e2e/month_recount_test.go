package e2e

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// What follows is an own reading of docs/protocol/access-log.md: it shares no line with the server.

// logFields splits a record: quoted, in brackets, or a word.
var logFields = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|\S+`)

// logRecord is what is read of one line of an access log.
type logRecord struct {
	owner, bucket, requester, requestID, operation, key, uri, charged string // charged: whom, "-" for nobody
	at                                                                time.Time
	status                                                            int
	sent, size, received                                              int64
}

func parseLogRecord(t testing.TB, line string) logRecord {
	t.Helper()
	f := logFields.FindAllString(line, -1)
	if len(f) != 29 {
		t.Fatalf("record of %d fields: %s", len(f), line)
	}
	at, err := time.Parse("[02/Jan/2006:15:04:05 -0700]", f[2])
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
	return logRecord{
		owner: f[0], bucket: f[1], at: at.UTC(), requester: f[4], requestID: f[5], operation: f[6], key: key,
		uri: strings.Trim(f[8], `"`), status: int(n(f[9])), sent: n(f[11]), size: n(f[12]), received: n(f[27]), charged: f[28],
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

// charge is how the operations of the log are called, and what class of request they are, on the usage report.
type charge struct{ operation, requests string }

var charges = map[string]charge{
	"REST.GET.OBJECT":               {"GetObject", "Requests-Tier2"},
	"REST.HEAD.OBJECT":              {"HeadObject", "Requests-Tier2"},
	"REST.PUT.OBJECT":               {"PutObject", "Requests-Tier1"},
	"REST.COPY.OBJECT":              {"CopyObject", "Requests-Tier1"},
	"REST.DELETE.OBJECT":            {"DeleteObject", ""},
	"REST.POST.MULTI_OBJECT_DELETE": {"DeleteObjects", "Requests-Tier1"},
	"REST.GET.TORRENT":              {"GetObjectTorrent", "Requests-Tier2"},
	"REST.GET.BUCKET":               {"ListBucket", "Requests-Tier1"},
	"REST.GET.ACL":                  {"ReadACL", "Requests-Tier2"},
	"REST.GET.LOCATION":             {"ReadLocation", "Requests-Tier2"},
	"REST.GET.UPLOADS":              {"ListMultipartUploads", "Requests-Tier1"},
	"REST.POST.UPLOADS":             {"InitiateMultipartUpload", "Requests-Tier1"},
	"REST.PUT.PART":                 {"UploadPart", "Requests-Tier1"},
	"REST.POST.UPLOAD":              {"CompleteMultipartUpload", "Requests-Tier1"},
	"REST.DELETE.UPLOAD":            {"AbortMultipartUpload", ""},
	"REST.COPY.OBJECT_GET":          {}, // of the request REST.COPY.OBJECT
	"BATCH.DELETE.OBJECT":           {}, // of the request REST.POST.MULTI_OBJECT_DELETE
	"-":                             {"UnknownAction", ""},
}

// accountUsageKey names one sum of one account.
type accountUsageKey struct {
	account string
	usageKey
}

// recount is what the records say.
type recount struct {
	t        testing.TB
	usage    map[accountUsageKey]int64
	requests map[string]bool // by id
	objects  map[string][]holding
	uploads  map[string]string // bucket by id
}

// holding is what a key, or an upload, holds from a time on.
type holding struct {
	at    time.Time
	bytes int64
}

// count adds the usage of the month up. Several records of one request are one request.
func (c *recount) count(records []logRecord) {
	for _, r := range records {
		if r.at.Before(monthStart) || !r.at.Before(monthEnd) {
			continue
		}
		what, ok := charges[r.operation]
		if !ok {
			c.t.Errorf("record of an operation that this test does not know: %+v", r)
			continue
		}
		if what.operation == "" {
			continue
		}
		first := !c.requests[r.requestID]
		c.requests[r.requestID] = true
		if r.charged == "-" {
			continue
		}
		add := func(usageType string, n int64) {
			if n > 0 && usageType != "" {
				c.usage[accountUsageKey{r.charged, usageKey{what.operation, usageType, r.bucket}}] += n
			}
		}
		if first {
			add(what.requests, 1)
		}
		add("DataTransfer-Out-Bytes", r.sent)
		add("DataTransfer-In-Bytes", r.received)
	}
}

// hold notes what the records, in order of time, made of the store, since its beginning.
func (c *recount) hold(records []logRecord) {
	for _, r := range records {
		if !r.succeeded() {
			continue
		}
		object := r.bucket + "/" + r.key
		upload := "upload " + r.parameter("uploadId")
		switch r.operation {
		case "REST.PUT.OBJECT", "REST.COPY.OBJECT":
			c.set(object, r.at, r.size+int64(len(r.key)))
		case "REST.PUT.PART":
			c.uploads[r.parameter("uploadId")] = r.bucket
			c.set(upload, r.at, r.size)
		case "REST.POST.UPLOAD":
			parts := c.objects[upload]
			c.set(object, r.at, parts[len(parts)-1].bytes+int64(len(r.key)))
			c.set(upload, r.at, 0)
		case "REST.DELETE.UPLOAD":
			c.set(upload, r.at, 0)
		case "REST.DELETE.OBJECT", "BATCH.DELETE.OBJECT":
			c.set(object, r.at, 0)
		}
	}
}

func (c *recount) set(what string, at time.Time, bytes int64) {
	c.objects[what] = append(c.objects[what], holding{at, bytes})
}

// byteSeconds is what a holding of that name held between two moments, in bytes times seconds.
func byteSeconds(list []holding, from, to time.Time) (sum int64) {
	for i, h := range list {
		begin, end := h.at, to
		if i+1 < len(list) && list[i+1].at.Before(to) {
			end = list[i+1].at
		}
		if begin.Before(from) {
			begin = from
		}
		if begin.Before(end) {
			sum += h.bytes * int64(end.Sub(begin)/time.Second)
		}
	}
	return sum
}

// storage adds the byte-hours of the month up, cut down to whole ones for every period: a day, or the month.
func (c *recount) storage(owner string, periods []time.Time) map[accountUsageKey]int64 {
	hours := map[accountUsageKey]int64{}
	for i, from := range periods[:len(periods)-1] {
		held := map[accountUsageKey]int64{} // byte-seconds
		for name, list := range c.objects {
			bucket, _, _ := strings.Cut(name, "/")
			operation := "StandardStorage"
			if upload, ok := strings.CutPrefix(bucket, "upload "); ok {
				bucket, operation = c.uploads[upload], "IncompleteMultipartUploadStorage"
			}
			held[accountUsageKey{owner, usageKey{operation, "TimedStorage-ByteHrs", bucket}}] += byteSeconds(list, from, periods[i+1])
		}
		for k, n := range held {
			hours[k] += n / 3600
		}
	}
	return hours
}

// byTime orders records by the second. What is done to one key, is done once a second.
func byTime(records []logRecord) {
	slices.SortStableFunc(records, func(a, b logRecord) int { return a.at.Compare(b.at) })
}
