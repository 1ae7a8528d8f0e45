package main

import (
	"context"
	"errors"

	"shoal/config"
	"shoal/front/admin"
	"shoal/server"
	"shoal/wire/sigv4"
)

// adminTarget says which server an admin command talks to.
type adminTarget struct {
	Data          string        `default:"./data" type:"path" help:"Data directory: its running server is asked, or it is opened when none runs."`
	Endpoint      string        `help:"URL of a server elsewhere, asked over its S3 address with a root key."`
	Region        string        `default:"us-east-1" help:"Region of the server, when it is elsewhere or does not run."`
	RootAccessKey string        `help:"Root access key for --endpoint."`
	RootSecretKey config.Secret `help:"Root secret key for --endpoint."`
}

// call runs f with a client of the target and closes it.
func (a *adminTarget) call(ctx context.Context, f func(*admin.Client) error) error {
	return a.callAs(ctx, a.rootKey(), f)
}

func (a *adminTarget) rootKey() sigv4.Credentials {
	return sigv4.Credentials{AccessKeyID: a.RootAccessKey, SecretAccessKey: a.RootSecretKey.Reveal()}
}

// callAs is call with the key that --endpoint is asked with.
func (a *adminTarget) callAs(ctx context.Context, key sigv4.Credentials, f func(*admin.Client) error) error {
	client, done, err := a.open(ctx, key)
	if err != nil {
		return err
	}
	return errors.Join(f(client), done())
}

func (a *adminTarget) open(ctx context.Context, key sigv4.Credentials) (*admin.Client, func() error, error) {
	if a.Endpoint == "" {
		return server.Admin(ctx, a.Data, a.Region)
	}
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		return nil, nil, usageError{errors.New("--endpoint needs a key: set SHOAL_ROOT_ACCESS_KEY and SHOAL_ROOT_SECRET_KEY")}
	}
	client, err := admin.Dial(a.Endpoint, a.Region, key)
	return client, func() error { return nil }, err
}

// keyTarget is the target of commands that an account may run, too, for itself.
type keyTarget struct {
	adminTarget  `embed:""`
	AccessKey    string        `help:"Access key for --endpoint, of an account or one of its users, instead of the root key."`
	SecretKey    config.Secret `help:"Secret key that goes with --access-key."`
	SessionToken config.Secret `help:"Session token that goes with --access-key, when it is temporary."`
}

// call runs f with a client of the target and closes it.
func (k *keyTarget) call(ctx context.Context, f func(*admin.Client) error) error {
	key := k.rootKey()
	if k.AccessKey != "" {
		if k.Endpoint == "" {
			// The socket would answer as root.
			return usageError{errors.New("--access-key is for --endpoint")}
		}
		key = sigv4.Credentials{AccessKeyID: k.AccessKey, SecretAccessKey: k.SecretKey.Reveal(), SessionToken: k.SessionToken.Reveal()}
	}
	return k.callAs(ctx, key, f)
}

// accountTarget is a keyTarget of commands about one account or, for root, all.
type accountTarget struct {
	keyTarget `embed:""`
	Account   string `help:"Only this account: its name, number of 12 digits or canonical ID (default: all for root, otherwise that of the key)."`
}
