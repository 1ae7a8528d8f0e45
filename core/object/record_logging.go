package object

import (
	"fmt"

	"shoal/core/accesslog"
)

// Fields of where an access log is delivered.
const (
	loggingFieldBucket = iota + 1
	loggingFieldPrefix
	loggingFieldFormat
	loggingFieldGrant // repeated
	loggingFieldFormatPut
)

func encodeLogging(t *accesslog.Target) []byte {
	if t == nil {
		return nil
	}
	b := appendText([]byte(nil), loggingFieldBucket, t.Bucket)
	b = appendText(b, loggingFieldPrefix, t.Prefix)
	b = appendUint(b, loggingFieldFormat, uint64(t.Format))
	for _, g := range t.Grants {
		b = appendMessage(b, loggingFieldGrant, encodeGrant(g))
	}
	return appendBool(b, loggingFieldFormatPut, t.FormatPut)
}

func decodeLogging(b []byte) (*accesslog.Target, error) {
	t := &accesslog.Target{}
	err := readFields(b, func(f field) error {
		switch f.num {
		case loggingFieldBucket:
			t.Bucket = f.string()
		case loggingFieldPrefix:
			t.Prefix = f.string()
		case loggingFieldFormat:
			if f.uint > uint64(accesslog.PartitionedByDelivery) {
				return fmt.Errorf("%w: log object key format %d", errRecord, f.uint)
			}
			t.Format = accesslog.Format(f.uint)
		case loggingFieldFormatPut:
			t.FormatPut = f.bool()
		case loggingFieldGrant:
			g, err := decodeGrant(f.data)
			t.Grants = append(t.Grants, g)
			return err
		}
		return nil
	})
	if err == nil && t.Bucket == "" {
		err = fmt.Errorf("%w: logging without a target bucket", errRecord)
	}
	return t, err
}
