package object

import (
	"testing"
	"time"
)

func TestReadCondition(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 7e8, time.UTC)
	second := at.Truncate(time.Second)
	v := &Version{ETag: "aa", Modified: at}
	for name, tt := range map[string]struct {
		asked  ReadCondition
		want   Verdict
		header string
	}{
		"nothing":               {},
		"match":                 {asked: ReadCondition{IfMatch: []ETag{"bb", "aa"}}},
		"any match":             {asked: ReadCondition{IfMatch: []ETag{AnyETag}}},
		"no match":              {asked: ReadCondition{IfMatch: []ETag{"bb"}}, want: ConditionFailed, header: "If-Match"},
		"empty tag":             {asked: ReadCondition{IfMatch: []ETag{""}}, want: ConditionFailed, header: "If-Match"},
		"none match":            {asked: ReadCondition{IfNoneMatch: []ETag{"aa"}}, want: NotModified, header: "If-None-Match"},
		"none match another":    {asked: ReadCondition{IfNoneMatch: []ETag{"bb"}}},
		"same second":           {asked: ReadCondition{IfUnmodifiedSince: second}},
		"modified since":        {asked: ReadCondition{IfUnmodifiedSince: second.Add(-1)}, want: ConditionFailed, header: "If-Unmodified-Since"},
		"not modified since":    {asked: ReadCondition{IfModifiedSince: second}, want: NotModified, header: "If-Modified-Since"},
		"is modified since":     {asked: ReadCondition{IfModifiedSince: second.Add(-time.Second)}},
		"tag before date":       {asked: ReadCondition{IfMatch: []ETag{"aa"}, IfUnmodifiedSince: second.Add(-time.Hour)}},
		"none match, then date": {asked: ReadCondition{IfNoneMatch: []ETag{"bb"}, IfModifiedSince: second}},
	} {
		if got, header := tt.asked.Check(v); got != tt.want || header != tt.header {
			t.Errorf("%s: %d %q, want %d %q", name, got, header, tt.want, tt.header)
		}
	}
}
