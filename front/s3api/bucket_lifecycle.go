package s3api

import (
	"crypto/rand"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"shoal/core/lifecycle"
	"shoal/core/object"
)

// headerTransitionMinimum belongs to transitions, of which there are none; tools expect to read back what they set.
const headerTransitionMinimum = "x-amz-transition-default-minimum-object-size"

// transitionMinimums are its values, the default first. Never written.
var transitionMinimums = []string{"all_storage_classes_128K", "varies_by_storage_class"}

// putBucketLifecycle replaces the lifecycle configuration of a bucket.
func (h *Handler) putBucketLifecycle(c *call) (*response, error) {
	if !c.hasDigest() {
		return nil, errMissingDigest()
	}
	var doc lifecycleDocument
	if err := c.readXML(maxConfigXML, "LifecycleConfiguration", &doc); err != nil {
		return nil, err
	}
	cfg, err := doc.parse()
	if err != nil {
		return nil, err
	}
	switch cfg.TransitionMinimum = c.http.Header.Get(headerTransitionMinimum); cfg.TransitionMinimum {
	case "":
		cfg.TransitionMinimum = transitionMinimums[0]
	case transitionMinimums[0], transitionMinimums[1]:
	default:
		return nil, invalidArgument("Invalid value for "+headerTransitionMinimum, headerTransitionMinimum, cfg.TransitionMinimum)
	}
	err = h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(b *object.BucketConfig) error {
		b.Lifecycle = cfg
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{header: http.Header{http.CanonicalHeaderKey(headerTransitionMinimum): {cfg.TransitionMinimum}}}, nil
}

// getBucketLifecycle answers GET ?lifecycle.
func (h *Handler) getBucketLifecycle(c *call) (*response, error) {
	cfg := c.bucket.Config.Lifecycle
	if cfg == nil {
		return nil, errorOf(codeNoSuchLifecycle, "", element{"BucketName", c.bucket.Name})
	}
	x := newXML("LifecycleConfiguration")
	for i := range cfg.Rules {
		writeRule(x, &cfg.Rules[i])
	}
	answer := x.response()
	answer.header.Set(headerTransitionMinimum, cfg.TransitionMinimum)
	return answer, nil
}

// deleteBucketLifecycle takes all rules away.
func (h *Handler) deleteBucketLifecycle(c *call) (*response, error) {
	err := h.objects.UpdateBucket(c.ctx, c.bucket.Name, func(b *object.BucketConfig) error {
		b.Lifecycle = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &response{status: http.StatusNoContent}, nil
}

// setExpiration tells when a current version expires, and by which rule (S3 API reference, x-amz-expiration).
func (h *Handler) setExpiration(c *call, head http.Header, v *object.Version) {
	if at, rule, ok := h.objects.Expiry(c.bucket, v); ok {
		head.Set("X-Amz-Expiration", `expiry-date="`+at.Format(http.TimeFormat)+`", rule-id="`+url.QueryEscape(rule)+`"`)
	}
}

// lifecycleDocument is the body of PutBucketLifecycleConfiguration.
type lifecycleDocument struct {
	Rules []lifecycleRule `xml:"Rule"`
}

type lifecycleRule struct {
	ID         string           `xml:"ID"`
	Status     string           `xml:"Status"`
	Prefix     *string          `xml:"Prefix"`
	Filter     *lifecycleFilter `xml:"Filter"`
	Expiration *struct {
		Days   *string `xml:"Days"`
		Date   *string `xml:"Date"`
		Marker *string `xml:"ExpiredObjectDeleteMarker"`
	} `xml:"Expiration"`
	Noncurrent *struct {
		Days  *string `xml:"NoncurrentDays"`
		Newer *string `xml:"NewerNoncurrentVersions"`
	} `xml:"NoncurrentVersionExpiration"`
	Abort *struct {
		Days *string `xml:"DaysAfterInitiation"`
	} `xml:"AbortIncompleteMultipartUpload"`
	Transitions           []struct{} `xml:"Transition"`
	NoncurrentTransitions []struct{} `xml:"NoncurrentVersionTransition"`
	Unknown               []unknown  `xml:",any"`
}

// unknown is an element that S3 has not.
type unknown struct{ XMLName xml.Name }

func (d *lifecycleDocument) parse() (*lifecycle.Configuration, error) {
	if len(d.Rules) == 0 || len(d.Rules) > lifecycle.MaxRules {
		return nil, errorOf(codeMalformedXML, "")
	}
	cfg := &lifecycle.Configuration{}
	for i := range d.Rules {
		r, err := d.Rules[i].parse()
		if err != nil {
			return nil, err
		}
		cfg.Rules = append(cfg.Rules, r)
	}
	return cfg, cfg.Check()
}

// parse reads a rule; one without an ID is given one.
func (d *lifecycleRule) parse() (r lifecycle.Rule, err error) {
	known := d.Status == statusEnabled || d.Status == "Disabled"
	if !known || (d.Prefix == nil) == (d.Filter == nil) || len(d.Unknown) > 0 {
		return r, errorOf(codeMalformedXML, "")
	}
	if len(d.Transitions)+len(d.NoncurrentTransitions) > 0 {
		// No object rests in another class than it was put in.
		return r, errorOf(codeInvalidStorageClass, "")
	}
	if r.ID = d.ID; r.ID == "" {
		r.ID = rand.Text()
	}
	r.Disabled = d.Status == "Disabled"
	if d.Prefix != nil {
		r.Filter = lifecycle.Filter{Form: lifecycle.InRule, HasPrefix: true, Prefix: *d.Prefix}
	} else if r.Filter, err = d.Filter.parse(); err != nil {
		return r, err
	}
	return r, d.parseActions(&r)
}

func (d *lifecycleRule) parseActions(r *lifecycle.Rule) (err error) {
	if e := d.Expiration; e != nil {
		if err := d.parseExpiration(r); err != nil {
			return err
		}
	}
	if n := d.Noncurrent; n != nil {
		if r.NoncurrentDays, err = positive(n.Days, "NoncurrentDays", "NoncurrentVersionExpiration"); err != nil {
			return err
		}
		if n.Newer != nil {
			if r.NewerNoncurrent, err = positive(n.Newer, "NewerNoncurrentVersions", "NoncurrentVersionExpiration"); err != nil {
				return err
			}
		}
	}
	if d.Abort != nil {
		r.AbortDays, err = positive(d.Abort.Days, "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
	}
	return err
}

// parseExpiration reads Expiration, which has exactly one element.
func (d *lifecycleRule) parseExpiration(r *lifecycle.Rule) (err error) {
	e := d.Expiration
	switch {
	case e.Days != nil && e.Date == nil && e.Marker == nil:
		r.Days, err = positive(e.Days, "Days", "Expiration")
	case e.Date != nil && e.Days == nil && e.Marker == nil:
		if r.Date, err = time.Parse(time.RFC3339, *e.Date); err != nil {
			if r.Date, err = time.Parse(time.DateOnly, *e.Date); err != nil {
				return errorOf(codeMalformedXML, "")
			}
		}
		r.Date = r.Date.UTC()
	case e.Marker != nil && e.Days == nil && e.Date == nil:
		if r.ExpiredMarker, err = strconv.ParseBool(*e.Marker); err != nil {
			return errorOf(codeMalformedXML, "")
		}
	default:
		return errorOf(codeMalformedXML, "")
	}
	return err
}

// positive reads a number of days, or of versions, of an action.
func positive(text *string, name, action string) (int, error) {
	if text == nil {
		return 0, errorOf(codeMalformedXML, "")
	}
	n, err := strconv.ParseInt(*text, 10, 32)
	if err != nil {
		return 0, errorOf(codeMalformedXML, "")
	}
	if n <= 0 {
		return 0, invalidArgument("'"+name+"' for "+action+" action must be a positive integer", name, *text)
	}
	return int(n), nil
}
