package object

import "time"

// taskKind says what a queue row asks the collector to do. It is a byte of the row's key.
type taskKind byte

const (
	taskBlob     taskKind = 'b' // delete the blob when nothing refers to it
	taskManifest taskKind = 'm' // take the manifest apart when nothing refers to it
	taskUpload   taskKind = 'u' // take the rows of an aborted or completed upload apart
	taskBucket   taskKind = 'k' // take what is left of a deleted bucket apart
	taskPrefix   taskKind = 'q' // drop the torrent of a prefix when one of its objects is gone, else look again later
)

// taskRecord is the value of a queue row. For a blob and a manifest it is empty.
type taskRecord struct {
	Bucket BucketID // of an upload or a prefix torrent, or the deleted bucket
	Key    string   // of an upload
	Done   bool     // the upload was completed
	Kept   []byte   // bitmap of the part numbers that its manifest holds: bit n%8 of byte n/8
	// Ended is when the upload or the bucket ended: from then on the parts that are taken apart later cost nothing. Tasks of
	// older programs have none.
	Ended time.Time
}

const (
	taskFieldBucket = iota + 1
	taskFieldKey
	taskFieldDone
	taskFieldKept
	taskFieldEnded
)

func encodeTask(t taskRecord) []byte {
	b := newRecord(16 + len(t.Key) + len(t.Kept))
	if t.Bucket != (BucketID{}) {
		b = appendText(b, taskFieldBucket, t.Bucket[:])
	}
	b = appendText(b, taskFieldKey, t.Key)
	b = appendBool(b, taskFieldDone, t.Done)
	b = appendText(b, taskFieldKept, t.Kept)
	return appendTime(b, taskFieldEnded, t.Ended)
}

func decodeTask(record []byte) (t taskRecord, err error) {
	err = readRecord(record, func(f field) error {
		switch f.num {
		case taskFieldBucket:
			copy(t.Bucket[:], f.data)
		case taskFieldKey:
			t.Key = f.string()
		case taskFieldDone:
			t.Done = f.bool()
		case taskFieldKept:
			t.Kept = append([]byte(nil), f.data...)
		case taskFieldEnded:
			t.Ended = f.time()
		}
		return nil
	})
	return t, err
}

// keeps reports whether the manifest holds the part.
func (t taskRecord) keeps(number int) bool {
	return number/8 < len(t.Kept) && t.Kept[number/8]&(1<<(number%8)) != 0
}

// keep marks the part as held by the manifest.
func (t *taskRecord) keep(number int) {
	for len(t.Kept) <= number/8 {
		t.Kept = append(t.Kept, 0)
	}
	t.Kept[number/8] |= 1 << (number % 8)
}
