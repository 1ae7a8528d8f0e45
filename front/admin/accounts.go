package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"shoal/core/access"
	"shoal/core/account"
	"shoal/core/object"
)

// Account is a user as an account: who owns buckets and pays for them, with how much it has.
type Account struct {
	Name        string    `json:"name"`
	Number      string    `json:"number"` // 12 digits, as ARNs have it
	CanonicalID string    `json:"canonical_id"`
	Role        string    `json:"role"`
	Created     time.Time `json:"created"`
	Users       int       `json:"users"` // of IAM, as groups and roles
	Groups      int       `json:"groups"`
	Roles       int       `json:"roles"`
	Buckets     int       `json:"buckets"`
}

// listAccounts answers the accounts that the caller may ask of, or the one that is named, in order of name.
func (h *Handler) listAccounts(r *http.Request) (any, error) {
	id, err := h.billedAccount(r, actionAccount)
	if err != nil {
		return nil, err
	}
	users, err := h.accountsOf(r.Context(), id)
	if err != nil {
		return nil, err
	}
	buckets, err := h.countBuckets(r.Context(), id)
	if err != nil {
		return nil, err
	}
	list := make([]Account, len(users))
	for i, u := range users {
		n, err := h.accounts.CountIdentities(r.Context(), u.CanonicalID)
		if err != nil {
			return nil, err
		}
		list[i] = Account{
			Name: u.Name, Number: u.CanonicalID.AccountID(), CanonicalID: string(u.CanonicalID), Role: u.Role.String(), Created: u.Created,
			Users: n.Users, Groups: n.Groups, Roles: n.Roles, Buckets: buckets[string(u.CanonicalID)],
		}
	}
	return list, nil
}

// accountsOf returns the account with that canonical id, all for "".
func (h *Handler) accountsOf(ctx context.Context, id access.CanonicalID) ([]account.User, error) {
	if id == "" {
		return h.accounts.ListUsers(ctx)
	}
	u, err := h.accounts.ByCanonicalID(ctx, id)
	return []account.User{u}, err
}

// countBuckets returns how many buckets each account has, by its canonical id; of all accounts when owner is "".
func (h *Handler) countBuckets(ctx context.Context, owner access.CanonicalID) (map[string]int, error) {
	n := make(map[string]int)
	request := object.ListBucketsRequest{Owner: string(owner)}
	for {
		page, err := h.objects.ListBuckets(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Buckets {
			n[b.Owner]++
		}
		if page.Next == "" {
			return n, nil
		}
		request.After = page.Next
	}
}

// Accounts returns the accounts that the caller may ask of, in order of name: with name, which may also be a number or a
// canonical id, only that one.
func (c *Client) Accounts(ctx context.Context, name string) ([]Account, error) {
	var list []Account
	return list, c.json(ctx, http.MethodGet, "/v1/accounts?"+url.Values{"account": {name}}.Encode(), nil, &list)
}
