package account

import (
	"context"
	"fmt"

	"shoal/core/access"
	"shoal/core/fault"
)

// UnknownGrantee is the cause of an InvalidArgument: a grantee that is no account.
type UnknownGrantee struct{ access.Grantee }

func (e *UnknownGrantee) Error() string { return fmt.Sprintf("no account %q", e.name()) }

func (e *UnknownGrantee) name() string {
	if e.Email != "" {
		return e.Email
	}
	return string(e.ID)
}

// ResolveGrantees finds the accounts that grants name, and puts their ids and names in. InvalidArgument with an
// *UnknownGrantee.
func (s *Store) ResolveGrantees(ctx context.Context, grants []access.Grant) error {
	found := make(map[access.Grantee]access.Grantee)
	for i := range grants {
		g := &grants[i].Grantee
		if g.Group != "" || g.ID == access.ExecReader {
			continue
		}
		to, ok := found[*g]
		if !ok {
			var err error
			if to, err = s.resolveGrantee(ctx, *g); err != nil {
				return err
			}
			found[*g] = to
		}
		*g = to
	}
	return nil
}

func (s *Store) resolveGrantee(ctx context.Context, g access.Grantee) (access.Grantee, error) {
	var u User
	var err error
	if g.Email != "" {
		u, err = s.ByEmail(ctx, g.Email)
	} else {
		u, err = s.ByCanonicalID(ctx, g.ID)
	}
	if fault.Is(err, fault.NoSuchUser) {
		unknown := &UnknownGrantee{g}
		return g, fault.New("resolve grantee", unknown.name(), fault.InvalidArgument, unknown)
	}
	if err != nil {
		return g, err
	}
	return access.Grantee{ID: u.CanonicalID, DisplayName: u.DisplayName}, nil
}
