package soapapi

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
	"testing"

	"shoal/core/object"
	"shoal/storage/kv"
)

// low is an IAM user of owner's account, without a policy of his own.
const low = "low"

// regime is what the bucket's policy says of the actions that a request needs.
type regime string

const (
	silent  regime = "no policy"
	allows  regime = "policy allows"
	denies  regime = "policy allows and denies"
	forgets regime = "policy allows all but one action"
)

// mayDo is who may do what in owner's bucket, written out after "Policy evaluation logic" of the IAM user guide.
var mayDo = map[regime][]string{
	silent:  {owner},
	allows:  {owner, other, low, anonymous},
	denies:  nil,
	forgets: {owner},
}

// matrixRow is a request of the authorisation matrix. In its texts pond is the bucket, frog a private object in it, and
// logs a bucket that takes logs.
type matrixRow struct {
	op       string
	children string
	needs    string // actions that AWS wants for it, without "s3:"
	writes   bool   // it changes what is stored
	signed   bool   // it is refused to who does not sign, whatever policies say
	account  bool   // it is about the account, which no bucket policy can give away
	// writer: another account owns what it puts, and so may give it an ACL without leave for that.
	writer bool
}

// Elements of rows.
const (
	inPond   = "<Bucket>pond</Bucket>"
	frog     = inPond + "<Key>frog</Key>"
	toad     = inPond + "<Key>toad</Key>"
	croak    = "croak croak croak"        // what frog says: nobody is to hear it who may not
	croak64  = "Y3JvYWsgY3JvYWsgY3JvYWs=" // in base64
	someData = "<Data>eA==</Data><ContentLength>1</ContentLength>"
	toLogs   = "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>"
	readAll  = `<AccessControlList><Grant><Grantee xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList>`
	ofLogs   = `<AccessControlList><Grant><Grantee xsi:type="Group"><URI>http://acs.amazonaws.com/groups/s3/LogDelivery</URI></Grantee><Permission>WRITE</Permission></Grant>` +
		`<Grant><Grantee xsi:type="Group"><URI>http://acs.amazonaws.com/groups/s3/LogDelivery</URI></Grantee><Permission>READ_ACP</Permission></Grant></AccessControlList>`
	frogToToad = "<SourceBucket>pond</SourceBucket><SourceKey>frog</SourceKey><DestinationBucket>pond</DestinationBucket><DestinationKey>toad</DestinationKey>"
)

func matrixRows() []matrixRow {
	return []matrixRow{
		{op: "CreateBucket", children: "<Bucket>sea</Bucket>", needs: "CreateBucket", writes: true, signed: true, account: true},
		{op: "ListAllMyBuckets", needs: "ListAllMyBuckets", account: true},
		{op: "DeleteBucket", children: inPond, needs: "DeleteBucket", writes: true},
		{op: "GetObjectAccessControlPolicy", children: frog, needs: "GetObjectAcl"},
		{op: "GetBucketAccessControlPolicy", children: inPond, needs: "GetBucketAcl"},
		{op: "SetObjectAccessControlPolicy", children: frog + readAll, needs: "PutObjectAcl", writes: true, signed: true},
		{op: "SetBucketAccessControlPolicy", children: inPond + readAll, needs: "PutBucketAcl", writes: true, signed: true},
		{op: "ListBucket", children: inPond, needs: "ListBucket"},
		{op: "SetBucketLoggingStatus", children: inPond + toLogs, needs: "PutBucketLogging", writes: true},
		{op: "GetBucketLoggingStatus", children: inPond, needs: "GetBucketLogging"},
		{op: "PutObjectInline", children: toad + someData, needs: "PutObject", writes: true},
		{op: "PutObjectInline", children: frog + someData, needs: "PutObject", writes: true},
		{op: "PutObjectInline", children: toad + someData + readAll, needs: "PutObject PutObjectAcl", writes: true, writer: true},
		{op: "PutObject", children: toad + "<ContentLength>1</ContentLength>", needs: "PutObject", writes: true},
		{op: "CopyObject", children: frogToToad, needs: "PutObject GetObject", writes: true, signed: true},
		{op: "GetObject", children: frog + "<GetMetadata>true</GetMetadata><GetData>true</GetData>", needs: "GetObject"},
		{op: "GetObjectExtended", children: frog + "<GetData>true</GetData><InlineData>true</InlineData><ByteRangeStart>0</ByteRangeStart>", needs: "GetObject"},
		{op: "DeleteObject", children: frog, needs: "DeleteObject", writes: true},
	}
}

