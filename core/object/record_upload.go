package object

import "shoal/core/access"

// uploadState is where an upload is in its life.
type uploadState uint8

const (
	uploadOpen   uploadState = iota
	uploadSealed             // CompleteUpload reads the parts: whoever changes one opens it again
	uploadDone               // completed; kept for a while so that a repeated completion succeeds
)

// uploadRecord is the value of an upload row; bucket id, key and upload id are in the row's key.
type uploadRecord struct {
	Upload
	State  uploadState
	Seal   [16]byte  // random, of the completion that sealed it
	Result VersionID // of a done upload
}

const (
	uploadFieldInitiated = iota + 1
	uploadFieldOwnerID
	uploadFieldOwnerName
	uploadFieldACL
	uploadFieldHeader
	uploadFieldStorageClass
	uploadFieldAlgorithm
	uploadFieldType
	uploadFieldState
	uploadFieldSeal
	uploadFieldResult
	uploadFieldTag
	uploadFieldRetentionMode
	uploadFieldRetainUntil
	uploadFieldLegalHold
	uploadFieldEncryption
)

// uploadLock is where an upload has the lock of its object. Never written.
var uploadLock = lockFields{uploadFieldRetentionMode, uploadFieldRetainUntil, uploadFieldLegalHold}

func encodeUpload(u *uploadRecord) []byte {
	b := appendTime(newRecord(256), uploadFieldInitiated, u.Initiated)
	b = appendText(b, uploadFieldOwnerID, u.Owner.ID)
	b = appendText(b, uploadFieldOwnerName, u.Owner.DisplayName)
	b = appendText(b, uploadFieldACL, encodeACL(u.ACL))
	b = appendText(b, uploadFieldHeader, encodeHeader(&u.Header))
	b = appendText(b, uploadFieldStorageClass, u.StorageClass)
	b = appendUint(b, uploadFieldAlgorithm, uint64(u.Algorithm))
	b = appendUint(b, uploadFieldType, uint64(u.Type))
	b = appendUint(b, uploadFieldState, uint64(u.State))
	if u.State == uploadSealed {
		b = appendID(b, uploadFieldSeal, u.Seal)
	}
	if u.State == uploadDone {
		b = appendID(b, uploadFieldResult, u.Result)
	}
	b = uploadLock.append(appendTags(b, uploadFieldTag, u.Tags), u.Lock)
	return appendText(b, uploadFieldEncryption, encodeEnvelope(u.Encryption))
}

func decodeUpload(bucket BucketID, objectKey string, id UploadID, record []byte) (*uploadRecord, error) {
	u := &uploadRecord{Upload: Upload{ID: id, BucketID: bucket, Key: objectKey}}
	err := readRecord(record, u.read)
	if err == nil {
		err = u.Lock.whole()
	}
	return u, err
}

func (u *uploadRecord) read(f field) (err error) {
	switch f.num {
	case uploadFieldInitiated:
		u.Initiated = f.time()
	case uploadFieldOwnerID:
		u.Owner.ID = canonicalID(f)
	case uploadFieldOwnerName:
		u.Owner.DisplayName = f.string()
	case uploadFieldACL:
		u.ACL, err = decodeACL(f.data)
	case uploadFieldHeader:
		err = decodeHeader(f.data, &u.Header)
	case uploadFieldStorageClass:
		u.StorageClass = f.string()
	case uploadFieldAlgorithm:
		u.Algorithm = ChecksumAlgorithm(f.uint)
	case uploadFieldType:
		u.Type = ChecksumType(f.uint)
	case uploadFieldState:
		u.State = uploadState(f.uint)
	case uploadFieldSeal:
		u.Seal, err = f.id()
	case uploadFieldResult:
		u.Result, err = f.id()
	case uploadFieldEncryption:
		u.Encryption, err = decodeEnvelope(f.data)
	case uploadFieldTag:
		var t access.Tag
		t, err = decodeTag(f.data)
		u.Tags = append(u.Tags, t)
	default:
		err = uploadLock.read(f, &u.Lock)
	}
	return err
}
