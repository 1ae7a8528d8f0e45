package s3api

import (
	"shoal/core/object"
)

// versioningConfiguration is the body of PutBucketVersioning.
type versioningConfiguration struct {
	Status    string `xml:"Status"`
	MFADelete string `xml:"MfaDelete"`
}

const (
	statusEnabled   = "Enabled"
	statusSuspended = "Suspended"
)

// getBucketVersioning answers GET ?versioning. A bucket on which it was never set has an empty configuration.
func (h *Handler) getBucketVersioning(c *call) (*response, error) {
	x := newXML("VersioningConfiguration")
	switch c.bucket.Config.Versioning {
	case object.VersioningEnabled:
		x.text("Status", statusEnabled)
	case object.VersioningSuspended:
		x.text("Status", statusSuspended)
	}
	return x.response(), nil
}

// putBucketVersioning sets the versioning state. MFA delete, which would need a second factor of the root user, is
// refused: a bucket that seems to have it would be less safe than one that has not.
func (h *Handler) putBucketVersioning(c *call) (*response, error) {
	var doc versioningConfiguration
	if err := c.readXML(maxConfigXML, "VersioningConfiguration", &doc); err != nil {
		return nil, err
	}
	state, err := doc.state()
	if err != nil {
		return nil, err
	}
	err = h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(cfg *object.BucketConfig) error {
		cfg.Versioning = state
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{}, nil
}

// state is the versioning state that the document asks for.
func (d *versioningConfiguration) state() (object.Versioning, error) {
	switch d.MFADelete {
	case "", "Disabled":
	case "Enabled":
		return 0, errorOf(codeNotImplemented, "MFA delete is not implemented.", element{"Header", "x-amz-mfa"})
	default:
		return 0, errorOf(codeMalformedXML, "")
	}
	switch d.Status {
	case statusEnabled:
		return object.VersioningEnabled, nil
	case statusSuspended:
		return object.VersioningSuspended, nil
	case "":
		return 0, errorOf(codeIllegalVersioning, "")
	}
	return 0, errorOf(codeMalformedXML, "")
}
