package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/fault"
	"shoal/core/object"
)

// ShareBucket is the public bucket that Share puts files into.
const ShareBucket = "share"

// Links are the ways to one shared file.
type Links struct {
	S3      string // s3://bucket/key
	URL     string // by HTTP
	Torrent string // URL of the .torrent
	Magnet  string
}

// Progress is told how far a stage of Share is; it is called from one goroutine at a time.
type Progress func(stage string, done, total int64)

// Share stores the file at path in ShareBucket, public, makes its torrent and returns its links. host is
// the name under which others reach this server.
func (s *Server) Share(ctx context.Context, path, host string, progress Progress) (Links, error) {
	owner, err := s.accounts.User(ctx, account.RootName)
	if err != nil {
		return Links{}, err
	}
	who := access.Owner{ID: owner.CanonicalID, DisplayName: owner.DisplayName}
	bucket, err := s.shareBucket(ctx, who)
	if err != nil {
		return Links{}, err
	}
	v, err := s.putFile(ctx, bucket, who, path, progress)
	if err != nil {
		return Links{}, err
	}
	t, err := s.objects.Torrent(ctx, bucket, v, s.torrentKind, func(done, total int64) { progress("torrent", done, total) })
	if err != nil {
		return Links{}, err
	}
	s.torrentGiven(t)
	return s.links(t, host), nil
}

// shareBucket returns ShareBucket, made when it is missing. Its objects are public by their own ACLs.
func (s *Server) shareBucket(ctx context.Context, owner access.Owner) (*object.Bucket, error) {
	b, err := s.objects.Bucket(ctx, ShareBucket)
	if !fault.Is(err, fault.NoSuchBucket) {
		return b, err
	}
	acl, err := access.BucketACL("private", owner)
	if err != nil {
		return nil, err
	}
	return s.objects.CreateBucket(ctx, object.NewBucket{Name: ShareBucket, Owner: owner, Region: s.cfg.Region, ACL: acl, Ownership: access.BucketOwnerPreferred})
}

func (s *Server) putFile(ctx context.Context, b *object.Bucket, owner access.Owner, path string, progress Progress) (v *object.Version, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	acl, err := access.ObjectACL("public-read", owner, owner)
	if err != nil {
		return nil, err
	}
	return s.objects.Put(ctx, object.PutRequest{
		Bucket: b, Key: filepath.Base(path), Size: info.Size(), Owner: owner, ACL: acl,
		Header: object.Header{ContentType: mime.TypeByExtension(filepath.Ext(path))},
		Body:   &progressReader{r: f, total: info.Size(), stage: "store", report: progress},
	})
}

// links builds the links of a torrent for clients that reach this server under host.
func (s *Server) links(t *object.Torrent, host string) Links {
	base := s.urlAt(host) + "/" + t.Bucket.Name + "/" + url.PathEscape(t.Version.Key)
	magnet := t.Magnet()
	magnet.Trackers = s.announceURLs(host)
	magnet.Peers = s.seederAddrs(host)
	return Links{S3: "s3://" + t.Bucket.Name + "/" + t.Version.Key, URL: base, Torrent: base + "?torrent", Magnet: magnet.String()}
}

// progressReader reports how much of r was read.
type progressReader struct {
	r           io.Reader
	stage       string
	done, total int64
	report      Progress
}

// Read implements io.Reader.
func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.done += int64(n)
	p.report(p.stage, p.done, p.total)
	return n, err
}

// Live is what `shoal share` shows while it seeds.
type Live struct {
	Peers, Connections int
	SentBytes          int64
}

// Live returns the live state of all swarms together.
func (s *Server) Live() Live {
	st := s.swarms.Stats()
	return Live{Peers: st.Peers, Connections: st.Members, SentBytes: st.SentBytes}
}

// ReachableHosts returns the addresses of this machine under which others can reach it, the best guess
// first; loopback when there is no other, or the public name alone when it is known.
func (s *Server) ReachableHosts() []string {
	if name := s.publicName(); name != "" {
		return []string{name}
	}
	bound, _, _ := net.SplitHostPort(s.Addresses().S3)
	if ip := net.ParseIP(bound); ip != nil && !ip.IsUnspecified() {
		return []string{bound}
	}
	var hosts []string
	addrs, _ := net.InterfaceAddrs() // none is as good as an error here
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			hosts = append(hosts, n.IP.String())
		}
	}
	if len(hosts) == 0 {
		hosts = []string{"127.0.0.1"}
	}
	return hosts
}
