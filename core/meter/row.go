package meter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"shoal/storage/kv/tuple"
)

const (
	rowPrefix = 'u' // the table of the meter
	rowFormat = 1   // first byte of every value
	valueSize = 1 + 16
)

// errMalformedRow says that a row is not what docs/format/meter.md draws. It is wrapped.
var errMalformedRow = errors.New("malformed usage row")

// record is one row: what one epoch counted of one usage type under one key.
type record struct {
	sumKey
	usageType UsageType
	epoch     epoch
	amount    amount
}

// appendHourKey appends the start of the keys of h.
func appendHourKey(b []byte, h hour) []byte {
	return tuple.AppendUint64(append(b, rowPrefix), uint64(h))
}

func (r *record) key() []byte {
	b := appendHourKey(make([]byte, 0, 64+len(r.account)+len(r.bucket)), r.hour)
	b = tuple.AppendString(b, r.account)
	b = tuple.AppendString(b, r.bucket)
	b = tuple.AppendUint16(b, uint16(r.operation))
	b = append(b, byte(r.usageType), byte(r.source))
	return tuple.AppendID16(b, r.epoch)
}

func (r *record) value() []byte {
	return r.amount.append(append(make([]byte, 0, valueSize), rowFormat))
}

// decodeRow reads one row. Numbers outside the closed sets are errors: a newer version wrote them, and
// a report that left them out would be wrong without a word.
func decodeRow(key, value []byte) (record, error) {
	d := tuple.NewDecoder(key)
	prefix, h := d.Byte(), d.Uint64()
	account, bucket := d.Str(), d.Str()
	operation, usageType, source := d.Uint16(), d.Byte(), d.Byte()
	e := epoch(d.ID16())
	switch err := d.Done(); {
	case err != nil:
		return record{}, fmt.Errorf("%w: %w", errMalformedRow, err)
	case prefix != rowPrefix || h > math.MaxUint32:
		return record{}, fmt.Errorf("%w: prefix %#x, hour %d", errMalformedRow, prefix, h)
	case operation >= uint16(numOperations) || !Operation(operation).known() || usageType >= byte(numUsageTypes) ||
		source == byte(AnySource) || source >= byte(numSources):
		return record{}, fmt.Errorf("%w: unknown operation %d, usage type %d or source %d",
			errMalformedRow, operation, usageType, source)
	case len(value) != valueSize || value[0] != rowFormat:
		return record{}, fmt.Errorf("%w: value of %d bytes is not format %d", errMalformedRow, len(value), rowFormat)
	}
	return record{
		sumKey:    sumKey{hour: hour(h), operation: Operation(operation), source: Source(source), account: account, bucket: bucket},
		usageType: UsageType(usageType),
		epoch:     e,
		amount:    amount{hi: binary.BigEndian.Uint64(value[1:]), lo: binary.BigEndian.Uint64(value[9:])},
	}, nil
}
