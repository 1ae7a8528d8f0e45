package object

import "fmt"

// Fields of a notification rule.
const (
	ruleFieldID = iota + 1
	ruleFieldARN
	ruleFieldTarget
	ruleFieldName // repeated
	ruleFieldEvents
	ruleFieldPrefix
	ruleFieldSuffix
	ruleFieldFilters
)

func encodeRule(r *NotificationRule) []byte {
	b := appendText([]byte(nil), ruleFieldID, r.ID)
	b = appendText(b, ruleFieldARN, r.ARN)
	b = appendText(b, ruleFieldTarget, r.Target)
	for _, name := range r.Names {
		b = appendMessage(b, ruleFieldName, name)
	}
	b = appendUint(b, ruleFieldEvents, uint64(r.Events))
	b = appendText(b, ruleFieldPrefix, r.Prefix)
	b = appendText(b, ruleFieldSuffix, r.Suffix)
	return appendUint(b, ruleFieldFilters, uint64(r.Filters))
}

func decodeRule(b []byte) (r NotificationRule, err error) {
	err = readFields(b, func(f field) error {
		switch f.num {
		case ruleFieldID:
			r.ID = f.string()
		case ruleFieldARN:
			r.ARN = f.string()
		case ruleFieldTarget:
			r.Target = f.string()
		case ruleFieldName:
			r.Names = append(r.Names, f.string())
		case ruleFieldEvents:
			r.Events = EventType(f.uint)
		case ruleFieldPrefix:
			r.Prefix = f.string()
		case ruleFieldSuffix:
			r.Suffix = f.string()
		case ruleFieldFilters:
			r.Filters = uint8(f.uint)
		}
		return nil
	})
	return r, err
}

// Fields of an event record. Target, lane and sequence are in the row's key.
const (
	eventFieldType = iota + 1
	eventFieldRule
	eventFieldTime
	eventFieldBucket
	eventFieldOwner
	eventFieldKey
	eventFieldSize
	eventFieldETag
	eventFieldVersion
	eventFieldPrincipal
	eventFieldSourceIP
	eventFieldRequestID
	eventFieldHostID
)

func encodeEvent(e *Event) []byte {
	b := appendUint(newRecord(256), eventFieldType, uint64(e.Type))
	b = appendText(b, eventFieldRule, e.Rule)
	b = appendTime(b, eventFieldTime, e.Time)
	b = appendText(b, eventFieldBucket, e.Bucket)
	b = appendText(b, eventFieldOwner, e.BucketOwner)
	b = appendText(b, eventFieldKey, e.Key)
	b = appendUint(b, eventFieldSize, uint64(e.Size))
	b = appendText(b, eventFieldETag, e.ETag)
	b = appendText(b, eventFieldVersion, e.VersionID)
	b = appendText(b, eventFieldPrincipal, e.By.PrincipalID)
	b = appendText(b, eventFieldSourceIP, e.By.SourceIP)
	b = appendText(b, eventFieldRequestID, e.By.RequestID)
	return appendText(b, eventFieldHostID, e.By.HostID)
}

func decodeEvent(record []byte) (*Event, error) {
	e := &Event{}
	err := readRecord(record, func(f field) error {
		switch f.num {
		case eventFieldType:
			e.Type = EventType(f.uint)
		case eventFieldRule:
			e.Rule = f.string()
		case eventFieldTime:
			e.Time = f.time()
		case eventFieldBucket:
			e.Bucket = f.string()
		case eventFieldOwner:
			e.BucketOwner = f.string()
		case eventFieldKey:
			e.Key = f.string()
		case eventFieldSize:
			e.Size = f.int64()
		case eventFieldETag:
			e.ETag = ETag(f.data)
		case eventFieldVersion:
			e.VersionID = f.string()
		case eventFieldPrincipal:
			e.By.PrincipalID = f.string()
		case eventFieldSourceIP:
			e.By.SourceIP = f.string()
		case eventFieldRequestID:
			e.By.RequestID = f.string()
		case eventFieldHostID:
			e.By.HostID = f.string()
		}
		return nil
	})
	if err == nil && (e.Type == 0 || e.Bucket == "") {
		err = fmt.Errorf("%w: event without type or bucket", errRecord)
	}
	return e, err
}
