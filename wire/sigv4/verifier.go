package sigv4

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// DefaultRegion is the region that clients assume when they are told none.
	DefaultRegion = "us-east-1"
	// DefaultMaxSkew is S3's bound on the distance of the clocks.
	DefaultMaxSkew = 15 * time.Minute
	// MaxPresign is S3's longest lifetime of a presigned URL.
	MaxPresign = 7 * 24 * time.Hour

	defaultKeys = 1024
	// minChunkSize is AWS's smallest chunk but for the last one.
	minChunkSize = 8 << 10
)

// Options are the settings of a Verifier.
type Options struct {
	Region         string        // the region clients sign for; default DefaultRegion
	Regions        []string      // further ones: IAM is signed for us-east-1 everywhere
	Services       []string      // accepted services; default {"s3"}
	MaxSkew        time.Duration // default DefaultMaxSkew
	Keys           int           // derived signing keys to remember; default 1024
	EnforceMinSize bool          // refuse chunks under 8 KiB other than the last, as AWS does
}

// Verifier checks signatures made for one region.
type Verifier struct {
	region   string
	regions  []string // besides region
	services []string
	maxSkew  time.Duration
	minChunk int64
	keys     *keyCache
}

// New returns a Verifier.
func New(o Options) *Verifier {
	v := &Verifier{region: o.Region, regions: slices.Clone(o.Regions), services: slices.Clone(o.Services), maxSkew: o.MaxSkew}
	if v.region == "" {
		v.region = DefaultRegion
	}
	if len(v.services) == 0 {
		v.services = []string{ServiceS3}
	}
	if v.maxSkew <= 0 {
		v.maxSkew = DefaultMaxSkew
	}
	if o.Keys <= 0 {
		o.Keys = defaultKeys
	}
	if o.EnforceMinSize {
		v.minChunk = minChunkSize
	}
	v.keys = newKeyCache(o.Keys)
	return v
}

// Parse finds out how r is authenticated and checks everything that needs neither a secret nor a
// clock. The error is an *Error. What is not clearly anonymous must be well-formed: any trace of a
// credential that is incomplete is a refusal, never an anonymous request.
func (v *Verifier) Parse(r *http.Request) (*Request, error) {
	params, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	req := &Request{http: r, params: params, Query: queryValues(params)}
	inQuery, err := queryMechanism(params)
	if err != nil {
		return nil, err
	}
	auth := r.Header.Values("Authorization")
	switch {
	case len(auth) > 0 && inQuery:
		return nil, &Error{Reason: MultipleMechanisms}
	case len(auth) > 0:
		req.Mechanism = Header
		err = v.parseHeader(req, auth)
	case inQuery:
		req.Mechanism = Presigned
		err = v.parsePresigned(req)
	default:
		req.Mechanism = Anonymous
		err = parseAnonymous(req)
	}
	if err != nil {
		return nil, err
	}
	return req, nil
}

func parseAnonymous(req *Request) error {
	value := req.http.Header.Get(contentSHA256)
	if value == "" {
		value = UnsignedPayload
	}
	if value == StreamingSignedPayload || value == StreamingSignedPayloadTrailer {
		return &Error{Reason: AnonymousStreaming}
	}
	var err error
	req.Payload, err = parsePayload(value, req.http.Header)
	if ReasonOf(err) == InvalidContentSHA256 {
		// Without a signature S3 takes any text for a hash: this one is of no body.
		req.Payload, err = Payload{Mode: Hashed, value: value}, nil
	}
	return err
}

// checkSigned applies the rules about which headers a signature must cover: those of S3 are stricter than SigV4's.
func checkSigned(req *Request) error {
	if req.http.Host == "" {
		return refuse(MissingSecurityHeader, "the request has no Host")
	}
	unsigned := make([]string, 0, 4)
	if _, ok := slices.BinarySearch(req.SignedHeaders, "host"); !ok {
		unsigned = append(unsigned, "host")
	}
	for name, values := range req.http.Header {
		name = strings.ToLower(name)
		if !strings.HasPrefix(name, "x-amz-") || req.Scope.Service != ServiceS3 {
			continue
		}
		// An unsigned x-amz-copy-source would turn a presigned upload into a read of any object.
		if _, ok := slices.BinarySearch(req.SignedHeaders, name); !ok {
			unsigned = append(unsigned, name)
		}
		if len(values) > 1 && !listHeader(name) {
			return refuse(DuplicateHeader, "%s", name)
		}
	}
	if len(unsigned) > 0 {
		slices.Sort(unsigned)
		e := refuse(UnsignedHeaders, "%s", strings.Join(unsigned, ", "))
		e.Headers = unsigned
		return e
	}
	return nil
}

// listHeader reports whether S3 takes several values for the header. They are signed joined by
// commas, so that a reader must join them too.
func listHeader(name string) bool {
	switch name {
	case trailerHeader, "x-amz-object-attributes", "x-amz-optional-object-attributes":
		return true
	}
	return strings.HasPrefix(name, "x-amz-meta-")
}

// parseSignedHeaders splits and checks a SignedHeaders list. The string returned is the fault.
func parseSignedHeaders(s string) (names []string, fault string) {
	names = strings.Split(s, ";")
	if len(names) > maxSignedHeaders {
		return nil, "too many SignedHeaders"
	}
	for i, name := range names {
		if !isToken(name) || strings.ToLower(name) != name {
			return nil, "the SignedHeaders must be lower-case header names, separated by semicolons"
		}
		if i > 0 && names[i-1] >= name {
			return nil, "the SignedHeaders must be sorted, each name once"
		}
	}
	return names, ""
}
