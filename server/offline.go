package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"

	"shoal/core/account"
	"shoal/core/meter"
	"shoal/core/object"
	"shoal/core/savings"
	"shoal/front/admin"
)

// Admin returns a client of the control API for a data directory: of the server that runs on it, or,
// when none does, of this process, which opens the stores of a server of that region until done is called.
func Admin(ctx context.Context, data, region string) (client *admin.Client, done func() error, err error) {
	path := socketPath(data)
	conn, err := net.Dial("unix", path)
	if err == nil {
		return admin.DialSocket(path), func() error { return nil }, conn.Close()
	}
	if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
		return nil, nil, err
	}
	return adminOffline(data, region)
}

func adminOffline(data, region string) (*admin.Client, func() error, error) {
	if _, err := os.Stat(data); err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.DiscardHandler)
	st, err := openStores(vfs.Default, data, log)
	if err != nil {
		return nil, nil, err
	}
	objects, err := object.New(st.metadata, st.content, object.Options{Logger: log})
	if err != nil {
		return nil, nil, errors.Join(err, st.close())
	}
	m := meter.New(st.metadata, meter.Options{Storage: storedBytes{objects}})
	handler := admin.New(account.New(st.metadata, account.Options{}), m, objects, admin.Options{
		Region: region, Savings: savings.New(st.metadata, savings.Options{}).Lines, Logger: log,
	})
	return admin.InProcess(handler), func() error { objects.Close(); return st.close() }, nil
}
