package s3api

import (
	"strconv"

	"shoal/core/access"
	"shoal/core/lifecycle"
	"shoal/core/object"
)

// lifecycleFilter is the Filter of a rule: one predicate, or several in And.
type lifecycleFilter struct {
	lifecycleTerms
	And *lifecycleTerms `xml:"And"`
}

type lifecycleTerms struct {
	Prefix *string `xml:"Prefix"`
	Tags   []struct {
		Key   *string `xml:"Key"`
		Value *string `xml:"Value"`
	} `xml:"Tag"`
	Larger  *string   `xml:"ObjectSizeGreaterThan"`
	Smaller *string   `xml:"ObjectSizeLessThan"`
	Unknown []unknown `xml:",any"`
}

// count counts the predicates.
func (t *lifecycleTerms) count() int {
	n := len(t.Tags)
	for _, p := range []*string{t.Prefix, t.Larger, t.Smaller} {
		if p != nil {
			n++
		}
	}
	return n
}

func (d *lifecycleFilter) parse() (f lifecycle.Filter, err error) {
	if len(d.Unknown) > 0 {
		return f, errorOf(codeMalformedXML, "")
	}
	if d.And == nil {
		if d.count() > 1 {
			return f, errorOf(codeMalformedXML, "")
		}
		return d.lifecycleTerms.parse()
	}
	if d.count() > 0 || d.And.count() < 2 || len(d.And.Unknown) > 0 {
		return f, errorOf(codeMalformedXML, "")
	}
	f, err = d.And.parse()
	f.Form = lifecycle.InAnd
	return f, err
}

func (t *lifecycleTerms) parse() (f lifecycle.Filter, err error) {
	if t.Prefix != nil {
		f.HasPrefix, f.Prefix = true, *t.Prefix
	}
	for _, tag := range t.Tags {
		if tag.Key == nil || tag.Value == nil {
			return f, errorOf(codeMalformedXML, "")
		}
		f.Tags = append(f.Tags, access.Tag{Key: *tag.Key, Value: *tag.Value})
		if err := object.CheckTags(f.Tags[len(f.Tags)-1:], 1); err != nil {
			return f, err
		}
	}
	if t.Larger != nil {
		f.HasLarger = true
		if f.Larger, err = filterSize(*t.Larger, 0); err != nil {
			return f, err
		}
	}
	if t.Smaller != nil {
		f.Smaller, err = filterSize(*t.Smaller, 1)
	}
	return f, err
}

// filterSize reads a size in bytes that is at least lowest.
func filterSize(text string, lowest int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errorOf(codeMalformedXML, "")
	}
	if n < lowest {
		return 0, errorOf(codeInvalidRequest, "The object size of a filter must be a positive number of bytes.")
	}
	return n, nil
}

// writeRule writes a rule as it was put.
func writeRule(x *xmlWriter, r *lifecycle.Rule) {
	x.open("Rule")
	x.text("ID", r.ID)
	writeFilter(x, &r.Filter)
	status := statusEnabled
	if r.Disabled {
		status = "Disabled"
	}
	x.text("Status", status)
	if r.Days > 0 || !r.Date.IsZero() || r.ExpiredMarker {
		x.open("Expiration")
		switch {
		case r.Days > 0:
			x.int("Days", int64(r.Days))
		case !r.Date.IsZero():
			x.time("Date", r.Date)
		default:
			x.bool("ExpiredObjectDeleteMarker", true)
		}
		x.close("Expiration")
	}
	if r.NoncurrentDays > 0 {
		x.open("NoncurrentVersionExpiration")
		x.int("NoncurrentDays", int64(r.NoncurrentDays))
		if r.NewerNoncurrent > 0 {
			x.int("NewerNoncurrentVersions", int64(r.NewerNoncurrent))
		}
		x.close("NoncurrentVersionExpiration")
	}
	if r.AbortDays > 0 {
		x.open("AbortIncompleteMultipartUpload")
		x.int("DaysAfterInitiation", int64(r.AbortDays))
		x.close("AbortIncompleteMultipartUpload")
	}
	x.close("Rule")
}

func writeFilter(x *xmlWriter, f *lifecycle.Filter) {
	if f.Form == lifecycle.InRule {
		x.text("Prefix", f.Prefix)
		return
	}
	x.open("Filter")
	if f.Form == lifecycle.InAnd {
		x.open("And")
	}
	if f.HasPrefix {
		x.text("Prefix", f.Prefix)
	}
	for _, t := range f.Tags {
		x.open("Tag")
		x.text("Key", t.Key)
		x.text("Value", t.Value)
		x.close("Tag")
	}
	if f.HasLarger {
		x.int("ObjectSizeGreaterThan", f.Larger)
	}
	if f.Smaller > 0 {
		x.int("ObjectSizeLessThan", f.Smaller)
	}
	if f.Form == lifecycle.InAnd {
		x.close("And")
	}
	x.close("Filter")
}
