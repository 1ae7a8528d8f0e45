package main

import (
	"context"
	"errors"
	"fmt"

	"shoal/config"
	"shoal/front/admin"
	"shoal/server"
)

// adminTarget says which server an admin command talks to.
type adminTarget struct {
	Data          string        `default:"./data" type:"path" help:"Data directory: its running server is asked, or it is opened when none runs."`
	Endpoint      string        `help:"URL of a server elsewhere, asked over its S3 address with a root key."`
	Region        string        `default:"us-east-1" help:"Region of the server elsewhere."`
	RootAccessKey string        `help:"Root access key for --endpoint."`
	RootSecretKey config.Secret `help:"Root secret key for --endpoint."`
}

// call runs f with a client of the target and closes it.
func (a *adminTarget) call(ctx context.Context, f func(*admin.Client) error) error {
	client, done, err := a.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(client), done())
}

func (a *adminTarget) open(ctx context.Context) (*admin.Client, func() error, error) {
	if a.Endpoint == "" {
		return server.Admin(ctx, a.Data)
	}
	if a.RootAccessKey == "" || a.RootSecretKey == "" {
		return nil, nil, usageError{fmt.Errorf("--endpoint needs a root key: set SHOAL_ROOT_ACCESS_KEY and SHOAL_ROOT_SECRET_KEY")}
	}
	client, err := admin.Dial(a.Endpoint, a.Region, a.RootAccessKey, a.RootSecretKey.Reveal())
	return client, func() error { return nil }, err
}
