package s3api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"shoal/core/fault"
)

// form is a browser's POST up to its file: what comes behind that is ignored (S3 API reference, RESTObjectPOST).
type form struct {
	fields map[string]string // by lower-case name; "key" is expanded
	file   io.Reader
}

// readForm reads the fields in front of the file.
func readForm(contentType string, body io.Reader) (*form, error) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if kind != "multipart/form-data" {
		return nil, errorOf(codePreconditionFailed, "", element{"Condition", "Bucket POST must be of the enclosure-type multipart/form-data"})
	}
	boundary := parameters["boundary"]
	if err != nil || boundary == "" || len(boundary) > maxBoundary {
		return nil, errorOf(codeMalformedPOST, "")
	}
	head := &headReader{r: body, left: maxFormFields}
	parts := multipart.NewReader(head, boundary)
	f := &form{fields: map[string]string{}}
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil, invalidArgument("POST requires exactly one file upload per request.", "file", "0")
		}
		if err != nil {
			return nil, formError(err)
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			head.whole = true
			f.file = part
			return f, f.expandKey(part.FileName())
		}
		value, err := io.ReadAll(part) // bounded by head
		if err != nil {
			return nil, formError(err)
		}
		if _, twice := f.fields[name]; name == "" || twice {
			return nil, errorOf(codeMalformedPOST, "")
		}
		f.fields[name] = string(value)
	}
}

// maxBoundary is the longest boundary (RFC 2046, 5.1.1).
const maxBoundary = 70

// expandKey puts the name of the file into the key.
func (f *form) expandKey(filename string) error {
	key, ok := f.fields["key"]
	if !ok {
		return missingField("key")
	}
	if strings.Count(key, "${filename}")*len(filename) > maxKeyBytes { // a key of many names would be of megabytes
		return errorOf(codeKeyTooLong, "")
	}
	f.fields["key"] = strings.ReplaceAll(key, "${filename}", filename)
	if f.fields["key"] == "" {
		return invalidArgument("User key must have a length greater than 0.", "key", "")
	}
	return nil
}

func missingField(name string) *apiError {
	return invalidArgument("Bucket POST must contain a field named '"+name+"'.  If it is specified, please check the order of the fields.", name, "")
}

// isSigned reports whether the form carries a signature or any part of one.
func (f *form) isSigned() bool {
	for _, name := range []string{"policy", "x-amz-signature", "x-amz-credential", "x-amz-date", "x-amz-algorithm", "x-amz-security-token"} {
		if _, ok := f.fields[name]; ok {
			return true
		}
	}
	return false
}

// header is the form as the headers of a PUT say the same, beside those of the request that say who asks.
func (f *form) header(request http.Header) http.Header {
	h := http.Header{}
	for _, name := range []string{"Origin", "Referer", "User-Agent", "X-Amz-Expected-Bucket-Owner"} {
		if values := request.Values(name); len(values) > 0 {
			h[name] = values
		}
	}
	for name, value := range f.fields {
		switch name {
		case "acl":
			h.Set("x-amz-acl", value)
		case "cache-control", "content-type", "content-disposition", "content-encoding", "content-language", "content-md5", "expires":
			h.Set(name, value)
		case "x-amz-signature", "x-amz-credential", "x-amz-date", "x-amz-algorithm", "x-amz-security-token":
		default:
			if strings.HasPrefix(name, "x-amz-") {
				h.Set(name, value)
			}
		}
	}
	return h
}

// setTags writes the tags of the form, a document of XML, as the header of a PUT has them.
func (f *form) setTags(h http.Header) error {
	text, ok := f.fields["tagging"]
	if !ok {
		return nil
	}
	var doc tagging
	if err := decodeXML([]byte(text), "Tagging", &doc); err != nil {
		return errorOf(codeMalformedXML, "")
	}
	tags, ok := doc.list()
	if !ok {
		return errorOf(codeMalformedXML, "")
	}
	pairs := make([]string, len(tags))
	for i, t := range tags {
		pairs[i] = url.QueryEscape(t.Key) + "=" + url.QueryEscape(t.Value)
	}
	h.Set("x-amz-tagging", strings.Join(pairs, "&"))
	return nil
}

// headReader bounds the part of a form in front of its file.
type headReader struct {
	r     io.Reader
	left  int64
	whole bool // the file has begun
}

var errFormTooLarge = errors.New("the fields of the form are too large")

func (h *headReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if h.left -= int64(n); h.left < 0 && !h.whole {
		return 0, errFormTooLarge
	}
	return n, err
}

// formError names an error of reading the fields.
func formError(err error) error {
	switch {
	case errors.Is(err, errFormTooLarge):
		return errorOf(codeFormTooLarge, "")
	case fault.KindOf(err) != fault.Internal:
		return err // of the connection
	}
	return errorOf(codeMalformedPOST, "")
}

// boundedFile holds the content of a form's file to the range that its policy sets.
type boundedFile struct {
	r                    io.Reader
	lowest, highest, got int64 // bytes
}

// Read implements io.Reader. A file of another size is EntityTooLarge or EntityTooSmall.
func (b *boundedFile) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.got += int64(n)
	switch {
	case b.got > b.highest:
		return n, errorOf(codeEntityTooLarge, "", element{"ProposedSize", itoa(b.got)}, element{"MaxSizeAllowed", itoa(b.highest)})
	case err == io.EOF && b.got < b.lowest:
		return n, errorOf(codeEntityTooSmall, "", element{"ProposedSize", itoa(b.got)}, element{"MinSizeAllowed", itoa(b.lowest)})
	}
	return n, err
}
