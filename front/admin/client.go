package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"shoal/wire/sigv4"
)

// maxReply bounds a JSON answer in bytes.
const maxReply = 64 << 20

// Client asks a server's control API.
type Client struct {
	http *http.Client
	base string // URL that the path of a call is put behind
	sign func(r *http.Request, body []byte) error
}

// DialSocket returns a client of the server that listens on the socket at path.
func DialSocket(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial}}, base: "http://shoal"}
}

// Dial returns a client of the server at an S3 endpoint URL, signing for region with a key of root, or of an account to
// ask what it may.
func Dial(endpoint, region string, key sigv4.Credentials) (*Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("endpoint %q is not a URL such as http://host:9000", endpoint)
	}
	return &Client{
		http: &http.Client{},
		base: u.Scheme + "://" + u.Host + PathPrefix,
		sign: func(r *http.Request, body []byte) error { return signBody(r, body, key, region) },
	}, nil
}

// CreateUser makes a user with one access key.
func (c *Client) CreateUser(ctx context.Context, n NewUser) (MadeUser, error) {
	var made MadeUser
	return made, c.json(ctx, http.MethodPost, "/v1/users", n, &made)
}

// Users lists the users in order of name.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	var users []User
	return users, c.json(ctx, http.MethodGet, "/v1/users", nil, &users)
}

// DeleteUser deletes a user with its access keys.
func (c *Client) DeleteUser(ctx context.Context, name string) error {
	return c.json(ctx, http.MethodDelete, "/v1/users/"+url.PathEscape(name), nil, nil)
}

// Usage writes the usage report to w.
func (c *Client) Usage(ctx context.Context, w io.Writer, q UsageQuery) error {
	v := url.Values{
		"from": {q.From.UTC().Format(time.RFC3339)}, "to": {q.To.UTC().Format(time.RFC3339)},
		"granularity": {q.Granularity}, "format": {q.Format}, "bucket": {q.Bucket},
		"account": {q.Account}, "operation": q.Operations, "usage-type": q.UsageTypes, "split-torrent": {strconv.FormatBool(q.SplitTorrent)},
	}
	body, err := c.call(ctx, http.MethodGet, "/v1/usage?"+v.Encode(), nil)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(w, body)
	return err
}

// Fsck checks that metadata and content agree; deep also verifies every byte of content.
func (c *Client) Fsck(ctx context.Context, deep bool) (FsckReport, error) {
	var report FsckReport
	return report, c.json(ctx, http.MethodPost, "/v1/fsck?deep="+strconv.FormatBool(deep), nil, &report)
}

// Status returns the live state of the server.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.json(ctx, http.MethodGet, "/v1/status", nil, &s)
}

func (c *Client) json(ctx context.Context, method, path string, in, out any) error {
	var sent []byte
	if in != nil {
		var err error
		if sent, err = json.Marshal(in); err != nil {
			return err
		}
	}
	body, err := c.call(ctx, method, path, sent)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		return nil
	}
	return json.NewDecoder(io.LimitReader(body, maxReply)).Decode(out)
}

// call sends a request and returns the body of a good answer, which the caller closes.
func (c *Client) call(ctx context.Context, method, path string, body []byte) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if c.sign != nil {
		if err := c.sign(r, body); err != nil {
			return nil, err
		}
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 == 2 {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, maxReply))
	if err != nil {
		return nil, err
	}
	return nil, refusalOf(said, method+" "+path+": "+answer.Status)
}

// refusalOf returns the error that the body of an answer tells: ours, or that of S3, which refuses a bad signature; otherwise
// what is known without it.
func refusalOf(body []byte, otherwise string) error {
	var f failure
	if json.Unmarshal(body, &f) == nil && f.Error != "" {
		return errors.New(f.Error)
	}
	var s3 struct{ Code, Message string }
	if xml.Unmarshal(body, &s3) == nil && s3.Code != "" {
		return fmt.Errorf("%s: %s", s3.Code, s3.Message)
	}
	return errors.New(otherwise)
}
