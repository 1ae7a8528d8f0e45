package e2e

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"shoal/front/admin"
)

// compare delivers the logs, reads them back, and holds report and statement against them.
func (m *month) compare() {
	m.t.Helper()
	m.deliver()
	answered := m.answered() - m.prepared
	records, logs := m.readLogs()
	byTime(records)
	c := &recount{
		t: m.t, counts: loggedOperations(m.t), usage: map[accountUsageKey]int64{}, requests: map[string]bool{}, billed: map[string]bool{},
		objects: map[string][]holding{}, uploads: map[string]string{},
	}
	c.count(records)
	c.hold(records)
	for _, l := range logs {
		c.set(logBucket+"/"+l.Key, l.LastModified, l.Size+int64(len(l.Key)))
	}
	m.t.Logf("%d requests and pieces answered, %d of them just before a kill; the logs have %d in %d records", answered, m.atRisk, len(c.requests), len(records))
	if n := int64(len(c.requests)); n < answered-m.atRisk || n > answered+m.unanswered.Load() {
		m.t.Errorf("the logs have %d requests; %d were answered, %d of them in the moments before a kill, and %d had no answer", n, answered, m.atRisk, m.unanswered.Load())
	}
	m.checkUsage(c)
	m.checkStatements(c)
}

// deliver has the logs delivered that there are.
func (m *month) deliver() {
	m.t.Helper()
	if out, code := m.s.command("logs", "deliver", "--data", m.s.data); code != 0 {
		m.t.Fatalf("shoal logs deliver: exit code %d\n%s", code, out)
	}
}

// logObject is one delivered log as it is listed.
type logObject struct {
	Key          string
	Size         int64
	LastModified time.Time
}

// readLogs reads every delivered log.
func (m *month) readLogs() (records []logRecord, logs []logObject) {
	m.t.Helper()
	w := m.workers[0]
	for after := ""; ; {
		body, _ := w.must(http.StatusOK, ask{by: alice, method: http.MethodGet, path: logBucket + "?list-type=2&start-after=" + strings.ReplaceAll(after, "/", "%2F")})
		var page struct {
			IsTruncated bool
			Contents    []logObject
		}
		if err := xml.Unmarshal(body, &page); err != nil {
			m.t.Fatal(err)
		}
		logs = append(logs, page.Contents...)
		if !page.IsTruncated {
			break
		}
		after = logs[len(logs)-1].Key
	}
	for _, l := range logs {
		body, _ := w.must(http.StatusOK, ask{by: alice, method: http.MethodGet, path: logBucket + "/" + l.Key})
		for line := range strings.Lines(string(body)) {
			records = append(records, parseLogRecord(m.t, strings.TrimSuffix(line, "\n")))
		}
	}
	return records, logs
}

// checkUsage holds the usage report of the month against the recount, sum by sum.
func (m *month) checkUsage(c *recount) {
	m.t.Helper()
	out := m.s.report("json", "--granularity", "month", "--from", monthStart.Format(time.DateOnly), "--to", monthEnd.Format(time.DateOnly))
	var rows []struct {
		Account, Operation, UsageType, Resource string
		UsageValue                              int64
	}
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		m.t.Fatal(err)
	}
	reported := map[accountUsageKey]int64{}
	for _, r := range rows {
		reported[accountUsageKey{r.Account, usageKey{r.Operation, r.UsageType, r.Resource}}] += r.UsageValue
	}
	want := maps.Clone(c.usage)
	maps.Copy(want, c.storage(m.user("alice").CanonicalID, []time.Time{monthStart, monthEnd}))
	for k, got := range reported {
		if k.usageType != "StorageObjectCount" && got != want[k] {
			m.t.Errorf("usage of %s: %s %s of %q is %d, the logs say %d", k.account, k.operation, k.usageType, k.bucket, got, want[k])
		}
	}
	for k, n := range want {
		if _, ok := reported[k]; !ok && n > 0 {
			m.t.Errorf("the logs say %d %s %s of %q for %s, the report nothing", n, k.operation, k.usageType, k.bucket, k.account)
		}
	}
}

// user returns a user of the server.
func (m *month) user(name string) admin.User {
	m.t.Helper()
	out, code := m.s.command("user", "list", "--json", "--data", m.s.data)
	if code != 0 {
		m.t.Fatalf("shoal user list: exit code %d", code)
	}
	var users []admin.User
	if err := json.Unmarshal([]byte(out), &users); err != nil {
		m.t.Fatalf("shoal user list: %v\n%s", err, out)
	}
	i := slices.IndexFunc(users, func(u admin.User) bool { return u.Name == name })
	if i < 0 {
		m.t.Fatalf("there is no user %s", name)
	}
	return users[i]
}
