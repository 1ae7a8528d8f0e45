package object

import (
	"fmt"

	"shoal/core/access"
	"shoal/core/quota"
)

// Fields of a bucket record. The name is in the row's key.
const (
	bucketFieldID = iota + 1
	bucketFieldOwner
	bucketFieldRegion
	bucketFieldCreated
	bucketFieldACL
	bucketFieldOwnership
	bucketFieldPolicy
	bucketFieldBlock
	bucketFieldVersioning
	bucketFieldRequesterPays
	bucketFieldSeedingPolicy
	bucketFieldSeedingRate
	bucketFieldObjectLock
	bucketFieldDefaultRetention
	bucketFieldEncryption
	bucketFieldNotification // repeated
	bucketFieldQuota
	bucketFieldLogging

	bucketFieldLifecycle = 31
)

// Fields of a quota.
const (
	quotaFieldBytes = iota + 1
	quotaFieldObjects
	quotaFieldEgress
)

// Bits of bucketFieldBlock. blockPut is set in every public access block, also one that blocks nothing.
const (
	blockPut = 1 << iota
	blockACLs
	blockIgnoreACLs
	blockPolicy
	blockRestrict
)

func encodeBucket(b *Bucket) []byte {
	r := appendText(newRecord(256), bucketFieldID, b.ID[:])
	r = appendText(r, bucketFieldOwner, b.Owner)
	r = appendText(r, bucketFieldRegion, b.Region)
	r = appendTime(r, bucketFieldCreated, b.Created)
	r = appendText(r, bucketFieldACL, encodeACL(b.Config.ACL))
	r = appendText(r, bucketFieldOwnership, b.Config.Ownership)
	r = appendText(r, bucketFieldPolicy, b.Config.PolicyJSON)
	r = appendUint(r, bucketFieldBlock, blockBits(b.Config.PublicAccessBlock))
	r = appendUint(r, bucketFieldVersioning, uint64(b.Config.Versioning))
	r = appendBool(r, bucketFieldRequesterPays, b.Config.RequesterPays)
	r = appendText(r, bucketFieldSeedingPolicy, b.Config.Seeding.Policy)
	r = appendUint(r, bucketFieldSeedingRate, uint64(b.Config.Seeding.Rate))
	r = appendBool(r, bucketFieldObjectLock, b.Config.ObjectLock.Enabled)
	r = appendText(r, bucketFieldDefaultRetention, encodeDefaultRetention(b.Config.ObjectLock.Default))
	for i := range b.Config.Notification {
		r = appendMessage(r, bucketFieldNotification, encodeRule(&b.Config.Notification[i]))
	}
	r = appendText(r, bucketFieldEncryption, encodeBucketEncryption(b.Config.Encryption))
	r = appendText(r, bucketFieldQuota, encodeQuota(b.Config.Quota))
	r = appendText(r, bucketFieldLogging, encodeLogging(b.Config.Logging))
	return appendText(r, bucketFieldLifecycle, encodeLifecycle(b.Config.Lifecycle))
}

func decodeBucket(name string, record []byte) (*Bucket, error) {
	b := &Bucket{Name: name}
	err := readRecord(record, b.read)
	if err == nil && b.ID == (BucketID{}) {
		err = fmt.Errorf("%w: no bucket id", errRecord)
	}
	if err == nil && b.Config.PolicyJSON != nil {
		b.Config.Policy, err = access.LoadPolicy(b.Config.PolicyJSON, name)
	}
	if err != nil {
		return nil, fmt.Errorf("bucket %q: %w", name, err)
	}
	return b, nil
}

func (b *Bucket) read(f field) (err error) {
	switch f.num {
	case bucketFieldID:
		if len(f.data) != len(b.ID) {
			return fmt.Errorf("%w: bucket id of %d bytes", errRecord, len(f.data))
		}
		copy(b.ID[:], f.data)
	case bucketFieldOwner:
		b.Owner = f.string()
	case bucketFieldRegion:
		b.Region = f.string()
	case bucketFieldCreated:
		b.Created = f.time()
	case bucketFieldACL:
		b.Config.ACL, err = decodeACL(f.data)
	case bucketFieldOwnership:
		b.Config.Ownership = access.Ownership(f.data)
	case bucketFieldPolicy:
		b.Config.PolicyJSON = append([]byte(nil), f.data...)
	case bucketFieldBlock:
		b.Config.PublicAccessBlock = blockOf(f.uint)
	case bucketFieldVersioning:
		if f.uint > uint64(VersioningSuspended) {
			return fmt.Errorf("%w: versioning state %d", errRecord, f.uint)
		}
		b.Config.Versioning = Versioning(f.uint)
	case bucketFieldRequesterPays:
		b.Config.RequesterPays = f.bool()
	case bucketFieldEncryption:
		b.Config.Encryption, err = decodeBucketEncryption(f.data)
	case bucketFieldSeedingPolicy:
		b.Config.Seeding.Policy = f.string()
	case bucketFieldSeedingRate:
		if b.Config.Seeding.Rate = f.int64(); b.Config.Seeding.Rate < 0 {
			err = fmt.Errorf("%w: %d bytes a second", errRecord, b.Config.Seeding.Rate)
		}
	case bucketFieldObjectLock:
		b.Config.ObjectLock.Enabled = f.bool()
	case bucketFieldLifecycle:
		b.Config.Lifecycle, err = decodeLifecycle(f.data)
	case bucketFieldDefaultRetention:
		b.Config.ObjectLock.Default, err = decodeDefaultRetention(f.data)
	case bucketFieldNotification:
		var rule NotificationRule
		rule, err = decodeRule(f.data)
		b.Config.Notification = append(b.Config.Notification, rule)
	case bucketFieldQuota:
		b.Config.Quota, err = decodeQuota(f.data)
	case bucketFieldLogging:
		b.Config.Logging, err = decodeLogging(f.data)
	}
	return err
}

func encodeQuota(l quota.Limits) []byte {
	b := appendUint([]byte(nil), quotaFieldBytes, uint64(l.Bytes))
	b = appendUint(b, quotaFieldObjects, uint64(l.Objects))
	return appendUint(b, quotaFieldEgress, uint64(l.Egress))
}

func decodeQuota(b []byte) (l quota.Limits, err error) {
	err = readFields(b, func(f field) error {
		switch f.num {
		case quotaFieldBytes:
			l.Bytes = f.int64()
		case quotaFieldObjects:
			l.Objects = f.int64()
		case quotaFieldEgress:
			l.Egress = f.int64()
		}
		return nil
	})
	if err == nil && l.Check() != nil {
		err = fmt.Errorf("%w: quota %+v", errRecord, l)
	}
	return l, err
}

func blockBits(p *access.PublicAccessBlock) uint64 {
	if p == nil {
		return 0
	}
	bits := uint64(blockPut)
	set := func(on bool, bit uint64) {
		if on {
			bits |= bit
		}
	}
	set(p.BlockPublicAcls, blockACLs)
	set(p.IgnorePublicAcls, blockIgnoreACLs)
	set(p.BlockPublicPolicy, blockPolicy)
	set(p.RestrictPublicBuckets, blockRestrict)
	return bits
}

func blockOf(bits uint64) *access.PublicAccessBlock {
	if bits&blockPut == 0 {
		return nil
	}
	return &access.PublicAccessBlock{
		BlockPublicAcls:       bits&blockACLs != 0,
		IgnorePublicAcls:      bits&blockIgnoreACLs != 0,
		BlockPublicPolicy:     bits&blockPolicy != 0,
		RestrictPublicBuckets: bits&blockRestrict != 0,
	}
}
