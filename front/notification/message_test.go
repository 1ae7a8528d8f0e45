package notification

import (
	"net/url"
	"testing"
	"time"

	"shoal/core/object"
)

// TestMessages: the structure and the words are those of "Event message structure" of the S3 user guide.
func TestMessages(t *testing.T) {
	at := time.Date(2026, 7, 1, 12, 30, 45, 678_900_000, time.UTC)
	by := object.Requester{PrincipalID: "AWS:AIDA", SourceIP: "192.0.2.1", RequestID: "C3D1", HostID: "FMyU/="}
	for _, tt := range []struct {
		name  string
		event object.Event
		want  string
	}{
		{
			"put",
			object.Event{
				Type: object.ObjectCreatedPut, Rule: "rule", Time: at, Sequence: 0xabc, Bucket: "pond", BucketOwner: "owner",
				Key: "dir/red flower+é.jpg", Size: 1024, ETag: "d41d", VersionID: "096f", By: by,
			},
			`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1","eventTime":"2026-07-01T12:30:45.678Z",` +
				`"eventName":"ObjectCreated:Put","userIdentity":{"principalId":"AWS:AIDA"},"requestParameters":{"sourceIPAddress":"192.0.2.1"},` +
				`"responseElements":{"x-amz-request-id":"C3D1","x-amz-id-2":"FMyU/="},"s3":{"s3SchemaVersion":"1.0","configurationId":"rule",` +
				`"bucket":{"name":"pond","ownerIdentity":{"principalId":"owner"},"arn":"arn:aws:s3:::pond"},` +
				`"object":{"key":"dir/red+flower%2B%C3%A9.jpg","size":1024,"eTag":"d41d","versionId":"096f","sequencer":"0000000000000ABC"}}}]}`,
		},
		{
			"delete without versioning",
			object.Event{Type: object.ObjectRemovedDelete, Time: at, Sequence: 1, Bucket: "pond", Key: "k"},
			`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1","eventTime":"2026-07-01T12:30:45.678Z",` +
				`"eventName":"ObjectRemoved:Delete","userIdentity":{"principalId":""},"requestParameters":{"sourceIPAddress":""},` +
				`"responseElements":{"x-amz-request-id":"","x-amz-id-2":""},"s3":{"s3SchemaVersion":"1.0","configurationId":"",` +
				`"bucket":{"name":"pond","ownerIdentity":{"principalId":""},"arn":"arn:aws:s3:::pond"},` +
				`"object":{"key":"k","sequencer":"0000000000000001"}}}]}`,
		},
		{
			"test",
			object.Event{Type: object.TestEvent, Time: at, Bucket: "pond", By: by},
			`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-07-01T12:30:45.678Z","Bucket":"pond","RequestId":"C3D1","HostId":"FMyU/="}`,
		},
	} {
		got, err := render(&tt.event, "eu-west-1")
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got\n%s, %v, want\n%s", tt.name, got, err, tt.want)
		}
	}
}

func TestEventVersions(t *testing.T) {
	for event, want := range map[object.EventType]string{
		object.ObjectCreatedCopy: "2.1", object.ObjectRemovedDeleteMarkerCreated: "2.1", object.ObjectACLPut: "2.3",
		object.ObjectTaggingDelete: "2.3", object.LifecycleExpirationDelete: "2.3",
	} {
		if got := eventVersion(event); got != want {
			t.Errorf("%s has version %s, want %s", event, got, want)
		}
	}
}

// FuzzKey: an encoded key reads back as what it was.
func FuzzKey(f *testing.F) {
	f.Add("red flower.jpg")
	f.Add("a/b%2Fc+d?e=f&\x00é")
	f.Fuzz(func(t *testing.T, key string) {
		got, err := url.QueryUnescape(encodeKey(key))
		if err != nil || got != key {
			t.Errorf("%q became %q, %v", key, got, err)
		}
	})
}
