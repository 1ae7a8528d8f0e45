package e2e

import (
	"net/http"
	"regexp"
	"strings"
)

// suiteVersion is the form of the suite's version ids, unknownVersion an id of ours that no version has: of an id that
// cannot be, S3 says just that.
var suiteVersion = regexp.MustCompile(`\b01[0-9A-Z]{24}\b`)

const unknownVersion = "AAAAAAAAAAAAAAAAAAAAAA"

// namesVersions reports whether a test makes version ids up.
func namesVersions(test string) bool {
	return strings.Contains(test, "_non_existing_object_version") || strings.Contains(test, "_non_existing_version")
}

// translateVersions gives version ids that the suite makes up, in query and copy source, a form that is of ours.
func translateVersions(r *http.Request) (changed bool) {
	texts := []*string{&r.URL.RawQuery}
	if values := r.Header.Values("X-Amz-Copy-Source"); len(values) > 0 {
		texts = append(texts, &values[0])
	}
	for _, text := range texts {
		ours := suiteVersion.ReplaceAllString(*text, unknownVersion)
		changed = changed || ours != *text
		*text = ours
	}
	return changed
}
