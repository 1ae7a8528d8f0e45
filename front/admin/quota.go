package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"shoal/core/quota"
)

// Quota is what a bucket, or a user with all his buckets, may hold and send. 0 is no limit.
type Quota struct {
	Bytes   int64 `json:"bytes"`
	Objects int64 `json:"objects"`
	Egress  int64 `json:"egress"` // bytes a calendar month (UTC)
}

// Used is what is held now, and was sent in this month, as far as it is known.
type Used struct {
	Bytes   int64 `json:"bytes"`
	Objects int64 `json:"objects"`
	Egress  int64 `json:"egress"`
}

// QuotaChange is the part of a change that is about a quota; what is nil stays, 0 takes a limit away.
type QuotaChange struct {
	Bytes   *int64 `json:"quota_bytes,omitempty"`
	Objects *int64 `json:"quota_objects,omitempty"`
	Egress  *int64 `json:"quota_egress,omitempty"`
}

func (c *QuotaChange) check() error {
	for _, n := range []*int64{c.Bytes, c.Objects, c.Egress} {
		if n != nil && *n < 0 {
			return invalid("quota", errors.New("it is negative"))
		}
	}
	return nil
}

func (c *QuotaChange) apply(l *quota.Limits) {
	for _, f := range []struct {
		to   *int64
		from *int64
	}{{&l.Bytes, c.Bytes}, {&l.Objects, c.Objects}, {&l.Egress, c.Egress}} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
}

// UserQuota is a user with his quota.
type UserQuota struct {
	User
	Quota Quota `json:"quota"`
	Used  Used  `json:"used"` // by all his buckets
}

func (h *Handler) user(r *http.Request) (any, error) {
	u, err := h.accounts.User(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	out := UserQuota{User: userOf(u)}
	l, err := h.accounts.Quota(r.Context(), u.CanonicalID)
	if err != nil {
		return nil, err
	}
	out.Quota = Quota(l)
	if out.Used, err = h.usedBy(r.Context(), string(u.CanonicalID)); err != nil {
		return nil, err
	}
	return out, nil
}

func (h *Handler) setUser(r *http.Request) (any, error) {
	var change QuotaChange
	if err := readBody(r, &change); err != nil {
		return nil, err
	}
	if err := change.check(); err != nil {
		return nil, err
	}
	if _, _, err := h.accounts.SetQuota(r.Context(), r.PathValue("name"), change.apply); err != nil {
		return nil, err
	}
	return h.user(r)
}

// usedBy is what an account uses, all its buckets together.
func (h *Handler) usedBy(ctx context.Context, account string) (used Used, err error) {
	if used.Bytes, used.Objects, err = h.objects.OwnerUsage(ctx, account); err != nil {
		return used, err
	}
	used.Egress, err = h.sentThisMonth(ctx, account, "")
	return used, err
}

// sentThisMonth returns the bytes sent by an account, of one bucket unless that is "", since the month began.
func (h *Handler) sentThisMonth(ctx context.Context, account, bucket string) (sum int64, err error) {
	y, m, _ := h.o.Now().UTC().Date()
	from := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
	return h.meter.Sent(ctx, account, bucket, from, from.AddDate(0, 1, 0))
}

// User returns a user with his quota.
func (c *Client) User(ctx context.Context, name string) (UserQuota, error) {
	var u UserQuota
	return u, c.json(ctx, http.MethodGet, "/v1/users/"+url.PathEscape(name), nil, &u)
}

// SetUser changes the quota of a user, and returns the user as he is then. The server holds him to it within a second.
func (c *Client) SetUser(ctx context.Context, name string, change QuotaChange) (UserQuota, error) {
	var u UserQuota
	return u, c.json(ctx, http.MethodPatch, "/v1/users/"+url.PathEscape(name), change, &u)
}
