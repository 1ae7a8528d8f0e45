package s3api

import (
	"context"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/fault"
	"shoal/core/object"
)

// Values of PartitionDateSource.
const (
	byEventTime    = "EventTime"
	byDeliveryTime = "DeliveryTime"
)

// loggingStatus is the body of PutBucketLogging. Without LoggingEnabled it turns the log off.
type loggingStatus struct {
	Enabled *struct {
		Bucket *string    `xml:"TargetBucket"`
		Prefix *string    `xml:"TargetPrefix"`
		Grants []grantXML `xml:"TargetGrants>Grant"`
		Format *struct {
			Simple      *struct{} `xml:"SimplePrefix"`
			Partitioned *struct {
				DateSource string `xml:"PartitionDateSource"`
			} `xml:"PartitionedPrefix"`
		} `xml:"TargetObjectKeyFormat"`
	} `xml:"LoggingEnabled"`
}

// getBucketLogging answers GET ?logging.
func (h *Handler) getBucketLogging(c *call) (*response, error) {
	x := newXML("BucketLoggingStatus")
	if t := c.bucket.Config.Logging; t != nil {
		x.open("LoggingEnabled")
		x.text("TargetBucket", t.Bucket)
		x.text("TargetPrefix", t.Prefix)
		if len(t.Grants) > 0 {
			x.open("TargetGrants")
			x.grants(t.Grants)
			x.close("TargetGrants")
		}
		if t.FormatPut {
			x.keyFormat(t.Format)
		}
		x.close("LoggingEnabled")
	}
	return x.response(), nil
}

func (x *xmlWriter) keyFormat(f accesslog.Format) {
	x.open("TargetObjectKeyFormat")
	source := byEventTime
	switch f {
	case accesslog.SimplePrefix:
		x.text("SimplePrefix", "")
	case accesslog.PartitionedByDelivery:
		source = byDeliveryTime
		fallthrough
	case accesslog.PartitionedByEventTime:
		x.open("PartitionedPrefix")
		x.text("PartitionDateSource", source)
		x.close("PartitionedPrefix")
	}
	x.close("TargetObjectKeyFormat")
}

// putBucketLogging says where the access log of a bucket is delivered, or turns it off.
func (h *Handler) putBucketLogging(c *call) (*response, error) {
	var doc loggingStatus
	if err := c.readXML(maxConfigXML, "BucketLoggingStatus", &doc); err != nil {
		return nil, err
	}
	to, err := doc.target()
	if err != nil {
		return nil, err
	}
	if to != nil {
		if err := h.resolveGrantees(c.ctx, to.Grants); err != nil {
			return nil, err
		}
		if err := h.checkLogTarget(c.ctx, c.bucket, to); err != nil {
			return nil, err
		}
	}
	err = h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		cfg.Logging = to
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// target checks the document by itself; nil turns the log off.
func (s *loggingStatus) target() (*accesslog.Target, error) {
	e := s.Enabled
	if e == nil {
		return nil, nil
	}
	if e.Bucket == nil || e.Prefix == nil {
		return nil, errorOf(codeMalformedXML, "")
	}
	if len(*e.Prefix) > object.MaxTargetPrefix {
		return nil, invalidArgument("The target prefix is too long.", "TargetPrefix", *e.Prefix)
	}
	to := &accesslog.Target{Bucket: *e.Bucket, Prefix: *e.Prefix}
	var ok bool
	if to.Format, ok = s.format(); !ok {
		return nil, errorOf(codeMalformedXML, "")
	}
	to.FormatPut = e.Format != nil
	if err := checkGrantCount(len(e.Grants)); err != nil {
		return nil, err
	}
	for i := range e.Grants {
		g, err := e.Grants[i].grant()
		if err != nil {
			return nil, err
		}
		if g.Permission == access.ReadACP || g.Permission == access.WriteACP {
			return nil, errorOf(codeMalformedXML, "") // BucketLogsPermission has three values
		}
		to.Grants = append(to.Grants, g)
	}
	return to, nil
}

// format reads TargetObjectKeyFormat, which names one of two; without it logs have the simple prefix.
func (s *loggingStatus) format() (f accesslog.Format, ok bool) {
	of := s.Enabled.Format
	if of == nil {
		return accesslog.SimplePrefix, true
	}
	if (of.Simple == nil) == (of.Partitioned == nil) {
		return f, false
	}
	if of.Simple != nil {
		return accesslog.SimplePrefix, true
	}
	switch of.Partitioned.DateSource {
	case byEventTime, "":
		return accesslog.PartitionedByEventTime, true
	case byDeliveryTime:
		return accesslog.PartitionedByDelivery, true
	}
	return f, false
}

// checkLogTarget names the target in what the core says of it.
func (h *Handler) checkLogTarget(ctx context.Context, source *object.Bucket, to *accesslog.Target) error {
	err := h.objects.CheckLogTarget(ctx, source, to, h.o.Region)
	if !fault.Is(err, fault.InvalidLogTarget) {
		return err
	}
	e := translate(err)
	e.extra = append(e.extra, element{"TargetBucket", to.Bucket})
	return e
}
