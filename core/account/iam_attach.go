package account

import (
	"cmp"
	"context"
	"slices"

	"shoal/core/access"
	"shoal/core/fault"
	"shoal/storage/kv"
)

// PutInlinePolicy gives an identity a policy of its own, or replaces the one of that name. NoSuchEntity,
// InvalidArgument, MalformedPolicy; LimitExceeded when its inline policies become too long together.
func (s *Store) PutInlinePolicy(ctx context.Context, kind IdentityKind, account access.CanonicalID, name string, p InlinePolicy) error {
	const op = "put inline policy"
	if err := checkIAMName("policy name", p.Name, maxPolicyName); err != nil {
		return invalid(op, p.Name, err)
	}
	if policySize(p.Document) > kind.inlineLimit() {
		return tooMuchInline(op, kind, name)
	}
	if _, err := access.ParseIdentityPolicy([]byte(p.Document)); err != nil {
		return err
	}
	return s.change(ctx, op, kind, account, name, func(_ *kv.Tx, i *Identity) error {
		i.Inline = slices.DeleteFunc(i.Inline, func(old InlinePolicy) bool { return old.Name == p.Name })
		i.Inline = append(i.Inline, p)
		slices.SortFunc(i.Inline, func(a, b InlinePolicy) int { return cmp.Compare(a.Name, b.Name) })
		size := 0
		for _, p := range i.Inline {
			size += policySize(p.Document)
		}
		if size > kind.inlineLimit() {
			return tooMuchInline(op, kind, name)
		}
		return nil
	})
}

func tooMuchInline(op string, kind IdentityKind, name string) error {
	return fault.New(op, name, fault.LimitExceeded, tell("Maximum policy size of %d bytes exceeded for %s %s", kind.inlineLimit(), kind, name))
}

// DeleteInlinePolicy removes a policy of an identity's own. NoSuchEntity.
func (s *Store) DeleteInlinePolicy(ctx context.Context, kind IdentityKind, account access.CanonicalID, name, policy string) error {
	const op = "delete inline policy"
	return s.change(ctx, op, kind, account, name, func(_ *kv.Tx, i *Identity) error {
		at := slices.IndexFunc(i.Inline, func(p InlinePolicy) bool { return p.Name == policy })
		if at < 0 {
			return NoSuchInlinePolicy(kind, policy)
		}
		i.Inline = slices.Delete(i.Inline, at, at+1)
		return nil
	})
}

// NoSuchInlinePolicy is the error of an identity that has no inline policy of that name.
func NoSuchInlinePolicy(kind IdentityKind, policy string) error {
	return fault.New("find inline policy", policy, fault.NoSuchEntity, tell("The %s policy with name %s cannot be found.", kind, policy))
}

// Attach attaches a managed policy to an identity; one that is attached stays. NoSuchEntity, LimitExceeded.
func (s *Store) Attach(ctx context.Context, kind IdentityKind, account access.CanonicalID, name, arn string) error {
	const op = "attach policy"
	return s.change(ctx, op, kind, account, name, func(tx *kv.Tx, i *Identity) error {
		if slices.Contains(i.Attached, arn) {
			return nil
		}
		if len(i.Attached) >= MaxAttached {
			return overQuota(op, name, "PoliciesPer"+title(kind), MaxAttached)
		}
		i.Attached = append(i.Attached, arn)
		return adjustPolicy(tx, op, account, arn, func(p *ManagedPolicy) { p.Attachments++ })
	})
}

// Detach takes a managed policy off an identity. NoSuchEntity.
func (s *Store) Detach(ctx context.Context, kind IdentityKind, account access.CanonicalID, name, arn string) error {
	const op = "detach policy"
	return s.change(ctx, op, kind, account, name, func(tx *kv.Tx, i *Identity) error {
		at := slices.Index(i.Attached, arn)
		if at < 0 {
			return fault.New(op, arn, fault.NoSuchEntity, tell("Policy %s was not found.", arn))
		}
		i.Attached = slices.Delete(i.Attached, at, at+1)
		return adjustPolicy(tx, op, account, arn, func(p *ManagedPolicy) { p.Attachments-- })
	})
}

// SetBoundary gives an IAM user or a role a permissions boundary; an empty arn takes it away. NoSuchEntity.
func (s *Store) SetBoundary(ctx context.Context, kind IdentityKind, account access.CanonicalID, name, arn string) error {
	const op = "set permissions boundary"
	return s.change(ctx, op, kind, account, name, func(tx *kv.Tx, i *Identity) error {
		if i.Boundary == arn {
			return nil
		}
		if i.Boundary != "" {
			if err := adjustPolicy(tx, op, account, i.Boundary, func(p *ManagedPolicy) { p.Boundaries-- }); err != nil {
				return err
			}
		}
		i.Boundary = arn
		if arn == "" {
			return nil
		}
		return adjustPolicy(tx, op, account, arn, func(p *ManagedPolicy) { p.Boundaries++ })
	})
}
