package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// Provider is an OpenID Connect provider that the roles of an account may trust.
type Provider struct {
	Account     access.CanonicalID
	URL         string // without its scheme
	Created     time.Time
	ClientIDs   []string // audiences that its tokens may have
	Thumbprints []string // SHA-1 of certificates in lower-case hexadecimal digits
	Tags        []access.Tag
}

const providerKind = ":oidc-provider/"

// ARN returns the Amazon Resource Name of p.
func (p Provider) ARN() string { return "arn:aws:iam::" + p.Account.AccountID() + providerKind + p.URL }

// Fields of a provider record.
const (
	providerURL        protowire.Number = 1
	providerAccount    protowire.Number = 2
	providerCreated    protowire.Number = 3 // milliseconds since 1970
	providerClientID   protowire.Number = 4 // repeated
	providerThumbprint protowire.Number = 5 // repeated
	providerTag        protowire.Number = 6 // repeated pair: key, value
)

func encodeProvider(p Provider) []byte {
	b := appendString([]byte{recordVersion}, providerURL, p.URL)
	b = appendString(b, providerAccount, string(p.Account))
	b = appendUint(b, providerCreated, uint64(p.Created.UnixMilli()))
	b = appendStrings(b, providerClientID, p.ClientIDs)
	b = appendStrings(b, providerThumbprint, p.Thumbprints)
	return appendTags(b, providerTag, p.Tags)
}

func decodeProvider(b []byte) (Provider, error) {
	var p Provider
	err := decodeFields(b, func(n protowire.Number, text string, num uint64) {
		switch n {
		case providerURL:
			p.URL = text
		case providerAccount:
			p.Account = access.CanonicalID(text)
		case providerCreated:
			p.Created = time.UnixMilli(int64(num)).UTC()
		case providerClientID:
			p.ClientIDs = appendNonEmpty(p.ClientIDs, text)
		case providerThumbprint:
			p.Thumbprints = appendNonEmpty(p.Thumbprints, text)
		case providerTag:
			key, value := unpair(text)
			p.Tags = append(p.Tags, access.Tag{Key: key, Value: value})
		}
	})
	if err == nil && (p.URL == "" || p.Account == "") {
		err = fmt.Errorf("%w: a provider without URL or account", errRecord)
	}
	return p, err
}

// CreateProvider makes a provider of p's account, URL, client ids, thumbprints and tags. InvalidRequest,
// AlreadyExists, LimitExceeded.
func (s *Store) CreateProvider(ctx context.Context, p Provider) (Provider, error) {
	const op = "create provider"
	if err := p.validate(); err != nil {
		return Provider{}, err
	}
	n, err := s.count(ctx, rowKey(kindProvider, p.Account.AccountID()))
	if err != nil {
		return Provider{}, wrap(op, p.URL, err)
	}
	if n >= MaxProviders {
		return Provider{}, overQuota(op, p.URL, "OpenIDConnectProvidersPerAccount", MaxProviders)
	}
	p.Created = s.created()
	key := providerKey(p.Account.AccountID(), p.URL)
	err = s.update(ctx, func(tx *kv.Tx) error {
		rows, err := tx.Get(key)
		if err != nil {
			return err
		}
		if rows[0].Exists() {
			return fault.New(op, p.URL, fault.AlreadyExists, tell("Provider with url https://%s already exists.", p.URL))
		}
		tx.Put(key, encodeProvider(p))
		return nil
	})
	return p, wrap(op, p.URL, err)
}

