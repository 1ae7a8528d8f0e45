package object

import (
	"context"
	"errors"

	"shoal/core/fault"
	"shoal/storage/blob"
	"shoal/storage/kv"
)

// fail makes err an error of the core. A *fault.Error anywhere in err's chain keeps its kind: it came from
// the caller's body or from the closure of a commit.
func fail(op, resource string, err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	return fault.New(op, resource, kindOf(err), err)
}

func kindOf(err error) fault.Kind {
	switch {
	case errors.Is(err, kv.ErrNoSpace), errors.Is(err, blob.ErrNoSpace):
		return fault.NoSpace
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.Canceled
	case errors.Is(err, kv.ErrConflict):
		return fault.SlowDown // Update gave up: the key is too hot
	}
	return fault.Internal
}

// resource names an object in errors.
func resource(b *Bucket, key string) string { return b.Name + "/" + key }
