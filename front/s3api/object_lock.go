package s3api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/core/object"
)

// The headers of object lock, in requests and answers.
const (
	headerLockMode  = "x-amz-object-lock-mode"
	headerLockUntil = "x-amz-object-lock-retain-until-date"
	headerLegalHold = "x-amz-object-lock-legal-hold"
)

// lockModes are the retention modes by their names. Never written.
var lockModes = map[string]object.RetentionMode{"GOVERNANCE": object.Governance, "COMPLIANCE": object.Compliance}

// legalHolds are the states of a legal hold by their names. Never written.
var legalHolds = map[string]object.LegalHold{"ON": object.LegalHoldOn, "OFF": object.LegalHoldOff}

// nameIn returns the name of v in one of these tables.
func nameIn[T comparable](names map[string]T, v T) string {
	for name, t := range names {
		if t == v {
			return name
		}
	}
	return ""
}

// newObjectLock returns the lock that the headers give to an object to be. Setting its retention and its legal hold
// take a permission each (S3 API reference, PutObject).
func (h *Handler) newObjectLock(c *call) (l object.Lock, err error) {
	if l, err = headerLock(c.http.Header); err != nil {
		return l, err
	}
	if l.Retention.Mode != object.NoRetention {
		if err := h.decide(c, access.PutObjectRetention, c.target.key, nil); err != nil {
			return l, err
		}
	}
	if l.LegalHold != object.NoLegalHold {
		err = h.decide(c, access.PutObjectLegalHold, c.target.key, nil)
	}
	return l, err
}

// headerLock reads the headers of object lock.
func headerLock(h http.Header) (l object.Lock, err error) {
	mode, until, hold := h.Get(headerLockMode), h.Get(headerLockUntil), h.Get(headerLegalHold)
	if (mode == "") != (until == "") {
		missing := headerLockMode
		if until == "" {
			missing = headerLockUntil
		}
		return l, invalidArgument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied.", missing, "")
	}
	if mode != "" {
		var ok bool
		if l.Retention.Mode, ok = lockModes[mode]; !ok {
			return l, invalidArgument("Unknown wormMode directive.", headerLockMode, mode)
		}
		if l.Retention.Until, err = time.Parse(time.RFC3339, until); err != nil {
			return l, invalidArgument("The retain until date must be provided in ISO 8601 format", headerLockUntil, until)
		}
	}
	if hold != "" {
		var ok bool
		if l.LegalHold, ok = legalHolds[hold]; !ok {
			return l, invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", headerLegalHold, hold)
		}
	}
	return l, nil
}

// describeHeaderLock tells policies of the lock that the headers ask for.
func (c *call) describeHeaderLock(now time.Time) {
	h := c.http.Header
	c.describeRetention(h.Get(headerLockMode), h.Get(headerLockUntil), now)
	c.setFact(access.KeyLegalHold, h.Get(headerLegalHold))
}

// describeRetention tells policies of a retention that is to be put, and for how many whole days. What cannot be read
// is absent: whoever serves the request refuses it.
func (c *call) describeRetention(mode, until string, now time.Time) {
	days := ""
	if t, err := time.Parse(time.RFC3339, until); err == nil {
		days = strconv.FormatInt(int64(t.Sub(now)/(24*time.Hour)), 10)
	} else {
		until = ""
	}
	c.setFact(access.KeyLockMode, mode)
	c.setFact(access.KeyLockUntil, until)
	c.setFact(access.KeyLockDays, days)
}

// setFact gives a condition key its one value; without one the request has not the key.
func (c *call) setFact(key access.Key, value string) {
	if value == "" {
		c.access.Set(key)
		return
	}
	c.access.Set(key, value)
}

// checkLockDigest refuses an upload without a hash of its body where the object will be locked (S3 API reference,
// PutObject). what names the operation in the refusal.
func (c *call) checkLockDigest(l object.Lock, what string) error {
	locked := l != (object.Lock{}) || c.bucket.Config.ObjectLock.Default.Mode != object.NoRetention
	if !locked || c.hasDigest() {
		return nil
	}
	return errorOf(codeInvalidRequest, "Content-MD5 OR x-amz-checksum- HTTP header is required for "+what+" requests with Object Lock parameters")
}

// bypass is whether a request wants to overrule a retention in governance mode, and what refuses it that.
type bypass struct {
	wanted  bool
	refused error
}

func (h *Handler) bypass(c *call, key string) (b bypass) {
	if b.wanted = strings.EqualFold(c.http.Header.Get("x-amz-bypass-governance-retention"), "true"); b.wanted {
		b.refused = h.decide(c, access.BypassGovernanceRetention, key, nil)
	}
	return b
}

func (b bypass) allowed() bool { return b.wanted && b.refused == nil }

// explain returns err, or of a version that is locked what the bypass needs that the requester has not.
func (b bypass) explain(err error) error {
	if b.refused != nil && fault.Is(err, fault.ObjectLocked) {
		return b.refused
	}
	return err
}

// setLock tells of the lock of c's version who may read it.
func (h *Handler) setLock(c *call, head http.Header) {
	l := c.version.Lock
	if l.Retention.Mode != object.NoRetention && h.decide(c, access.GetObjectRetention, c.target.key, c.version) == nil {
		head.Set(headerLockMode, nameIn(lockModes, l.Retention.Mode))
		head.Set(headerLockUntil, l.Retention.Until.Format(xmlTime))
	}
	if l.LegalHold != object.NoLegalHold && h.decide(c, access.GetObjectLegalHold, c.target.key, c.version) == nil {
		head.Set(headerLegalHold, nameIn(legalHolds, l.LegalHold))
	}
}
