package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// outcome is the field of the status and, of an error, its code.
const outcome = "outcome"

// difference is one field in which two answers differ.
type difference struct {
	op, field, ours, theirs string
	call                    call
}

// kind is what a shorter sequence keeps.
func (d difference) kind() string { return d.op + " " + d.field }

func (d difference) String() string {
	return fmt.Sprintf("unknown difference in %s: %s\n  ours   %q\n  theirs %q\n  at %s", d.op, d.field, d.ours, d.theirs, d.call)
}

// compare returns the fields in which two answers differ, in the order of their names. Of answers that differ in their
// outcome that is all: the rest follows from it.
func compare(c call, ours, theirs map[string]string) []difference {
	if ours[outcome] != theirs[outcome] {
		return []difference{{c.kind(), outcome, ours[outcome], theirs[outcome], c}}
	}
	all := maps.Clone(ours)
	maps.Copy(all, theirs)
	var found []difference
	for _, field := range slices.Sorted(maps.Keys(all)) {
		if ours[field] != theirs[field] {
			found = append(found, difference{c.kind(), field, ours[field], theirs[field], c})
		}
	}
	return found
}

// fields returns what is compared of an answer, with the names that both sides share.
func (n names) fields(c call, a answer) map[string]string {
	f := map[string]string{outcome: strconv.Itoa(a.status)}
	for name, values := range a.header {
		if comparedHeader(name, c, a.status) {
			f[name] = n.of(name, strings.Join(values, ", "))
		}
	}
	elements, isXML := flatten(a.body)
	switch {
	case len(a.body) == 0:
	case isXML && !c.wantsContent(a.status):
		for path, values := range elements {
			if comparedElement(path) {
				for i := range values {
					values[i] = n.of(path, values[i])
				}
				if unordered(path) {
					slices.Sort(values)
				}
				f[path] = strings.Join(values, " ")
			}
		}
	default:
		sum := sha256.Sum256(a.body)
		f["body"] = fmt.Sprintf("%d bytes, SHA-256 %s", len(a.body), hex.EncodeToString(sum[:4]))
	}
	if code := elements["Error/Code"]; a.status >= 300 && len(code) > 0 {
		f[outcome] += " " + code[0]
	}
	return f
}

// comparedHeader reports whether S3 says what a header of an answer is. The length of XML is nobody's.
func comparedHeader(name string, c call, status int) bool {
	switch name {
	case "Content-Length", "Content-Range", "Accept-Ranges":
		return c.wantsContent(status)
	case "Content-Type", "Etag", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires",
		"X-Amz-Version-Id", "X-Amz-Delete-Marker", "X-Amz-Copy-Source-Version-Id", "X-Amz-Tagging-Count", "X-Amz-Mp-Parts-Count",
		"X-Amz-Missing-Meta", "X-Amz-Storage-Class":
		return true
	}
	return strings.HasPrefix(name, "X-Amz-Meta-") || strings.HasPrefix(name, "X-Amz-Checksum-")
}

// comparedElement leaves out times, the users of each side, and the words and circumstances of an error.
func comparedElement(path string) bool {
	if strings.HasPrefix(path, "Error/") {
		return path == "Error/Code"
	}
	for _, own := range []string{"/LastModified", "/Owner/", "/Initiator/", "/Initiated", "/Error/Message", "/NextContinuationToken", "/ContinuationToken", "/Location"} {
		if strings.Contains(path, own) {
			return false
		}
	}
	return true
}

// unordered reports whether S3 leaves the order of an element's repetitions open.
func unordered(path string) bool {
	return strings.HasPrefix(path, "Tagging/") || strings.HasPrefix(path, "DeleteResult/")
}

// flatten returns the texts of an XML document's leaves in their order, by path.
func flatten(document []byte) (leaves map[string][]string, ok bool) {
	leaves = map[string][]string{}
	d := xml.NewDecoder(bytes.NewReader(document))
	var path []string
	var text strings.Builder
	leaf := false
	for {
		token, err := d.Token()
		if err != nil {
			return leaves, len(leaves) > 0 && len(path) == 0
		}
		switch e := token.(type) {
		case xml.StartElement:
			path, leaf = append(path, e.Name.Local), true
			text.Reset()
		case xml.CharData:
			text.Write(e)
		case xml.EndElement:
			if p := strings.Join(path, "/"); leaf {
				leaves[p] = append(leaves[p], text.String())
			}
			path, leaf = path[:len(path)-1], false
		}
	}
}

// learn takes up the names that an answer gives to what a call made.
func (n names) learn(c call, a answer) {
	if a.status >= 300 {
		return
	}
	if c.makes {
		n.add(fmt.Sprintf("{v%d}", c.number), a.header.Get("X-Amz-Version-Id"))
	}
	switch c.op {
	case "CreateMultipartUpload":
		leaves, _ := flatten(a.body)
		ref := fmt.Sprintf("{u%d}", c.number)
		n.add(ref, strings.Join(leaves["InitiateMultipartUploadResult/UploadId"], ""))
		n.open[ref] = true
	case "CompleteMultipartUpload", "AbortMultipartUpload":
		delete(n.open, reference.FindString(c.query))
	case "DeleteBucket":
		clear(n.open)
	case "ListObjectsV2":
		leaves, _ := flatten(a.body)
		if token := strings.Join(leaves["ListBucketResult/NextContinuationToken"], ""); token != "" {
			n.own[fmt.Sprintf("{t%d}", c.number)] = token // not compared: it may be any text, a key as well
		}
	case "DeleteObjects":
		var result struct {
			Deleted []struct{ Key, DeleteMarkerVersionId string }
		}
		if xml.Unmarshal(a.body, &result) != nil {
			return
		}
		for _, deleted := range result.Deleted {
			n.add(fmt.Sprintf("{v%d of %s}", c.number, deleted.Key), deleted.DeleteMarkerVersionId)
		}
	}
}