// validate holds p against its bounds, and gives its thumbprints their one form.
func (p *Provider) validate() error {
	const op = "check provider"
	refuse := func(format string, args ...any) error {
		return fault.New(op, p.URL, fault.InvalidRequest, tell(format, args...))
	}
	switch {
	case p.URL == "" || len(p.URL) > maxProviderURL || !graphic(p.URL):
		return refuse("Invalid Open ID Connect Provider URL.")
	case len(p.ClientIDs) > MaxClientIDs:
		return overQuota(op, p.URL, "ClientIdsPerOpenIdConnectProvider", MaxClientIDs)
	case len(p.Thumbprints) > MaxThumbprints:
		return refuse("Thumbprint list must contain fewer than %d entries.", MaxThumbprints) // AWS says so, and takes as many
	case len(p.Tags) > MaxTags:
		return tooManyTags(op, p.URL)
	}
	for _, id := range p.ClientIDs {
		if id == "" || len(id) > maxClientID {
			return refuse("A client ID must have 1 to %d characters.", maxClientID)
		}
	}
	p.Thumbprints = slices.Clone(p.Thumbprints)
	for n, t := range p.Thumbprints {
		if len(t) != thumbprintSize {
			return refuse("Thumbprint must be exactly %d characters.", thumbprintSize)
		}
		p.Thumbprints[n] = strings.ToLower(t)
	}
	return nil
}

// Provider returns the provider of an account by its URL without scheme. NoSuchEntity.
func (s *Store) Provider(ctx context.Context, account access.CanonicalID, url string) (Provider, error) {
	return s.providerIn(ctx, account.AccountID(), url)
}

// providerIn returns the provider of an account by the number of that. NoSuchEntity.
func (s *Store) providerIn(ctx context.Context, accountID, url string) (Provider, error) {
	const op = "get provider"
	if len(url) > maxProviderURL {
		return Provider{}, noSuchProvider(op, url)
	}
	rows, err := s.engine.Get(ctx, providerKey(accountID, url))
	if err != nil {
		return Provider{}, wrap(op, url, err)
	}
	return providerOf(op, url, rows[0])
}

func providerOf(op, url string, row kv.Row) (Provider, error) {
	if !row.Exists() {
		return Provider{}, noSuchProvider(op, url)
	}
	p, err := decodeProvider(row.Value)
	if err != nil {
		return Provider{}, fault.New(op, url, fault.Internal, fmt.Errorf("provider row: %w", err))
	}
	return p, nil
}

func noSuchProvider(op, url string) error {
	return fault.New(op, url, fault.NoSuchEntity, tell("OpenIDConnect Provider not found"))
}

// Providers returns the providers of an account in the order of their URLs.
func (s *Store) Providers(ctx context.Context, account access.CanonicalID) ([]Provider, error) {
	const op = "list providers"
	var all []Provider
	err := s.eachRow(ctx, rowKey(kindProvider, account.AccountID()), kv.ScanOptions{}, func(row kv.Row) error {
		p, err := providerOf(op, "", row)
		all = append(all, p)
		return err
	})
	return all, wrap(op, account.AccountID(), err)
}

// ChangeProvider gives a provider what f makes of it; its URL and account stay. NoSuchEntity, and as CreateProvider.
func (s *Store) ChangeProvider(ctx context.Context, account access.CanonicalID, url string, f func(*Provider)) error {
	const op = "update provider"
	if len(url) > maxProviderURL {
		return noSuchProvider(op, url)
	}
	key := providerKey(account.AccountID(), url)
	err := s.update(ctx, func(tx *kv.Tx) error {
		rows, err := tx.Get(key)
		if err != nil {
			return err
		}
		p, err := providerOf(op, url, rows[0])
		if err != nil {
			return err
		}
		f(&p)
		if err := p.validate(); err != nil {
			return err
		}
		tx.Put(key, encodeProvider(p))
		return nil
	})
	return wrap(op, url, err)
}

// DeleteProvider removes a provider. Roles that trust it cannot be assumed by its tokens any more. NoSuchEntity.
func (s *Store) DeleteProvider(ctx context.Context, account access.CanonicalID, url string) error {
	const op = "delete provider"
	if len(url) > maxProviderURL {
		return noSuchProvider(op, url)
	}
	key := providerKey(account.AccountID(), url)
	err := s.update(ctx, func(tx *kv.Tx) error {
		rows, err := tx.Get(key)
		if err != nil {
			return err
		}
		if !rows[0].Exists() {
			return noSuchProvider(op, url)
		}
		tx.Delete(key)
		return nil
	})
	return wrap(op, url, err)
}
