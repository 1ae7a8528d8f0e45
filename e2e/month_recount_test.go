package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// accountUsageKey names one sum of one account.
type accountUsageKey struct {
	account string
	usageKey
}

// recount is what the records say.
type recount struct {
	t        testing.TB
	counts   map[string]counted // by operation of the log
	usage    map[accountUsageKey]int64
	requests map[string]bool // by id
	billed   map[string]bool // likewise, those that somebody pays for
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
		c.requests[r.requestID] = true
		if r.charged == "-" {
			continue
		}
		what, ok := c.counts[r.operation]
		if !ok {
			c.t.Errorf("record of an operation that the page does not know: %+v", r)
			continue
		}
		add := func(usageType string, n int64) {
			if n > 0 {
				c.usage[accountUsageKey{r.charged, usageKey{what.operation, usageType, r.bucket}}] += n
			}
		}
		if !c.billed[r.requestID] && what.requests != "" {
			add(what.requests, 1)
		}
		c.billed[r.requestID] = true
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
