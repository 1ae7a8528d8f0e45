package s3api

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"shoal/core/account"
	"shoal/storage/kv"
)

// matrix plays one row against a server of its own.
type matrix struct {
	*testServer
	t       *testing.T
	row     matrixRow
	built   support
	bucket  string // in the place of pond
	version string // of frog
	upload  string
	etag    string // of the part of upload
	made    int    // buckets
}

func newMatrix(t *testing.T, row matrixRow) *matrix {
	m := &matrix{testServer: newTestServer(t, Options{EventTarget: hookOnly}), t: t, row: row, bucket: "pond", version: "null"}
	m.addIAMUser(t, low, "")
	m.keys[session] = m.session(t, low, 0)
	if row.names("?logging") {
		m.must(t, owner, "PUT", "/logs", "", "x-amz-acl: log-delivery-write")
	}
	r, err := http.NewRequest(m.method(), m.url+m.target(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range m.headers() {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	target, err := parseTarget(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := newTable(operations()).match(r.Method, target.scope, query(r.URL.Query()), r.Header)
	if err != nil || o.name != row.op {
		t.Fatalf("%q is not a request of %s: %v", row.request, row.op, err)
	}
	m.built = o.state
	return m
}

// here is a text of the row with the names of the moment.
func (m *matrix) here(text string) string {
	return strings.NewReplacer("pond", m.bucket, "VERSION", m.version, "UPLOAD", m.upload, "ETAG", m.etag).Replace(text)
}

func (m *matrix) method() string {
	method, _, _ := strings.Cut(m.row.request, " ")
	return method
}

func (m *matrix) target() string {
	line, _, _ := strings.Cut(m.here(m.row.request), "\n")
	_, target, _ := strings.Cut(line, " ")
	return target
}

// headers are those of the row. What has a body sends its hash: some operations want it, and all take it.
func (m *matrix) headers() []string {
	headers := strings.Split(m.here(m.row.request), "\n")[1:]
	if m.row.body != "" {
		headers = append(headers, contentMD5(m.here(m.row.body)))
	}
	return headers
}

// ask sends the row's request by who.
func (m *matrix) ask(who string) reply {
	m.t.Helper()
	if m.row.op == "PostObject" {
		fields := map[string]string{"key": "toad"}
		if who != anonymous {
			fields = m.formOf(m.t, who, m.bucket, func(p *minio.PostPolicy) { _ = p.SetKey("toad") })
		}
		return m.postTo(m.t, m.bucket, fields, "f", "x")
	}
	return m.do(m.t, who, m.method(), m.target(), m.here(m.row.body), m.headers()...)
}

// under plays the row under a regime.
func (m *matrix) under(r regime) {
	needs := strings.Fields(m.row.needs)
	switch {
	case m.row.of == ofAccount && mayDoInAccount[r] == "":
		return
	case r != bucketForgets:
		m.play(r, "")
		return
	case len(needs) == 1:
		return
	}
	for _, action := range needs {
		m.play(r, action)
	}
}

// play has everybody do it, first those that are refused. forgotten is the action that bucketForgets leaves out.
func (m *matrix) play(r regime, forgotten string) {
	may := m.allowed(r)
	if m.row.of == ofWriter && forgotten == "PutObjectAcl" {
		may = append(may, other)
	}
	m.build(r, forgotten)
	for _, who := range everybody() {
		if !slices.Contains(may, who) {
			m.refused(who, r, forgotten)
		}
	}
	for _, who := range everybody() {
		if slices.Contains(may, who) && m.accepted(who, r) {
			m.build(r, forgotten)
		}
	}
}

func everybody() []string { return []string{admin, owner, other, low, session, anonymous} }

// allowed returns who may do the row under r.
func (m *matrix) allowed(r regime) []string {
	text := mayDo[r]
	switch m.row.of {
	case ofAccount:
		text = mayDoInAccount[r]
	case ofEveryone:
		return everybody()
	case ofPolicy:
		text = mayDoWithPolicy[r]
	}
	var may []string
	for who := range strings.FieldsSeq(text) {
		if m.row.signed && who == "anonymous" {
			continue
		}
		may = append(may, strings.TrimPrefix(who, "anonymous"))
	}
	return may
}

// build makes another bucket with what the row is about, and puts the policies of r.
func (m *matrix) build(r regime, forgotten string) {
	m.t.Helper()
	m.made++
	m.bucket = fmt.Sprintf("pond%d", m.made)
	m.must(m.t, owner, "PUT", "/"+m.bucket, "", "x-amz-bucket-object-lock-enabled: "+strconv.FormatBool(m.row.locks()))
	if config := configOf[strings.TrimPrefix(m.target(), "/"+m.bucket)]; config != "" {
		m.must(m.t, owner, "PUT", m.target(), config, contentMD5(config))
	}
	if m.row.of == ofEveryone {
		m.must(m.t, owner, "PUT", "/"+m.bucket+"?cors", pondCORS)
	}
	if m.row.names("frog") {
		headers := []string{"x-amz-tagging: a=b"}
		if m.row.locks() {
			headers = append(headers, frogLock...)
		}
		m.version = m.must(m.t, owner, "PUT", "/"+m.bucket+"/frog", croak, headers...).header.Get("X-Amz-Version-Id")
	}
	if m.row.names("newt") {
		m.must(m.t, owner, "PUT", "/"+m.bucket+"/newt", "newt", "x-amz-acl: public-read")
	}
	if m.row.names("UPLOAD") {
		m.upload = m.must(m.t, owner, "POST", "/"+m.bucket+"/frog?uploads", "").element("UploadId")
		m.etag = m.must(m.t, owner, "PUT", "/"+m.bucket+"/frog?partNumber=1&uploadId="+m.upload, "part").header.Get("ETag")
	}
	m.putPolicies(r, forgotten)
}

func (m *matrix) putPolicies(r regime, forgotten string) {
	m.t.Helper()
	bucket, identity := m.policies(r, forgotten)
	m.must(m.t, owner, "PUT", "/"+m.bucket+"?policy", bucket)
	err := m.handler.accounts.PutInlinePolicy(m.t.Context(), account.IAMUser, m.users[owner].CanonicalID, low,
		account.InlinePolicy{Name: "p", Document: identity})
	if err != nil {
		m.t.Fatal(err)
	}
}

// configOf is what a sub-resource holds before somebody reads, replaces or deletes it. Never written.
var configOf = map[string]string{
	"?cors": pondCORS, "?tagging": frogTags, "?website": pondWebsite, "?ownershipControls": pondOwnership,
	"?publicAccessBlock": "<PublicAccessBlockConfiguration/>", "?lifecycle": pondRule, "?encryption": pondSSE,
	"?logging": logged,
}

// croak is what frog says: nobody is to hear it who may not.
const croak = "croak croak croak"

// frogLock is the lock of frog in a bucket that has object lock. Never written.
var frogLock = []string{
	contentMD5(croak), "x-amz-object-lock-mode: GOVERNANCE", "x-amz-object-lock-retain-until-date: 2999-01-01T00:00:00Z",
	"x-amz-object-lock-legal-hold: OFF",
}

// policies returns those of the bucket and of low under r. Both always have a statement that matches nothing.
func (m *matrix) policies(r regime, forgotten string) (bucket, identity string) {
	needs := strings.Fields(m.row.needs)
	denied := needs
	if m.row.denied != "" {
		denied = strings.Fields(m.row.denied)
	}
	ofBucket, ofIdentity := []statementJSON{m.statement("Deny", "PutObject", "/no-such-key")}, []statementJSON{m.statement("Deny", "PutObject", "/no-such-key")}
	for _, action := range needs {
		if action != forgotten && r != silent && r != identityAllows && m.row.of != ofAccount {
			ofBucket = append(ofBucket, m.statement("Allow", action, "", "/*"))
		}
		if r == identityAllows {
			ofIdentity = append(ofIdentity, m.statement("Allow", action, "", "/*", "*"))
		}
	}
	for _, action := range denied {
		switch r {
		case bucketDenies:
			ofBucket = append(ofBucket, m.statement("Deny", action, "", "/*"))
		case identityDenies:
			ofIdentity = append(ofIdentity, m.statement("Deny", action, "", "/*", "*"))
		}
	}
	for i := range ofBucket {
		ofBucket[i]["Principal"] = "*"
	}
	return policyJSON(m.t, ofBucket), policyJSON(m.t, ofIdentity)
}

type statementJSON map[string]any

// statement is one on the bucket, by what follows its name, or on everything.
func (m *matrix) statement(effect, action string, places ...string) statementJSON {
	var resources []string
	for _, place := range places {
		if place != "*" {
			place = "arn:aws:s3:::" + m.bucket + place
		}
		resources = append(resources, place)
	}
	return statementJSON{"Effect": effect, "Action": "s3:" + action, "Resource": resources}
}

func policyJSON(t *testing.T, statements []statementJSON) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// refused has who ask in vain.
func (m *matrix) refused(who string, r regime, forgotten string) {
	m.t.Helper()
	before := m.fingerprint()
	got := m.ask(who)
	wantStatus, wantCode := http.StatusForbidden, codeAccessDenied
	switch {
	case m.row.of == keyByKey:
		wantStatus = http.StatusOK
	case m.row.of == ofPolicy && slices.Contains(mayNotOfAnotherAccount(r), who):
		wantStatus, wantCode = http.StatusMethodNotAllowed, codeMethodNotAllowed
	}
	if got.status != wantStatus || m.method() != http.MethodHead && got.code() != string(wantCode) {
		m.t.Errorf("%s by %q, %s %s: %d %s, want %d %s\n%s", m.row.request, who, r, forgotten, got.status, got.code(), wantStatus, wantCode, got.body)
	}
	for _, name := range []string{"ETag", "Last-Modified", "X-Amz-Version-Id", "X-Shoal-Infohash", "X-Shoal-Magnet"} {
		if v := got.header.Get(name); v != "" {
			m.t.Errorf("%s by %q, %s: a refusal with %s: %s", m.row.request, who, r, name, v)
		}
	}
	if strings.Contains(got.body, croak) || strings.Contains(got.body, "<Deleted>") {
		m.t.Errorf("%s by %q, %s: a refusal says %s", m.row.request, who, r, got.body)
	}
	if m.fingerprint() != before {
		m.t.Errorf("%s by %q, %s: was refused and changed what is stored", m.row.request, who, r)
	}
}

// accepted has who do it and reports whether what is stored changed.
func (m *matrix) accepted(who string, r regime) (changed bool) {
	m.t.Helper()
	before := m.fingerprint()
	got := m.ask(who)
	var ok bool
	switch {
	case m.row.of == ofTorrent && who == session && r == identityAllows:
		ok = got.status == http.StatusBadRequest // a temporary key has no announce token
	case m.built == no:
		ok = got.status != http.StatusForbidden && got.status != http.StatusInternalServerError
	case m.row.status != 0:
		ok = got.status == m.row.status
	default:
		ok = got.status/100 == 2 && got.code() == ""
	}
	if !ok {
		m.t.Errorf("%s by %q, %s: %d %s, want it done\n%s", m.row.request, who, r, got.status, got.code(), got.body)
	}
	changed = m.fingerprint() != before
	if m.row.writes && !changed {
		m.t.Errorf("%s by %q, %s: changed nothing", m.row.request, who, r)
	}
	return changed
}

// fingerprint is of every row of the store, but for those of the collector (docs/format/object.md): intents, which are a
// supply for uploads to come, and the queue, in which the blob of a refused body stands.
func (m *matrix) fingerprint() (sum [sha256.Size]byte) {
	m.t.Helper()
	h := sha256.New()
	var from []byte
	for more := true; more; {
		var rows []kv.Row
		var err error
		if rows, more, err = m.engine.Scan(m.t.Context(), from, nil, kv.ScanOptions{}); err != nil {
			m.t.Fatal(err)
		}
		for _, row := range rows {
			if row.Key[0] != 'i' && row.Key[0] != 'g' {
				h.Write(slices.Concat(row.Key, row.Value, row.Version))
			}
			from = append(row.Key, 0)
		}
	}
	h.Sum(sum[:0])
	return sum
}

// tellsOnly asks for what is not there, and checks that only those who know are told.
func (m *matrix) tellsOnly(know, allowed string) {
	m.t.Helper()
	for _, who := range everybody() {
		name, want := who, http.StatusForbidden
		if who == anonymous {
			name = "anonymous"
		}
		if strings.Contains(know, name) && !(m.row.signed && who == anonymous) {
			want = http.StatusNotFound
		}
		if got := m.ask(who); got.status != want {
			m.t.Errorf("%s by %s, who may %s: status %d, want %d\n%s", m.row.request, name, allowed, got.status, want, got.body)
		}
	}
}
