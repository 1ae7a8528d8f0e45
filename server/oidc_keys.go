package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

const (
	maxKeySet    = 1 << 20          // bytes of a key set or of a provider's configuration
	fetchTimeout = 10 * time.Second // of both together
	keysFresh    = time.Hour        // how long fetched keys are used before they are fetched again
	refetchAfter = time.Minute      // at the earliest, when a token names a key that is not among them
)

// fixedKeys is a key set that was read from a file.
type fixedKeys struct{ set jose.JSONWebKeySet }

func (f fixedKeys) keys(_ context.Context, id string) ([]jose.JSONWebKey, error) {
	return keysOf(f.set, id), nil
}

// keysOf returns the keys of that id; all of them when a token names none.
func keysOf(set jose.JSONWebKeySet, id string) []jose.JSONWebKey {
	if id == "" {
		return set.Keys
	}
	return set.Key(id)
}

func readKeySet(file string) (jose.JSONWebKeySet, error) {
	f, err := os.Open(file)
	if err != nil {
		return jose.JSONWebKeySet{}, err
	}
	defer f.Close()
	return decodeKeySet(f)
}

func decodeKeySet(r io.Reader) (set jose.JSONWebKeySet, err error) {
	if err := json.NewDecoder(io.LimitReader(r, maxKeySet)).Decode(&set); err != nil {
		return set, fmt.Errorf("not a JSON Web Key Set: %w", err)
	}
	for _, k := range set.Keys {
		if !k.Valid() || !k.IsPublic() {
			return set, errors.New("a JSON Web Key Set has a key that is not a public one")
		}
	}
	if len(set.Keys) == 0 {
		return set, errors.New("a JSON Web Key Set without keys")
	}
	return set, nil
}

// issuerKeys are the keys that an issuer publishes, fetched when they are first needed.
type issuerKeys struct {
	issuer string
	client *http.Client

	flight singleflight.Group // one fetch at a time

	mu      sync.Mutex // guards the fields below
	set     jose.JSONWebKeySet
	fetched time.Time
	tried   time.Time
	failed  error // of the last try
}

// newIssuerKeys returns the keys of an issuer, fetched by a client, of which no redirect is followed.
func newIssuerKeys(issuer string, client *http.Client) *issuerKeys {
	return &issuerKeys{issuer: issuer, client: &http.Client{
		Transport: client.Transport, Timeout: fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the provider redirects elsewhere")
		},
	}}
}

func (k *issuerKeys) keys(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	now := time.Now()
	if found, fresh, err := k.known(id, now); fresh {
		return found, err
	}
	_, _, _ = k.flight.Do("", func() (any, error) { k.refresh(ctx, now); return nil, nil })
	found, _, err := k.known(id, now)
	return found, err
}

// known returns the keys of that id, and why there are none when the last try failed; fresh is false when they are to
// be fetched.
func (k *issuerKeys) known(id string, now time.Time) (found []jose.JSONWebKey, fresh bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if found = keysOf(k.set, id); len(found) == 0 {
		err = k.failed
	}
	return found, len(found) > 0 && now.Sub(k.fetched) < keysFresh || now.Sub(k.tried) < refetchAfter, err
}

// refresh fetches the keys. Whoever waits for it shares its outcome, so that it does not end with who asked first.
func (k *issuerKeys) refresh(ctx context.Context, now time.Time) {
	k.mu.Lock()
	k.tried = now
	k.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	set, err := k.fetch(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed = err; err == nil {
		k.set, k.fetched = set, now
	}
}

// fetch reads the provider's configuration (OpenID Connect Discovery 1.0, section 4) and the keys that it names.
func (k *issuerKeys) fetch(ctx context.Context) (jose.JSONWebKeySet, error) {
	var config struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	err := k.get(ctx, strings.TrimSuffix(k.issuer, "/")+"/.well-known/openid-configuration", func(r io.Reader) error {
		return json.NewDecoder(io.LimitReader(r, maxKeySet)).Decode(&config)
	})
	if err != nil {
		return jose.JSONWebKeySet{}, err
	}
	if config.Issuer != k.issuer {
		return jose.JSONWebKeySet{}, fmt.Errorf("the configuration is of issuer %q", config.Issuer)
	}
	u, err := url.Parse(config.Keys)
	if err != nil || u.Scheme != "https" && !strings.HasPrefix(k.issuer, "http://") {
		return jose.JSONWebKeySet{}, errors.New("jwks_uri is not an https URL")
	}
	var set jose.JSONWebKeySet
	err = k.get(ctx, config.Keys, func(r io.Reader) (err error) {
		set, err = decodeKeySet(r)
		return err
	})
	return set, err
}

func (k *issuerKeys) get(ctx context.Context, url string, read func(io.Reader) error) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := k.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", url, answer.StatusCode)
	}
	return read(answer.Body)
}
