package e2e

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	loggedBucket = "logged"
	logsBucket   = "logs"
	loggedSize   = 20_000_000 // bytes
	loggedWithin = 15 * time.Second
)

// TestAccessLogIsTheUsageReport: awscli switches logging on; awscli, boto3, curl and a BitTorrent client do what people do;
// the delivered logs, recounted as docs/protocol/access-log.md says, are the usage report, to the request and the byte.
func TestAccessLogIsTheUsageReport(t *testing.T) {
	program := findClient(t, "aws", "awscli")
	s := start(t, options{flags: []string{"--no-utp"}})
	do := func(args ...string) string {
		t.Helper()
		return runClient(t, clientIn, program, append([]string{"--endpoint-url", s.url("")}, args...)...)
	}
	s.makeBucket(loggedBucket, false)
	s.makeBucket(logsBucket, false)
	do("s3api", "put-bucket-acl", "--bucket", logsBucket,
		"--grant-write", "uri=http://acs.amazonaws.com/groups/s3/LogDelivery", "--grant-read-acp", "uri=http://acs.amazonaws.com/groups/s3/LogDelivery")
	do("s3api", "put-bucket-logging", "--bucket", loggedBucket, "--bucket-logging-status",
		`{"LoggingEnabled":{"TargetBucket":"`+logsBucket+`","TargetPrefix":"access/"}}`)
	var before usage
	eventually(t, loggedWithin, "the request that switched logging on is counted", func() bool {
		before = s.traffic(loggedBucket)
		return before[usageKey{"WriteLogProps", "Requests-Tier1", loggedBucket}] == 1
	})
	if got := do("s3api", "get-bucket-logging", "--bucket", loggedBucket); !strings.Contains(got, `"TargetPrefix": "access/"`) {
		t.Errorf("get-bucket-logging printed %s", got)
	}
	p := published{bucket: loggedBucket, key: "in/lily pads é.bin", path: filepath.Join(t.TempDir(), "file"), size: loggedSize}
	p.sha256 = writeContent(t, p.path, 11, p.size)
	do("s3", "cp", "--quiet", "--acl", "public-read", p.path, "s3://"+loggedBucket+"/"+p.key)
	do("s3", "mv", "--quiet", "s3://"+loggedBucket+"/"+p.key, "s3://"+loggedBucket+"/moved", "--acl", "public-read")
	p.key = "moved"
	link := strings.TrimSpace(do("s3", "presign", "s3://"+loggedBucket+"/"+p.key))
	logWithBoto3(t, s)
	logWithCurl(t, s, p, link)
	d := aria2(t, source{link: saveTorrent(t, s.torrentOf("", p.bucket, p.key).body), host: "127.0.0.61"})
	d.await(downloadIn)
	checkFile(t, d, p)
	checkRecount(t, s, before)
}

// logWithBoto3 copies, deletes many, and asks for what is not there.
func logWithBoto3(t *testing.T, s *server) {
	python := findPython(t, "boto3", "python3-boto3")
	runClient(t, clientIn, python, "-c", `
import boto3, botocore, sys
c = boto3.client("s3", endpoint_url=sys.argv[1])
b = sys.argv[2]
for i in range(20):
    c.put_object(Bucket=b, Key="many/%d" % i, Body=b"x" * i)
c.copy_object(Bucket=b, Key="again", CopySource={"Bucket": b, "Key": "many/19"})
c.delete_objects(Bucket=b, Delete={"Objects": [{"Key": "many/%d" % i} for i in range(20)]})
for call in (lambda: c.head_object(Bucket=b, Key="none"), lambda: c.get_object(Bucket=b, Key="none"), lambda: c.list_objects_v2(Bucket=b, MaxKeys=-1)):
    try:
        call()
    except botocore.exceptions.ClientError:
        pass
`, s.url(""), loggedBucket)
}

