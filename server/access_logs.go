package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/fault"
	"shoal/core/object"
)

// logBuckets puts log objects into the buckets of an object store.
type logBuckets struct {
	objects *object.Store
	now     func() time.Time // of the conditions of policies
}

// CheckTarget implements accesslog.Store.
func (l logBuckets) CheckTarget(ctx context.Context, o accesslog.Object) error {
	_, err := l.target(ctx, o)
	return err
}

// PutLog implements accesslog.Store. The object is no request: it is neither charged nor logged, and counts as stored.
func (l logBuckets) PutLog(ctx context.Context, o accesslog.Object) error {
	b, err := l.target(ctx, o)
	if err != nil {
		return err
	}
	owner := access.Owner{ID: access.CanonicalID(o.Owner)}
	if b.Config.ACL.Owner.ID == owner.ID {
		owner = b.Config.ACL.Owner
	}
	acl, err := access.ObjectACL(access.CannedPrivate, owner, owner)
	if err != nil {
		return err
	}
	acl.Grants = append(acl.Grants, logGrants(b, o.Grants)...)
	_, err = l.objects.Put(ctx, object.PutRequest{
		Bucket: b, Key: o.Key, Body: o.Body, Size: o.Size, Owner: owner, ACL: acl,
		Header: object.Header{ContentType: "text/plain"}, Integrity: object.Integrity{Algorithm: object.CRC64NVME},
		Condition: object.WriteCondition{IfAbsent: true}, Encryption: b.Config.Encryption.Choice(),
	})
	return err
}

func (l logBuckets) target(ctx context.Context, o accesslog.Object) (*object.Bucket, error) {
	b, err := l.objects.Bucket(ctx, o.Bucket)
	if err != nil {
		return nil, err
	}
	why := ""
	switch {
	case b.Owner != o.Owner:
		why = "the target bucket has another owner than the bucket that is logged"
	case !access.MayDeliverLog(b.Access(), o.Key, o.Source, l.now()):
		why = "neither the policy nor the ACL of the target bucket lets the logging service put the log"
	}
	if why != "" {
		return nil, fault.New("deliver access log", o.Bucket, fault.AccessDenied, errors.New(why))
	}
	return b, nil
}

// logGrants returns the target grants that b has room for: none where ACLs are off, no public ones where these are blocked.
func logGrants(b *object.Bucket, grants []access.Grant) []access.Grant {
	if b.Config.Ownership == access.BucketOwnerEnforced {
		return nil
	}
	block := b.Config.PublicAccessBlock
	return slices.DeleteFunc(slices.Clone(grants), func(g access.Grant) bool {
		return block != nil && block.BlockPublicAcls && access.ACL{Grants: []access.Grant{g}}.IsPublic()
	})
}

// deliverLogs delivers what is logged up to now.
func (s *Server) deliverLogs(ctx context.Context) (accesslog.Delivered, error) {
	if err := s.meter.Flush(ctx); err != nil {
		return accesslog.Delivered{}, err
	}
	return s.logs.DeliverOnce(ctx)
}

// logMetrics are those of access logs.
func (s *Server) logMetrics() []prometheus.Collector {
	stats := s.logs.Stats
	return []prometheus.Collector{
		newDroppedRecords(s),
		gauge("shoal_access_log_pending_bytes", "Access log records that wait to be delivered, in bytes.", func() float64 { return float64(stats().PendingBytes) }),
		gauge("shoal_access_log_oldest_pending_timestamp_seconds", "When the oldest access log record that waits was written, in seconds since 1970; 0 when none waits.", func() float64 {
			if t := stats().Oldest; !t.IsZero() {
				return float64(t.Unix())
			}
			return 0
		}),
		counter("shoal_access_log_objects_total", "Log objects delivered.", func() float64 { return float64(stats().Objects) }),
		counter("shoal_access_log_records_total", "Access log records delivered.", func() float64 { return float64(stats().Records) }),
	}
}

// droppedRecords counts access log records that were lost, by why: a closed set of reasons.
type droppedRecords struct {
	server *Server
	desc   *prometheus.Desc
}

func newDroppedRecords(s *Server) droppedRecords {
	return droppedRecords{s, prometheus.NewDesc("shoal_access_log_dropped_records_total",
		"Access log records dropped, by why: memory was full while nothing could be written, or the target refused them for too long.", []string{"reason"}, nil)}
}

// Describe implements prometheus.Collector.
func (c droppedRecords) Describe(out chan<- *prometheus.Desc) { out <- c.desc }

// Collect implements prometheus.Collector.
func (c droppedRecords) Collect(out chan<- prometheus.Metric) {
	out <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.server.meter.DroppedLines()), "memory")
	out <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.server.logs.Stats().Dropped), "target")
}
