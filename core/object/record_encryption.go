package object

import (
	"fmt"

	"shoal/core/encryption"
)

// Fields of an envelope message. An object that is not encrypted has none.
const (
	envelopeFieldMode = iota + 1
	envelopeFieldKMSKeyID
	envelopeFieldContext
	envelopeFieldBucketKey
	envelopeFieldWrapped
)

func encodeEnvelope(e encryption.Envelope) []byte {
	if e.Mode == encryption.None {
		return nil
	}
	b := appendUint(nil, envelopeFieldMode, uint64(e.Mode))
	b = appendText(b, envelopeFieldKMSKeyID, e.KMSKeyID)
	b = appendText(b, envelopeFieldContext, e.Context)
	b = appendBool(b, envelopeFieldBucketKey, e.BucketKey)
	return appendText(b, envelopeFieldWrapped, e.Wrapped)
}

func decodeEnvelope(b []byte) (e encryption.Envelope, err error) {
	err = readFields(b, func(f field) (err error) {
		switch f.num {
		case envelopeFieldMode:
			e.Mode, err = decodeMode(f)
		case envelopeFieldKMSKeyID:
			e.KMSKeyID = f.string()
		case envelopeFieldContext:
			e.Context = f.string()
		case envelopeFieldBucketKey:
			e.BucketKey = f.bool()
		case envelopeFieldWrapped:
			e.Wrapped = append([]byte(nil), f.data...)
		}
		return err
	})
	if err == nil && e.Mode == encryption.None {
		err = fmt.Errorf("%w: envelope without a mode", errRecord)
	}
	return e, err
}

// decodeMode reads a mode of encryption: content must never be taken for what it is not.
func decodeMode(f field) (encryption.Mode, error) {
	if f.uint > uint64(encryption.Customer) {
		return 0, fmt.Errorf("%w: mode of encryption %d", errRecord, f.uint)
	}
	return encryption.Mode(f.uint), nil
}

// Fields of the message of a bucket's default encryption.
const (
	defaultFieldMode = iota + 1
	defaultFieldKMSKeyID
	defaultFieldBucketKey
	defaultFieldBlocked
	defaultFieldPut // set in each, also in one that says nothing
)

func encodeBucketEncryption(d *BucketEncryption) []byte {
	if d == nil {
		return nil
	}
	b := appendUint(nil, defaultFieldMode, uint64(d.Mode))
	b = appendText(b, defaultFieldKMSKeyID, d.KMSKeyID)
	b = appendBool(b, defaultFieldBucketKey, d.BucketKey)
	for _, kind := range d.BlockedTypes {
		b = appendMessage(b, defaultFieldBlocked, kind)
	}
	return appendBool(b, defaultFieldPut, true)
}

func decodeBucketEncryption(b []byte) (*BucketEncryption, error) {
	d := &BucketEncryption{}
	err := readFields(b, func(f field) (err error) {
		switch f.num {
		case defaultFieldMode:
			d.Mode, err = decodeMode(f)
		case defaultFieldKMSKeyID:
			d.KMSKeyID = f.string()
		case defaultFieldBucketKey:
			d.BucketKey = f.bool()
		case defaultFieldBlocked:
			d.BlockedTypes = append(d.BlockedTypes, f.string())
		}
		return err
	})
	return d, err
}