// logWithCurl fetches as everybody and with a presigned URL, is refused, and tries to forge a record.
func logWithCurl(t *testing.T, s *server, p published, presigned string) {
	curl := findClient(t, "curl", "curl")
	get := func(args ...string) {
		t.Helper()
		runClient(t, clientIn, curl, append([]string{"--silent", "--show-error", "--output", os.DevNull}, args...)...)
	}
	object := s.objectURL("", p.bucket, p.key)
	get(object, "--range", "5-104", "--referer", `http://pond.example/" 200 - 99999999 - - - "`)
	get(presigned)
	get(s.objectURL("", p.bucket, "again"), "--user-agent", "x\" 200 -\t99999999\\")
	get(object+"?x-continued=1", "--head") // which is so only of a piece
	get(object + "?torrent")
	get(s.url("")+"/"+p.bucket+"?delete", "--request", "POST", "--data", "<Delete/>")
}

// traffic is what the usage report says of a bucket's requests and bytes.
func (s *server) traffic(bucket string) usage {
	s.t.Helper()
	u := s.usage()
	maps.DeleteFunc(u, func(k usageKey, _ int64) bool {
		return k.bucket != bucket || !strings.HasPrefix(k.usageType, "Requests-") && !strings.HasPrefix(k.usageType, "DataTransfer-")
	})
	return u
}

// checkRecount delivers the logs and holds what they say against the usage report since before.
func checkRecount(t *testing.T, s *server, before usage) {
	t.Helper()
	var want, got usage
	var lines int
	// What was sent last is recorded just after the client has it.
	end := time.Now().Add(loggedWithin)
	for {
		if out, code := s.command("logs", "deliver", "--data", s.data); code != 0 {
			t.Fatalf("shoal logs deliver: code %d, %s", code, out)
		}
		want = s.traffic(loggedBucket)
		for k, n := range before {
			if want[k] -= n; want[k] == 0 {
				delete(want, k)
			}
		}
		got, lines = recountLogs(t, s)
		if maps.Equal(got, want) || time.Now().After(end) {
			break
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d records of the access log say\n%v\nthe usage report says\n%v", lines, got, want)
	}
	if n, _ := got.got(loggedBucket); n < 2*loggedSize || lines < 60 {
		t.Errorf("%d bytes of GetObject in %d records, want the presigned GET and the torrent among them", n, lines)
	}
}

// recountLogs reads every delivered log and recomputes the usage report of what it says.
func recountLogs(t *testing.T, s *server) (usage, int) {
	t.Helper()
	counts, u, lines := loggedOperations(t), usage{}, 0
	for _, line := range deliveredLines(t, s) {
		lines++
		r := parseLogRecord(t, line)
		if r.charged == "-" {
			continue
		}
		is, known := counts[r.operation]
		if !known {
			t.Fatalf("the page does not say what %s counts as", r.operation)
		}
		u.add(is.operation, "DataTransfer-Out-Bytes", r.sent)
		u.add(is.operation, "DataTransfer-In-Bytes", r.received)
		continued := r.hostID == "-" && r.parameter("x-continued") == "1"
		if is.requests != "" && !continued {
			u.add(is.operation, is.requests, 1)
		}
	}
	return u, lines
}

func (u usage) add(operation, usageType string, n int64) {
	if n > 0 {
		u[usageKey{operation, usageType, loggedBucket}] += n
	}
}

// deliveredLines returns the records of all log objects.
func deliveredLines(t *testing.T, s *server) (lines []string) {
	t.Helper()
	ctx, c := t.Context(), s.sdk()
	page, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(logsBucket), Prefix: aws.String("access/")})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range page.Contents {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(logsBucket), Key: o.Key})
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(out.Body)
		out.Body.Close()
		if err != nil || !strings.HasSuffix(string(text), "\n") {
			t.Fatalf("log object %s of %d bytes: %v", *o.Key, len(text), err)
		}
		lines = append(lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	return lines
}
