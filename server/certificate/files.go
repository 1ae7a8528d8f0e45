package certificate

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/storage/durable"
)

const (
	checkEvery = 5 * time.Second // how long a new pair may wait
	maxPEM     = 1 << 20         // bytes of a file; a chain has a few thousand
)

// Files is a certificate, with its chain, and its key in two PEM files.
type Files struct {
	cert, key string
	log       *slog.Logger
	current   atomic.Pointer[tls.Certificate]
	seen      [sha256.Size]byte // of the pair that was read last, good or not; of Run
}

// OpenFiles reads the pair. log may be nil.
func OpenFiles(cert, key string, log *slog.Logger) (*Files, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &Files{cert: cert, key: key, log: log}
	if _, err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// TLSConfig returns the configuration of a listener.
func (f *Files) TLSConfig() *tls.Config {
	return tlsConfig(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current.Load(), nil }, protocolHTTP)
}

// Expires returns when the certificate in use expires.
func (f *Files) Expires() time.Time { return f.current.Load().Leaf.NotAfter }

// Run looks every few seconds whether the files have changed, until ctx is done. A pair that cannot be used is logged
// once, and the one before it stays.
func (f *Files) Run(ctx context.Context) error {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for missing := false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		changed, err := f.read()
		if err != nil && (changed || !missing) {
			f.log.Error("the new certificate cannot be used: the old one stays", "err", err)
		}
		missing = err != nil && !changed
	}
}

// read makes the pair in the files the current one, and reports whether it is another than was read last. The content
// is compared, not the time: a link may be moved to older files.
func (f *Files) read() (changed bool, err error) {
	cert, err := durable.ReadFile(vfs.Default, f.cert, maxPEM)
	if err != nil {
		return false, fmt.Errorf("certificate: %w", err)
	}
	key, err := durable.ReadFile(vfs.Default, f.key, maxPEM)
	if err != nil {
		return false, fmt.Errorf("key of the certificate: %w", err)
	}
	sums := [2][sha256.Size]byte{sha256.Sum256(cert), sha256.Sum256(key)}
	sum := sha256.Sum256(append(sums[0][:], sums[1][:]...))
	if sum == f.seen {
		return false, nil
	}
	f.seen = sum
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return true, fmt.Errorf("certificate %s with key %s: %w", f.cert, f.key, err)
	}
	f.current.Store(&pair)
	f.log.Info("certificate read", "names", pair.Leaf.DNSNames, "expires", pair.Leaf.NotAfter)
	return true, nil
}
