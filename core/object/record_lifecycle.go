package object

import (
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
	"shoal/core/lifecycle"
)

// Fields of a lifecycle message.
const (
	lifecycleFieldRule = iota + 1
	lifecycleFieldTransitionMinimum
)

// Fields of a rule message.
const (
	lifecycleRuleFieldID = iota + 1
	lifecycleRuleFieldDisabled
	lifecycleRuleFieldForm
	lifecycleRuleFieldHasPrefix
	lifecycleRuleFieldPrefix
	lifecycleRuleFieldTag
	lifecycleRuleFieldHasLarger
	lifecycleRuleFieldLarger
	lifecycleRuleFieldSmaller
	lifecycleRuleFieldDays
	lifecycleRuleFieldDate
	lifecycleRuleFieldExpiredMarker
	lifecycleRuleFieldNoncurrentDays
	lifecycleRuleFieldNewerNoncurrent
	lifecycleRuleFieldAbortDays
)

// encodeLifecycle returns nil for none.
func encodeLifecycle(c *lifecycle.Configuration) (b []byte) {
	if c == nil {
		return nil
	}
	for i := range c.Rules {
		b = appendMessage(b, lifecycleFieldRule, encodeLifecycleRule(&c.Rules[i]))
	}
	return appendText(b, lifecycleFieldTransitionMinimum, c.TransitionMinimum)
}

func encodeLifecycleRule(r *lifecycle.Rule) []byte {
	f := &r.Filter
	b := appendText([]byte(nil), lifecycleRuleFieldID, r.ID)
	b = appendBool(b, lifecycleRuleFieldDisabled, r.Disabled)
	b = appendUint(b, lifecycleRuleFieldForm, uint64(f.Form))
	b = appendBool(b, lifecycleRuleFieldHasPrefix, f.HasPrefix)
	b = appendText(b, lifecycleRuleFieldPrefix, f.Prefix)
	b = appendTags(b, lifecycleRuleFieldTag, f.Tags)
	b = appendBool(b, lifecycleRuleFieldHasLarger, f.HasLarger)
	b = appendUint(b, lifecycleRuleFieldLarger, uint64(f.Larger))
	b = appendUint(b, lifecycleRuleFieldSmaller, uint64(f.Smaller))
	b = appendUint(b, lifecycleRuleFieldDays, uint64(r.Days))
	if !r.Date.IsZero() {
		b = protowire.AppendTag(b, lifecycleRuleFieldDate, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(r.Date.Unix()))
	}
	b = appendBool(b, lifecycleRuleFieldExpiredMarker, r.ExpiredMarker)
	b = appendUint(b, lifecycleRuleFieldNoncurrentDays, uint64(r.NoncurrentDays))
	b = appendUint(b, lifecycleRuleFieldNewerNoncurrent, uint64(r.NewerNoncurrent))
	return appendUint(b, lifecycleRuleFieldAbortDays, uint64(r.AbortDays))
}

func decodeLifecycle(b []byte) (*lifecycle.Configuration, error) {
	c := &lifecycle.Configuration{}
	err := readFields(b, func(f field) error {
		switch f.num {
		case lifecycleFieldRule:
			r, err := decodeLifecycleRule(f.data)
			c.Rules = append(c.Rules, r)
			return err
		case lifecycleFieldTransitionMinimum:
			c.TransitionMinimum = f.string()
		}
		return nil
	})
	return c, err
}

// decodeLifecycleRule turns a rule off that has what this program does not know: without that part it might let more go.
func decodeLifecycleRule(b []byte) (r lifecycle.Rule, err error) {
	err = readFields(b, func(f field) (err error) {
		switch f.num {
		case lifecycleRuleFieldID:
			r.ID = f.string()
		case lifecycleRuleFieldDisabled:
			r.Disabled = f.bool()
		case lifecycleRuleFieldForm:
			r.Filter.Form = lifecycle.Form(min(f.uint, 0xff))
		case lifecycleRuleFieldHasPrefix:
			r.Filter.HasPrefix = f.bool()
		case lifecycleRuleFieldPrefix:
			r.Filter.Prefix = f.string()
		case lifecycleRuleFieldTag:
			var t access.Tag
			t, err = decodeTag(f.data)
			r.Filter.Tags = append(r.Filter.Tags, t)
		case lifecycleRuleFieldHasLarger:
			r.Filter.HasLarger = f.bool()
		case lifecycleRuleFieldLarger:
			r.Filter.Larger = f.int64()
		case lifecycleRuleFieldSmaller:
			r.Filter.Smaller = f.int64()
		default:
			readRuleAction(f, &r)
		}
		return err
	})
	return r, err
}

func readRuleAction(f field, r *lifecycle.Rule) {
	switch f.num {
	case lifecycleRuleFieldDays:
		r.Days = int(f.uint)
	case lifecycleRuleFieldDate:
		r.Date = time.Unix(f.int64(), 0).UTC()
	case lifecycleRuleFieldExpiredMarker:
		r.ExpiredMarker = f.bool()
	case lifecycleRuleFieldNoncurrentDays:
		r.NoncurrentDays = int(f.uint)
	case lifecycleRuleFieldNewerNoncurrent:
		r.NewerNoncurrent = int(f.uint)
	case lifecycleRuleFieldAbortDays:
		r.AbortDays = int(f.uint)
	default:
		r.Disabled = true
	}
}