// TestAuthorisationMatrix (S7) sends a request of every operation by everybody under all kinds of policies. What is refused
// is AccessDenied, says nothing of the object and changes no row.
func TestAuthorisationMatrix(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range matrixRows() {
		seen[row.op] = true
		t.Run(row.op, func(t *testing.T) {
			t.Parallel()
			needs := strings.Fields(row.needs)
			for _, r := range []regime{silent, allows, denies} {
				if !row.account || r == silent {
					row.play(t, r, "")
				}
			}
			for _, action := range needs {
				if len(needs) > 1 {
					row.play(t, forgets, action)
				}
			}
		})
	}
	for _, o := range operations() {
		if !seen[o.name] {
			t.Errorf("%s has no row in the matrix", o.name)
		}
	}
}

// play has everybody do it under r, each on a server of its own. forgotten is the action that the policy leaves out.
func (row *matrixRow) play(t *testing.T, r regime, forgotten string) {
	t.Helper()
	for _, who := range []string{owner, other, low, anonymous} {
		may := slices.Contains(mayDo[r], who)
		switch {
		case row.account:
			may = who == owner || who == other
		case row.signed && who == anonymous:
			may = false
		case row.writer && who == other && forgotten == "PutObjectAcl":
			may = true
		}
		s := row.build(t, r, forgotten)
		before := s.fingerprint(t)
		got := s.ask(t, row, who)
		changed := s.fingerprint(t) != before
		switch {
		case may && (got.status != http.StatusOK || changed != row.writes):
			t.Errorf("%s by %q, %s %s: fault %q, changed %v, want it done\n%s", row.op, who, r, forgotten, got.fault(), changed, got.body)
		case !may && (got.fault() != "Client.AccessDenied" || changed):
			t.Errorf("%s by %q, %s %s: fault %q, changed %v, want it refused\n%s", row.op, who, r, forgotten, got.fault(), changed, got.body)
		case !may && (strings.Contains(got.body, croak) || strings.Contains(got.body, croak64) || strings.Contains(got.body, "ETag")):
			t.Errorf("%s by %q, %s %s: a refusal tells of the object\n%s", row.op, who, r, forgotten, got.body)
		}
	}
}

// build returns a server with what the row is about, and the policy of r.
func (row *matrixRow) build(t *testing.T, r regime, forgotten string) *testServer {
	t.Helper()
	s := newTestServer(t, Options{})
	s.addIAMUser(t, low, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::no-such-bucket"}]}`)
	s.must(t, owner, "CreateBucket", inPond)
	s.must(t, owner, "CreateBucket", "<Bucket>logs</Bucket>"+ofLogs)
	if row.op != "DeleteBucket" {
		s.must(t, owner, "PutObjectInline", frog+"<Data>"+croak64+"</Data><ContentLength>17</ContentLength>")
	}
	var statements []string
	add := func(effect, action string) {
		statements = append(statements, `{"Effect":"`+effect+`","Principal":"*","Action":"s3:`+action+`","Resource":["arn:aws:s3:::pond","arn:aws:s3:::pond/*"]}`)
	}
	for _, action := range strings.Fields(row.needs) {
		if r != silent && action != forgotten {
			add("Allow", action)
		}
		if r == denies {
			add("Deny", action)
		}
	}
	if len(statements) == 0 {
		return s
	}
	err := s.objects.UpdateBucket(t.Context(), "pond", func(cfg *object.BucketConfig) error {
		cfg.PolicyJSON = []byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends the row's request by who.
func (s *testServer) ask(t *testing.T, row *matrixRow, who string) reply {
	t.Helper()
	if row.op == "PutObject" {
		kind, message := pack(t, "dime", s.message(who, row.op, row.children), "x")
		return s.post(kind, message)
	}
	return s.do(who, row.op, row.children)
}

// fingerprint is of every row of the store, but for those of the collector (docs/format/object.md): intents, which are a
// supply for uploads to come, and the queue, in which the blob of a refused body stands.
func (s *testServer) fingerprint(t *testing.T) (sum [sha256.Size]byte) {
	t.Helper()
	h := sha256.New()
	var from []byte
	for more := true; more; {
		var rows []kv.Row
		var err error
		if rows, more, err = s.engine.Scan(t.Context(), from, nil, kv.ScanOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row.Key[0] != 'i' && row.Key[0] != 'g' {
				h.Write(slices.Concat(row.Key, row.Value, row.Version))
			}
			from = append(row.Key, 0)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}
