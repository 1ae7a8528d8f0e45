package server

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"shoal/config"
	"shoal/core/account"
	"shoal/core/object"
	"shoal/wire/sigv4"
)

// TestLastUseOutlivesStop: the use of a key by a request is there when the server comes back.
func TestLastUseOutlivesStop(t *testing.T) {
	keys := sigv4.Credentials{AccessKeyID: "rootkey", SecretAccessKey: "rootsecret"}
	cfg := config.Config{
		Data: t.TempDir(), S3Addr: "127.0.0.1:0", TrackerAddr: "127.0.0.1:0", PeerAddr: "127.0.0.1:0", TorrentVersion: "1", Seeding: "egress",
		Region: "eu-west-1", MaxRequests: 1, RootAccessKey: keys.AccessKeyID, RootSecretKey: config.Secret(keys.SecretAccessKey),
	}
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	began := time.Now().Truncate(time.Millisecond)
	listBuckets(t, s.URL(), keys, cfg.Region)
	stop()
	if err := <-done; err != nil {
		t.Fatalf("Run: %v", err)
	}
	if s, err = Open(t.Context(), cfg, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	got, err := s.accounts.LastUsed(t.Context(), keys.AccessKeyID)
	if want := (account.Use{At: got.At, Service: "s3", Region: "eu-west-1"}); err != nil || got != want || got.At.Before(began) {
		t.Errorf("last use %+v, %v, want %+v, not before %v", got, err, want, began)
	}
	if report, err := s.objects.Fsck(t.Context(), object.FsckOptions{Deep: true}); err != nil || !report.Clean() {
		t.Errorf("check of the store: %v, %v", report.Findings, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// listBuckets sends a request that keys sign.
func listBuckets(t *testing.T, url string, keys sigv4.Credentials, region string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := sigv4.Sign(r, keys, region, sigv4.UnsignedPayload, time.Now()); err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("ListBuckets: %s", answer.Status)
	}
}
