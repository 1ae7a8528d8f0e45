package s3api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"shoal/core/fault"
	"shoal/wire/sigv4"
)

// element is one more element of an error document: BucketName, ArgumentName and the like.
type element struct{ name, value string }

// apiError is an error as S3 says it. Its cause, if any, is for the log only.
type apiError struct {
	code    code
	message string
	extra   []element
	header  http.Header // of the answer; may be nil
	err     error
	// pageFailed is why a website has no error document for this error; nil when it needs none.
	pageFailed *apiError
}

// errorOf returns the error of a code. An empty message is the code's own.
func errorOf(c code, message string, extra ...element) *apiError {
	if message == "" {
		message = c.row().message
	}
	return &apiError{code: c, message: message, extra: extra}
}

func (e *apiError) Error() string {
	if e.err != nil {
		return string(e.code) + ": " + e.err.Error()
	}
	return string(e.code) + ": " + e.message
}

func (e *apiError) Unwrap() error { return e.err }

// withHeader adds a header to the answer.
func (e *apiError) withHeader(name, value string) *apiError {
	if e.header == nil {
		e.header = http.Header{}
	}
	e.header.Set(name, value)
	return e
}

func (e *apiError) status() int { return e.code.row().status }

// errAccessDenied is the refusal that tells nothing.
func errAccessDenied() *apiError { return errorOf(codeAccessDenied, "") }

// invalidArgument is InvalidArgument about one header, parameter or element.
func invalidArgument(message, name, value string) *apiError {
	return errorOf(codeInvalidArgument, message, element{"ArgumentName", name}, element{"ArgumentValue", value})
}

// codeOf returns the code and message that an error is answered with.
func codeOf(err error) (code, string) {
	e := translate(err)
	return e.code, e.message
}

// describe turns any error into what the client of c is told. What is not known is an internal error, whose
// cause is for the log.
func describe(c *call, err error) *apiError {
	var api *apiError
	if errors.As(err, &api) {
		return api
	}
	e := translate(err)
	switch fault.KindOf(err) {
	case fault.NoSuchBucket, fault.NoSuchBucketPolicy, fault.BucketAlreadyExists, fault.BucketAlreadyOwnedByYou,
		fault.BucketNotEmpty, fault.NoSuchPublicAccessBlock, fault.NoSuchOwnershipControls, fault.InvalidBucketName:
		e.extra = append(e.extra, element{"BucketName", c.target.bucket})
	case fault.NoSuchKey:
		e.extra = append(e.extra, element{"Key", c.target.key})
	case fault.NoSuchVersion:
		e.extra = append(e.extra, element{"Key", c.target.key}, element{"VersionId", c.query.get("versionId")})
	case fault.NoSuchUpload:
		e.extra = append(e.extra, element{"UploadId", c.query.get("uploadId")})
	case fault.KeyTooLong:
		e.extra = append(e.extra, element{"Size", strconv.Itoa(len(c.target.key))}, element{"MaxSizeAllowed", strconv.Itoa(maxKeyBytes)})
	case fault.MetadataTooLarge:
		e.extra = append(e.extra, element{"MaxSizeAllowed", strconv.Itoa(maxUserMetadata)})
	case fault.BadDigest, fault.ContentSHA256Mismatch, fault.ChecksumMismatch:
		c.describeMismatch(e)
	case fault.InvalidPart, fault.EntityTooSmall:
		c.describePart(e)
	case fault.PreconditionFailed:
		e.extra = append(e.extra, element{"Condition", c.failedWriteCondition()})
	case fault.SlowDown, fault.NoSpace:
		e.withHeader("Retry-After", "1")
	}
	return e
}

// translate is describe without the elements that name what was asked for.
func translate(err error) *apiError {
	var api *apiError
	var refused *sigv4.Error
	switch {
	case errors.As(err, &api):
		return api
	case errors.As(err, &refused):
		return describeRefusal(refused)
	}
	kind := fault.KindOf(err)
	e := errorOf(codeOfKind(kind), kindMessages[kind])
	e.err = err
	var f *fault.Error
	if errors.As(err, &f) && f.Err != nil && tellsCause(kind) {
		e.message = sentence(f.Err.Error())
	}
	return e
}

// sentence begins text with a capital.
func sentence(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// tellsCause reports whether the text of the cause is meant for the client (see fault.Error).
func tellsCause(k fault.Kind) bool {
	switch k {
	case fault.InvalidArgument, fault.InvalidRequest, fault.MalformedPolicy, fault.MalformedACL, fault.TorrentRefused,
		fault.InvalidTag, fault.TooManyTags, fault.BadBucketState, fault.InvalidLogTarget:
		return true
	}
	return false
}

// codeOfKind is the S3 code of a kind of error of the core.
func codeOfKind(k fault.Kind) code {
	if c, ok := kindCodes[k]; ok {
		return c
	}
	return codeInternalError
}

// describeRefusal translates what is wrong with a signature or a signed body. The comments at sigv4's reasons
// say the codes.
func describeRefusal(e *sigv4.Error) *apiError {
	row, ok := reasonCodes[e.Reason]
	if !ok {
		row = reasonRow{code: codeInternalError}
	}
	api := errorOf(row.code, row.message)
	api.err = e
	if e.Detail != "" && row.detail {
		api.message = e.Detail
		if strings.HasSuffix(row.message, "; ") {
			api.message = row.message + e.Detail
		}
	}
	api.extra = refusalElements(e)
	if e.Region != "" {
		// To HEAD there is no document: clients find the region here and sign again.
		api.withHeader("X-Amz-Bucket-Region", e.Region)
	}
	return api
}

func refusalElements(e *sigv4.Error) []element {
	var out []element
	add := func(name, value string) { out = append(out, element{name, value}) }
	if e.Region != "" {
		add("Region", e.Region)
	}
	if e.Argument != "" {
		add("ArgumentName", e.Argument)
		add("ArgumentValue", e.Value)
	}
	if len(e.Headers) > 0 {
		add("HeadersNotSigned", strings.Join(e.Headers, ", "))
	}
	if m := e.Mismatch; m != nil {
		add("AWSAccessKeyId", m.AWSAccessKeyID)
		add("StringToSign", m.StringToSign)
		add("SignatureProvided", m.SignatureProvided)
		add("StringToSignBytes", hexBytes(m.StringToSign))
		if m.CanonicalRequest != "" {
			add("CanonicalRequest", m.CanonicalRequest)
			add("CanonicalRequestBytes", hexBytes(m.CanonicalRequest))
		}
	}
	switch e.Reason {
	case sigv4.RequestTimeTooSkewed:
		add("RequestTime", e.RequestTime.Format(amzDate))
		add("ServerTime", e.ServerTime.Format(time.RFC3339))
		add("MaxAllowedSkewMilliseconds", strconv.FormatInt(e.MaxSkew.Milliseconds(), 10))
	case sigv4.ExpiredPresign:
		add("X-Amz-Expires", strconv.FormatInt(int64(e.Expires/time.Second), 10))
		add("Expires", e.RequestTime.Add(e.Expires).Format(time.RFC3339))
		add("ServerTime", e.ServerTime.Format(time.RFC3339))
	}
	return out
}

// hexBytes is s as S3 shows where it differs from what the client signed: "50 55 54".
func hexBytes(s string) string { return fmt.Sprintf("% x", s) }

// amzDate is the form of x-amz-date.
const amzDate = "20060102T150405Z"
