package object

import "time"

// intentRecord is the value of an intent row.
type intentRecord struct {
	Epoch   [16]byte  // of the process that wrote it
	Expires time.Time // the collector may take it from then on, whatever the epoch
}

const (
	intentFieldEpoch = iota + 1
	intentFieldExpires
)

func encodeIntent(r intentRecord) []byte {
	return appendTime(appendID(newRecord(32), intentFieldEpoch, r.Epoch), intentFieldExpires, r.Expires)
}

func decodeIntent(record []byte) (r intentRecord, err error) {
	err = readRecord(record, func(f field) (err error) {
		switch f.num {
		case intentFieldEpoch:
			r.Epoch, err = f.id()
		case intentFieldExpires:
			r.Expires = f.time()
		}
		return err
	})
	return r, err
}

// Fields of the value of a reference row: where the referrer is, for fsck.
const (
	refFieldBucket = iota + 1
	refFieldKey
)

// encodeRef is the value of a reference row whose referrer is a version of, or an upload to, objectKey.
func encodeRef(bucket BucketID, objectKey string) []byte {
	return appendText(appendText(newRecord(12+len(objectKey)), refFieldBucket, bucket[:]), refFieldKey, objectKey)
}

func decodeRef(record []byte) (bucket BucketID, objectKey string, err error) {
	err = readRecord(record, func(f field) error {
		switch f.num {
		case refFieldBucket:
			copy(bucket[:], f.data)
		case refFieldKey:
			objectKey = f.string()
		}
		return nil
	})
	return bucket, objectKey, err
}
