package meter

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// StoredQuery says of which buckets, and of which time, a StorageSource tells.
type StoredQuery struct {
	From, To time.Time // whole hours, To exclusive; what lies ahead of now is left out
	Account  string    // "" = all
	Bucket   string    // "" = all
}

// Stored is what one bucket held in a time: the versions of one storage class, or the parts of incomplete uploads of it. The
// time is within one hour, or nothing changed in it.
type Stored struct {
	Account string // canonical id of who pays: the owner of the bucket
	Bucket  string
	Class   string // as x-amz-storage-class names it
	Parts   bool
	From    time.Time // whole seconds
	To      time.Time // exclusive
	// In all, the bytes are Bytes times the seconds of the time, and ByteSeconds; the objects alike.
	Bytes, Objects             int64
	ByteSeconds, ObjectSeconds int64
}

// StorageSource tells what was stored. Nothing is in the sequence twice; it ends after an error.
type StorageSource interface {
	Stored(ctx context.Context, q StoredQuery) iter.Seq2[Stored, error]
}

// storageNames returns how the AWS usage report calls the storage of a class. AWS counts parts of incomplete uploads under the
// usage type of their class (S3 user guide, Multipart upload and pricing); the operation that tells them apart is ours,
// after the metric of S3 Storage Lens.
func storageNames(class string, parts bool) (o Operation, t UsageType, err error) {
	switch class {
	case "STANDARD":
		o, t = StandardStorage, TimedStorage
	case "REDUCED_REDUNDANCY":
		o, t = ReducedRedundancyStorage, TimedStorageRRS
	case "STANDARD_IA":
		o, t = StandardIAStorage, TimedStorageSIA
	case "ONEZONE_IA":
		o, t = OneZoneIAStorage, TimedStorageZIA
	case "INTELLIGENT_TIERING":
		o, t = IntelligentTieringFAStorage, TimedStorageINTFA
	case "GLACIER_IR":
		o, t = GlacierInstantRetrievalStorage, TimedStorageGIR
	default:
		return 0, 0, fmt.Errorf("storage class %q has no usage type", class)
	}
	if parts {
		o = IncompleteMultipartUploadStorage
	}
	return o, t, nil
}

// storageOperations and storageUsageTypes are those of storageNames, and StorageObjectCount. Never written.
var (
	storageOperations = []Operation{
		StandardStorage, ReducedRedundancyStorage, StandardIAStorage, OneZoneIAStorage, IntelligentTieringFAStorage,
		GlacierInstantRetrievalStorage, IncompleteMultipartUploadStorage,
	}
	storageUsageTypes = []UsageType{
		TimedStorage, StorageObjectCount, TimedStorageRRS, TimedStorageSIA, TimedStorageZIA, TimedStorageINTFA, TimedStorageGIR,
	}
)

// asksStorage reports whether the query is about anything that is stored.
func (q *Query) asksStorage() bool {
	return (q.Source == AnySource || q.Source == REST) &&
		slices.ContainsFunc(storageOperations, func(o Operation) bool {
			return slices.ContainsFunc(storageUsageTypes, func(t UsageType) bool { return q.asks(o, t) })
		})
}

// addStored folds in what was stored from from until an end, which it returns: to, or an earlier end of a period, so that it
// makes no more than f.storage sums. Sampled rows, which are older, count beside it: the source tells of the time from which
// on it knows every change, and by then nobody sampled any more.
func (f *fold) addStored(ctx context.Context, source StorageSource, from, to hour) (hour, error) {
	if source == nil || !f.q.asksStorage() {
		return to, nil
	}
	for {
		first := f.periodEnd(from)
		limit := f.storage
		if first == to {
			limit = maxReportRows // fewer periods than one there are not
		}
		err := f.addWindow(ctx, source, from, to, limit)
		if first == to || !errors.Is(err, errReportTooLarge) {
			return to, err
		}
		clear(f.sums)
		f.held = 0
		if half := f.periodEnd(from + (to-from-1)/2); half < to {
			to = half
		} else {
			to = first
		}
	}
}

// addWindow folds in what was stored from from until to; errReportTooLarge when that makes more sums than limit.
func (f *fold) addWindow(ctx context.Context, source StorageSource, from, to hour, limit int) error {
	q := StoredQuery{From: from.start(), To: to.start(), Account: f.q.Account, Bucket: f.q.Bucket}
	for s, err := range source.Stored(ctx, q) {
		if err != nil {
			return fmt.Errorf("read stored bytes: %w", err)
		}
		if !s.valid(q.From, q.To) {
			return fmt.Errorf("%+v is not of the time that was asked for", s)
		}
		if err := f.addPeriods(&s); err != nil {
			return err
		}
		if f.held > limit {
			return errReportTooLarge
		}
	}
	return nil
}

// valid reports whether s is of the time that it was asked for: otherwise it would be in no period, or in several.
func (s *Stored) valid(from, to time.Time) bool {
	return s.From.Before(s.To) && !s.From.Before(from) && !s.To.After(to) &&
		min(s.Bytes, s.Objects, s.ByteSeconds, s.ObjectSeconds) >= 0 &&
		(s.ByteSeconds|s.ObjectSeconds == 0 || s.To.Sub(s.From) <= time.Hour)
}

// addPeriods adds s to the sums of each period that it is in.
func (f *fold) addPeriods(s *Stored) error {
	operation, timed, err := storageNames(s.Class, s.Parts)
	if err != nil {
		return err
	}
	k := foldKey{operation: operation, account: s.Account, bucket: s.Bucket}
	to := s.To.Unix()
	for from := s.From.Unix(); from < to; from = k.end {
		f.seek(hour(from / secondsPerHour))
		k.start, k.end = f.start, f.end
		seconds := min(k.end, to) - from
		if k.usageType = timed; f.q.asks(operation, timed) {
			if err := f.addTo(k, product(s.Bytes, seconds).add(count(s.ByteSeconds))); err != nil {
				return err
			}
		}
		if k.usageType = StorageObjectCount; f.q.asks(operation, StorageObjectCount) {
			if err := f.addTo(k, product(s.Objects, seconds).add(count(s.ObjectSeconds))); err != nil {
				return err
			}
		}
	}
	return nil
}
