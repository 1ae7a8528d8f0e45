package s3api

import (
	"strconv"
	"strings"

	"shoal/core/access"
	"shoal/core/object"
)

// objectLockConfiguration is the body of PutObjectLockConfiguration.
type objectLockConfiguration struct {
	ObjectLockEnabled string `xml:"ObjectLockEnabled"`
	Rule              *struct {
		DefaultRetention *defaultRetention `xml:"DefaultRetention"`
	} `xml:"Rule"`
}

type defaultRetention struct {
	Mode  string `xml:"Mode"`
	Days  *int   `xml:"Days"`
	Years *int   `xml:"Years"`
}

// parse reads the document.
func (d *objectLockConfiguration) parse() (o object.ObjectLock, err error) {
	if d.ObjectLockEnabled != statusEnabled || d.Rule != nil && d.Rule.DefaultRetention == nil {
		return o, errorOf(codeMalformedXML, "")
	}
	o.Enabled = true
	if d.Rule != nil {
		o.Default, err = d.Rule.DefaultRetention.parse()
	}
	return o, err
}

func (d *defaultRetention) parse() (r object.DefaultRetention, err error) {
	mode, ok := lockModes[d.Mode]
	if !ok || (d.Days == nil) == (d.Years == nil) {
		return r, errorOf(codeMalformedXML, "")
	}
	r.Mode = mode
	if d.Days != nil {
		r.Days, err = period("Days", *d.Days, object.MaxRetentionDays)
	} else {
		r.Years, err = period("Years", *d.Years, object.MaxRetentionYears)
	}
	return r, err
}

// period checks how long a default retention is.
func period(element string, n, highest int) (int, error) {
	switch {
	case n <= 0:
		return 0, invalidArgument("Default retention period must be a positive integer value.", element, strconv.Itoa(n))
	case n > highest:
		return 0, invalidArgument("Default retention period too large.", element, strconv.Itoa(n))
	}
	return n, nil
}

// putObjectLockConfiguration turns object lock on, for good, and sets or takes away the default retention of what is put
// from then on.
func (h *Handler) putObjectLockConfiguration(c *call) (*response, error) {
	if !c.hasDigest() {
		return nil, errMissingDigest()
	}
	var doc objectLockConfiguration
	if err := c.readXML(maxConfigXML, "ObjectLockConfiguration", &doc); err != nil {
		return nil, err
	}
	lock, err := doc.parse()
	if err != nil {
		return nil, err
	}
	err = h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		cfg.ObjectLock = lock
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// getObjectLockConfiguration answers GET ?object-lock.
func (h *Handler) getObjectLockConfiguration(c *call) (*response, error) {
	lock := c.bucket.Config.ObjectLock
	if !lock.Enabled {
		return nil, errorOf(codeNoSuchObjectLock, "", element{"BucketName", c.bucket.Name})
	}
	x := newXML("ObjectLockConfiguration")
	x.text("ObjectLockEnabled", statusEnabled)
	if d := lock.Default; d.Mode != object.NoRetention {
		x.open("Rule")
		x.open("DefaultRetention")
		x.text("Mode", nameIn(lockModes, d.Mode))
		if d.Days > 0 {
			x.int("Days", int64(d.Days))
		} else {
			x.int("Years", int64(d.Years))
		}
		x.close("DefaultRetention")
		x.close("Rule")
	}
	return x.response(), nil
}

// createsLocked reads whether a bucket to be has object lock, which takes the permissions to set it and to enable
// versioning (S3 API reference, CreateBucket).
func (h *Handler) createsLocked(c *call) (bool, error) {
	const header = "x-amz-bucket-object-lock-enabled"
	switch value := c.http.Header.Get(header); strings.ToLower(value) {
	case "", "false":
		return false, nil
	case "true":
	default:
		return false, invalidArgument("Invalid "+header+" header: "+value, header, value)
	}
	own := *c
	own.bucket = &object.Bucket{Name: c.target.bucket, Owner: string(c.requester.ID)}
	for _, action := range []access.Action{access.PutBucketObjectLockConfiguration, access.PutBucketVersioning} {
		if err := h.decide(&own, action, "", nil); err != nil {
			return false, err
		}
	}
	return true, nil
}
