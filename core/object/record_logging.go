package object

import (
	"fmt"

	"shoal/core/accesslog"
)

// loggingFieldFormatPut comes after the fields of an accesslog.Target in the record of a bucket.
const loggingFieldFormatPut = 5

func encodeLogging(t *accesslog.Target) []byte {
	if t == nil {
		return nil
	}
	return appendBool(accesslog.EncodeTarget(t), loggingFieldFormatPut, t.FormatPut)
}

func decodeLogging(b []byte) (*accesslog.Target, error) {
	t, err := accesslog.DecodeTarget(b)
	if err != nil {
		return nil, fmt.Errorf("%w: logging: %w", errRecord, err)
	}
	return t, readFields(b, func(f field) error {
		if f.num == loggingFieldFormatPut {
			t.FormatPut = f.bool()
		}
		return nil
	})
}
