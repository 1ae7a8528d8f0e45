package notification

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"shoal/core/object"
)

// Versions of the structure of messages (S3 user guide, Event message structure).
const (
	versionCommon = "2.1"
	versionLater  = "2.3" // of lifecycle, ACL and tagging
	schemaVersion = "1.0"
)

// message is what a target gets of an event (S3 user guide, Event message structure).
type message struct {
	Records []record `json:"Records"`
}

type record struct {
	EventVersion      string            `json:"eventVersion"`
	EventSource       string            `json:"eventSource"`
	AWSRegion         string            `json:"awsRegion"`
	EventTime         string            `json:"eventTime"`
	EventName         string            `json:"eventName"`
	UserIdentity      identity          `json:"userIdentity"`
	RequestParameters requestParameters `json:"requestParameters"`
	ResponseElements  responseElements  `json:"responseElements"`
	S3                entity            `json:"s3"`
}

type identity struct {
	PrincipalID string `json:"principalId"`
}

type requestParameters struct {
	SourceIPAddress string `json:"sourceIPAddress"`
}

type responseElements struct {
	RequestID string `json:"x-amz-request-id"`
	HostID    string `json:"x-amz-id-2"`
}

type entity struct {
	SchemaVersion   string        `json:"s3SchemaVersion"`
	ConfigurationID string        `json:"configurationId"`
	Bucket          bucketEntity  `json:"bucket"`
	Object          objectElement `json:"object"`
}

type bucketEntity struct {
	Name          string   `json:"name"`
	OwnerIdentity identity `json:"ownerIdentity"`
	ARN           string   `json:"arn"`
}

type objectElement struct {
	Key       string `json:"key"` // as in a query
	Size      *int64 `json:"size,omitempty"`
	ETag      string `json:"eTag,omitempty"`
	VersionID string `json:"versionId,omitempty"`
	Sequencer string `json:"sequencer"`
}

// testMessage is what a target gets when it is named in a configuration (S3 user guide, s3:TestEvent).
type testMessage struct {
	Service   string `json:"Service"`
	Event     string `json:"Event"`
	Time      string `json:"Time"`
	Bucket    string `json:"Bucket"`
	RequestID string `json:"RequestId"`
	HostID    string `json:"HostId"`
}

const messageTime = "2006-01-02T15:04:05.000Z"

// render returns the JSON of an event.
func render(e *object.Event, region string) ([]byte, error) {
	at := e.Time.UTC().Format(messageTime)
	if e.Type == object.TestEvent {
		return json.Marshal(testMessage{"Amazon S3", "s3:TestEvent", at, e.Bucket, e.By.RequestID, e.By.HostID})
	}
	o := objectElement{Key: encodeKey(e.Key), ETag: string(e.ETag), VersionID: e.VersionID, Sequencer: sequencer(e)}
	if o.ETag != "" { // of what is there
		o.Size = &e.Size
	}
	return json.Marshal(message{[]record{{
		EventVersion: eventVersion(e.Type), EventSource: "aws:s3", AWSRegion: region, EventTime: at, EventName: e.Type.String(),
		UserIdentity: identity{e.By.PrincipalID}, RequestParameters: requestParameters{e.By.SourceIP},
		ResponseElements: responseElements{e.By.RequestID, e.By.HostID},
		S3: entity{
			SchemaVersion: schemaVersion, ConfigurationID: e.Rule,
			Bucket: bucketEntity{e.Bucket, identity{e.BucketOwner}, "arn:aws:s3:::" + e.Bucket},
			Object: o,
		},
	}}})
}

func eventVersion(t object.EventType) string {
	const later = object.ObjectACLPut | object.ObjectTaggingPut | object.ObjectTaggingDelete |
		object.LifecycleExpirationDelete | object.LifecycleExpirationDeleteMarkerCreated
	if t&later != 0 {
		return versionLater
	}
	return versionCommon
}

// encodeKey: "red flower.jpg" becomes "red+flower.jpg" (S3 user guide); AWS leaves slashes as they are.
func encodeKey(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }

// sequencer orders the events of a key: a greater one, as text, is later.
func sequencer(e *object.Event) string { return fmt.Sprintf("%016X", e.Sequence) }

// deduplication is the same each time that an event is sent, and of no other.
func deduplication(e *object.Event) string {
	return sequencer(e) + " " + e.Time.UTC().Format(time.RFC3339Nano) + " " + e.Bucket + "/" + encodeKey(e.Key)
}
