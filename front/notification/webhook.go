package notification

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"shoal/core/object"
)

const (
	webhookDialTimeout = 5 * time.Second
	// maxWebhookAnswer is what is read of an answer, in bytes, so that its connection can be used again.
	maxWebhookAnswer = 64 << 10
)

// webhook posts each event to a URL. Any 2xx acknowledges it.
type webhook struct {
	url    string
	token  string // "" for none
	client *http.Client
}

func newWebhook(s Spec) *webhook {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: webhookDialTimeout}).DialContext,
		TLSHandshakeTimeout:   webhookDialTimeout,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ResponseHeaderTimeout: sendTimeout,
		MaxIdleConnsPerHost:   object.EventLanes,
		MaxConnsPerHost:       object.EventLanes,
		IdleConnTimeout:       time.Minute,
	}
	return &webhook{url: s.URL.String(), token: s.Secret, client: &http.Client{
		Transport: transport,
		// The operator named one place; nobody else sends us to another.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send implements Target.
func (w *webhook) Send(ctx context.Context, m Message) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(m.JSON))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Shoal")
	if w.token != "" {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, maxWebhookAnswer)
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answered %s", answer.Status)
	}
	return nil
}

// Close implements Target.
func (w *webhook) Close() { w.client.CloseIdleConnections() }
