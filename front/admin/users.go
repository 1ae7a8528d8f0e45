package admin

import (
	"errors"
	"net/http"
	"strconv"

	"shoal/core/access"
	"shoal/core/account"
)

func (h *Handler) users(r *http.Request) (any, error) {
	users, err := h.accounts.ListUsers(r.Context())
	if err != nil {
		return nil, err
	}
	list := make([]User, len(users))
	for i, u := range users {
		list[i] = userOf(u)
	}
	return list, nil
}

func (h *Handler) createUser(r *http.Request) (any, error) {
	n := NewUser{Role: access.RoleUserPlus.String()}
	if err := readBody(r, &n); err != nil {
		return nil, err
	}
	role, ok := access.ParseRole(n.Role)
	if !ok {
		return nil, invalid("role", errors.New(strconv.Quote(n.Role)+" is not user, userplus or admin"))
	}
	u, key, err := h.accounts.CreateUser(r.Context(), account.NewUser{
		Name: n.Name, CanonicalID: access.CanonicalID(n.CanonicalID), DisplayName: n.DisplayName, Email: n.Email,
		Role: role, AccessKey: n.AccessKey, Secret: account.Secret(n.SecretKey),
	})
	if err != nil {
		return nil, err
	}
	return MadeUser{User: userOf(u), AccessKey: key.ID, SecretKey: key.Secret.Reveal()}, nil
}

func (h *Handler) deleteUser(r *http.Request) (any, error) {
	return nil, h.accounts.DeleteUser(r.Context(), r.PathValue("name"))
}

func userOf(u account.User) User {
	return User{
		Name: u.Name, CanonicalID: string(u.CanonicalID), DisplayName: u.DisplayName, Email: u.Email,
		Role: u.Role.String(), Created: u.Created, AccessKeys: u.AccessKeyIDs,
	}
}
