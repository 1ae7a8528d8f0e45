package certificate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// selfSigned returns a certificate for name and its key, in PEM.
func selfSigned(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	return signedUntil(t, name, time.Now().Add(time.Hour))
}

func signedUntil(t *testing.T, name string, expires time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: expires,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func write(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// records counts what a slog handler writes.
type records struct{ n atomic.Int32 }

func (r *records) Write(p []byte) (int, error) {
	r.n.Add(1)
	return len(p), nil
}

// TestFilesAreReadAgain: a new pair is served within checkEvery; one that cannot be used leaves the old one, and is
// logged once.
func TestFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certA, keyA := selfSigned(t, "a.test")
	certB, keyB := selfSigned(t, "b.test")
	write(t, cert, certA)
	write(t, key, keyA)
	remove := func() {
		if err := os.Remove(key); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name   string
		do     func()
		want   string // who is served
		faults int    // logged until then
	}{
		{"nothing", func() {}, "a.test", 0},
		{"half of a pair", func() { write(t, cert, certB) }, "a.test", 1},
		{"the same", func() {}, "a.test", 1},
		{"the other half", func() { write(t, key, keyB) }, "b.test", 1},
		{"junk", func() { write(t, cert, []byte("junk")) }, "b.test", 2},
		{"too much", func() { write(t, cert, make([]byte, maxPEM+1)) }, "b.test", 3},
		{"a file less", func() { write(t, cert, certA); remove() }, "b.test", 3},
		{"still less", func() {}, "b.test", 3},
		{"whole again", func() { write(t, key, keyA) }, "a.test", 3},
		{"less again", remove, "a.test", 4},
	}
	synctest.Test(t, func(t *testing.T) {
		var log records
		f, err := OpenFiles(cert, key, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- f.Run(ctx) }()
		for _, s := range steps {
			s.do()
			time.Sleep(checkEvery) // of the bubble
			synctest.Wait()
			got, err := f.TLSConfig().GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.Leaf.DNSNames[0] != s.want {
				t.Errorf("%s: %s is served, want %s", s.name, got.Leaf.DNSNames[0], s.want)
			}
			if !f.Expires().Equal(got.Leaf.NotAfter) {
				t.Errorf("%s: expires at %v, want %v", s.name, f.Expires(), got.Leaf.NotAfter)
			}
			if got := int(log.n.Load()); got != s.faults {
				t.Errorf("%s: %d faults logged, want %d", s.name, got, s.faults)
			}
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestOpenFilesRefuses(t *testing.T) {
	dir := t.TempDir()
	certA, keyA := selfSigned(t, "a.test")
	_, keyB := selfSigned(t, "b.test")
	for name, data := range map[string][]byte{"cert": certA, "key": keyA, "other": keyB, "junk": []byte("junk")} {
		write(t, filepath.Join(dir, name), data)
	}
	for _, tt := range []struct {
		cert, key string
		ok        bool
	}{
		{"cert", "key", true},
		{"cert", "other", false},
		{"cert", "junk", false},
		{"junk", "key", false},
		{"cert", "absent", false},
		{"absent", "key", false},
	} {
		if _, err := OpenFiles(filepath.Join(dir, tt.cert), filepath.Join(dir, tt.key), nil); (err == nil) != tt.ok {
			t.Errorf("certificate %s with key %s: %v, want ok %t", tt.cert, tt.key, err, tt.ok)
		}
	}
}
