package soapapi

import (
	"strings"

	"shoal/core/access"
	"shoal/core/accesslog"
	"shoal/core/object"
	"shoal/wire/soap"
)

// loggingStatus is the type BucketLoggingStatus of the schema. It has no TargetObjectKeyFormat, which came later.
type loggingStatus struct {
	LoggingEnabled *loggingSettings
}

type loggingSettings struct {
	TargetBucket string
	TargetPrefix string
	TargetGrants *accessControlList
}

// getBucketLogging serves GetBucketLoggingStatus.
func (h *Handler) getBucketLogging(c *call) (*answer, error) {
	t := c.bucket.Config.Logging
	if t == nil {
		return &answer{result: loggingStatus{}}, nil
	}
	settings := &loggingSettings{TargetBucket: t.Bucket, TargetPrefix: t.Prefix}
	if len(t.Grants) > 0 {
		grants := newGrants(t.Grants)
		settings.TargetGrants = &grants
	}
	return &answer{result: loggingStatus{settings}}, nil
}

// setBucketLogging serves SetBucketLoggingStatus. Without LoggingEnabled it turns the log off; the form of the keys, which
// the API does not know, stays as it is.
func (h *Handler) setBucketLogging(c *call) (*answer, error) {
	to, err := h.logTarget(c)
	if err != nil {
		return nil, err
	}
	if to != nil {
		if err := h.objects.CheckLogTarget(c.ctx, c.bucket, to, h.o.Region); err != nil {
			return nil, err
		}
	}
	err = h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		if old := cfg.Logging; old != nil && to != nil {
			kept := *to
			kept.Format, kept.FormatPut = old.Format, old.FormatPut
			to = &kept
		}
		cfg.Logging = to
		return nil
	})
	return &answer{}, err
}

// logTarget reads a BucketLoggingStatus; nil turns the log off.
func (h *Handler) logTarget(c *call) (*accesslog.Target, error) {
	status := c.request.element("BucketLoggingStatus")
	if status == nil || len(status.Children) > 1 {
		return nil, malformed("There is no BucketLoggingStatus.")
	}
	if len(status.Children) == 0 {
		return nil, nil
	}
	enabled := status.Children[0]
	if enabled.Name.Local != "LoggingEnabled" {
		return nil, malformed("The element " + enabled.Name.Local + " is not one of BucketLoggingStatus.")
	}
	to := &accesslog.Target{}
	var grants *soap.Element
	for _, e := range enabled.Children {
		switch e.Name.Local {
		case "TargetBucket":
			to.Bucket = strings.TrimSpace(e.Text)
		case "TargetPrefix":
			to.Prefix = e.Text
		case "TargetGrants":
			grants = e
		default:
			return nil, malformed("The element " + e.Name.Local + " is not one of LoggingEnabled.")
		}
	}
	if to.Bucket == "" {
		return nil, malformed("There is no TargetBucket.")
	}
	if len(to.Prefix) > object.MaxTargetPrefix {
		return nil, invalidArgument("The target prefix is too long.", "TargetPrefix", to.Prefix)
	}
	if grants == nil {
		return to, nil
	}
	var err error
	to.Grants, err = h.readGrants(c, grants)
	for _, g := range to.Grants {
		if g.Permission == access.ReadACP || g.Permission == access.WriteACP {
			return nil, errorOf(codeMalformedACL, "") // REST has three permissions for logs
		}
	}
	return to, err
}
