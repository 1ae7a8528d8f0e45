package object

import (
	"context"
	"fmt"
	"math/bits"
	"strings"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// EventType is a set of event types, of which an event has one (S3 user guide, Supported event types for SQS, SNS, and
// Lambda).
type EventType uint32

// The event types that Shoal sends. The bits are in rows.
const (
	ObjectCreatedPut EventType = 1 << iota
	ObjectCreatedPost
	ObjectCreatedCopy
	ObjectCreatedCompleteMultipartUpload
	ObjectRemovedDelete
	ObjectRemovedDeleteMarkerCreated
	ObjectTaggingPut
	ObjectTaggingDelete
	ObjectACLPut
	LifecycleExpirationDelete
	LifecycleExpirationDeleteMarkerCreated
	// TestEvent tells a target that it was named in a configuration. No configuration names it.
	TestEvent
)

// eventNames are in the order of the bits. Never written.
var eventNames = [...]string{
	"ObjectCreated:Put",
	"ObjectCreated:Post",
	"ObjectCreated:Copy",
	"ObjectCreated:CompleteMultipartUpload",
	"ObjectRemoved:Delete",
	"ObjectRemoved:DeleteMarkerCreated",
	"ObjectTagging:Put",
	"ObjectTagging:Delete",
	"ObjectAcl:Put",
	"LifecycleExpiration:Delete",
	"LifecycleExpiration:DeleteMarkerCreated",
	"TestEvent",
}

// String is the name of one event type, without "s3:".
func (t EventType) String() string {
	if i := bits.TrailingZeros32(uint32(t)); i < len(eventNames) {
		return eventNames[i]
	}
	return "unknown"
}

// ParseEventType returns what name, without "s3:", stands for; "Group:*" is all types of a group.
func ParseEventType(name string) (set EventType, ok bool) {
	group, all := strings.CutSuffix(name, "*")
	for i, known := range eventNames {
		t := EventType(1 << i)
		if t != TestEvent && (known == name || all && strings.HasSuffix(group, ":") && strings.HasPrefix(known, group)) {
			set |= t
		}
	}
	return set, set != 0
}

// Bounds of a notification configuration.
const (
	MaxNotificationRules = 100  // S3 user guide
	MaxNotificationText  = 1024 // bytes of a prefix and of a suffix
	// MaxNotification bounds the rules of a bucket together, in bytes: they share its row with policy and ACL.
	MaxNotification = 20 << 10
	// maxNotificationTargets bounds the test events of one commit.
	maxNotificationTargets = 50
)

// NotificationRule sends the events of a bucket that are of one of its types, for keys with its prefix and suffix, to
// one target.
type NotificationRule struct {
	ID      string
	ARN     string   // as the configuration names the target
	Target  string   // the name of it
	Names   []string // the event types as the configuration has them, "s3:ObjectCreated:*"
	Events  EventType
	Prefix  string
	Suffix  string
	Filters uint8 // FilterPrefix and FilterSuffix: which of the two the configuration has, empty ones too
}

// Which filters a rule has.
const (
	FilterPrefix = 1 << iota
	FilterSuffix
)

// Overlaps reports whether an event could be of both rules, which S3 refuses.
func (r *NotificationRule) Overlaps(o *NotificationRule) bool {
	return r.Events&o.Events != 0 &&
		(strings.HasPrefix(r.Prefix, o.Prefix) || strings.HasPrefix(o.Prefix, r.Prefix)) &&
		(strings.HasSuffix(r.Suffix, o.Suffix) || strings.HasSuffix(o.Suffix, r.Suffix))
}

// ruleFor returns the rule for an event of a key, nil when none wants it. As rules do not overlap there is one at most.
func ruleFor(rules []NotificationRule, t EventType, key string) *NotificationRule {
	for i := range rules {
		r := &rules[i]
		if r.Events&t != 0 && strings.HasPrefix(key, r.Prefix) && strings.HasSuffix(key, r.Suffix) {
			return r
		}
	}
	return nil
}

// PutNotification replaces the notification rules of b, and tells each target that they name, by a TestEvent in the same
// commit, when test is set. Changes that began after it send their events by the new rules. InvalidArgument for rules
// that are too many, too long or overlap; NoSuchBucket.
func (s *Store) PutNotification(ctx context.Context, b *Bucket, rules []NotificationRule, test bool, by Requester) error {
	const op = "put notification configuration"
	if err := checkRules(op, b.Name, rules); err != nil {
		return err
	}
	var tests []*Event
	err := kv.Update(ctx, s.kv, func(tx *kv.Tx) error {
		tests = nil
		now, err := s.bucketFor(tx, op, b)
		if err != nil {
			return err
		}
		now.Config.Notification = rules
		if test {
			tests = s.addTests(tx, now, by)
		}
		tx.Put(bucketKey(b.Name), encodeBucket(now))
		return nil
	})
	if err != nil {
		return fail(op, b.Name, err)
	}
	for _, e := range tests {
		s.noteEvent(e)
	}
	return nil
}

// bucketFor reads b's row, as a condition of tx, into a Bucket of the caller's own. NoSuchBucket.
func (s *Store) bucketFor(tx *kv.Tx, op string, b *Bucket) (*Bucket, error) {
	rows, err := tx.Get(bucketKey(b.Name))
	if err != nil {
		return nil, err
	}
	if !rows[0].Exists() {
		return nil, fault.New(op, b.Name, fault.NoSuchBucket, nil)
	}
	now, err := decodeBucket(b.Name, rows[0].Value)
	if err == nil && now.ID != b.ID {
		err = fault.New(op, b.Name, fault.NoSuchBucket, nil)
	}
	return now, err
}

func checkRules(op, bucket string, rules []NotificationRule) error {
	size, targets := 0, map[string]bool{}
	for i := range rules {
		r := &rules[i]
		size += len(encodeRule(r))
		targets[r.Target] = true
		for j := range i {
			if r.Overlaps(&rules[j]) {
				return fault.New(op, bucket, fault.InvalidArgument, fmt.Errorf("rules %q and %q overlap", rules[j].ID, r.ID))
			}
		}
	}
	if len(rules) > MaxNotificationRules || size > MaxNotification || len(targets) > maxNotificationTargets {
		return fault.New(op, bucket, fault.InvalidArgument, fmt.Errorf("more than %d rules, %d targets or %d bytes of rules",
			MaxNotificationRules, maxNotificationTargets, MaxNotification))
	}
	return nil
}
