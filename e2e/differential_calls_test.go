package e2e

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// call is one request, the same for both sides but for the names in it (names.expand).
type call struct {
	number int
	op     string // as S3 names it
	method string
	key    string // "" for the bucket
	query  string
	header map[string]string
	body   string
	sealed bool // has the MD5 of its body in a header
	makes  bool // a version, or may make one
}

func (c call) String() string {
	s := fmt.Sprintf("%d %s: %s /{b}/%s", c.number, c.op, c.method, c.key)
	if c.query != "" {
		s += "?" + c.query
	}
	for _, name := range slices.Sorted(maps.Keys(c.header)) {
		s += fmt.Sprintf(" [%s: %s]", name, c.header[name])
	}
	switch {
	case len(c.body) > 1000:
		s += fmt.Sprintf(" (%d bytes)", len(c.body))
	case c.body != "":
		s += fmt.Sprintf(" %q", c.body)
	}
	return s
}

// kind is the operation, and whether it is told of a null version.
func (c call) kind() string {
	if strings.Contains(c.query+c.header[copySource], "ersionId=null") {
		return c.op + " of null"
	}
	return c.op
}

// wantsContent reports whether an answer with that status is about an object's bytes.
func (c call) wantsContent(status int) bool {
	return (c.op == "GetObject" || c.op == "HeadObject") && status < http.StatusMultipleChoices
}

// generator makes calls that have to do with those before.
type generator struct {
	*rand.Rand
	number    int
	versioned bool             // the bucket has been told to keep versions
	versions  map[string][]int // by key, the calls that made them
	uploads   []upload
	listings  []listing
	etags     []string // of what was put, and one of nothing
}

type upload struct {
	number int
	key    string
	parts  map[int]string // ETag by number
}

type listing struct {
	number int
	query  url.Values
}

// newSequence returns the calls that a seed stands for. The first makes the bucket.
func newSequence(seed uint64, length int) []call {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), versions: map[string][]int{}, etags: []string{etag("nothing")}}
	sequence := []call{{op: "CreateBucket", method: http.MethodPut}}
	for len(sequence) < length {
		g.number = len(sequence)
		c := g.next()
		if len(sequence) == 1 && !g.one(4) {
			c = g.putVersioning()
		}
		c.number = g.number
		sequence = append(sequence, c)
	}
	return sequence
}

// next draws a kind of call by its weight.
func (g *generator) next() call {
	kinds := []struct {
		weight int
		make   func() call
	}{
		{20, g.put},
		{15, g.read},
		{8, g.remove},
		{4, g.removeMany},
		{8, g.copy},
		{6, g.createUpload},
		{8, g.uploadPart},
		{6, g.complete},
		{1, g.abort},
		{3, g.listParts},
		{2, g.listUploads},
		{6, g.list},
		{8, g.listV2},
		{6, g.listVersions},
		{4, g.putVersioning},
		{1, g.getVersioning},
		{3, g.putTagging},
		{4, g.getTagging},
		{2, g.deleteTagging},
		{3, g.attributes},
		{2, g.bucket},
	}
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	at := g.IntN(total)
	for _, k := range kinds {
		if at -= k.weight; at < 0 {
			return k.make()
		}
	}
	panic("unreachable: at is below the sum of the weights")
}

// one reports true once in n times.
func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// key keeps clear of the limits of a file system behind keys: none is a directory of another.
func (g *generator) key() string {
	return pick(g, "a", "b/1", "b/2", "b/c/3", "d e+f&g", "ü/ß")
}

// content is below and above the size of objects that are kept in their record.
func (g *generator) content() string {
	return strings.Repeat(pick(g, "x", "yz", "0123456789"), pick(g, 0, 1, 10, 3000))
}

func etag(content string) string {
	sum := md5.Sum([]byte(content))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func crc32Of(content string) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(content))))
}

func sha256Of(content string) string {
	sum := sha256.Sum256([]byte(content))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// made notes that the call that is being made may make a version of key.
func (g *generator) made(key string) bool {
	if g.versioned {
		g.versions[key] = append(g.versions[key], g.number)
	}
	return true
}

// version returns the reference of a version of key, or "null".
func (g *generator) version(key string) string {
	if of := g.versions[key]; len(of) > 0 && !g.one(10) {
		return fmt.Sprintf("{v%d}", pick(g, of...))
	}
	return "null"
}

// query encodes parameters and leaves references as they are.
func query(v url.Values) string {
	return strings.NewReplacer("%7B", "{", "%7D", "}", "+", "%20").Replace(v.Encode())
}

// of returns the query of a call on a version of key once in n times.
func (g *generator) of(key string, n int, v url.Values) string {
	if g.versioned && g.one(n) {
		v.Set("versionId", g.version(key))
	}
	return query(v)
}

func (g *generator) bucket() call {
	c := pick(g,
		call{op: "CreateBucket", method: http.MethodPut},
		call{op: "HeadBucket", method: http.MethodHead},
		call{op: "DeleteBucket", method: http.MethodDelete},
		call{op: "GetBucketLocation", method: http.MethodGet, query: "location="},
	)
	g.versioned = g.versioned && c.op != "DeleteBucket"
	return c
}

func (g *generator) putVersioning() call {
	g.versioned = true
	return call{
		op: "PutBucketVersioning", method: http.MethodPut, query: "versioning=",
		body: "<VersioningConfiguration><Status>" + pick(g, "Enabled", "Enabled", "Enabled", "Suspended") + "</Status></VersioningConfiguration>",
	}
}

func (g *generator) getVersioning() call {
	return call{op: "GetBucketVersioning", method: http.MethodGet, query: "versioning="}
}
