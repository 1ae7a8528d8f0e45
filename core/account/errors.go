package account

import (
	"context"
	"errors"
	"fmt"

	"shoal/core/fault"
	"shoal/storage/kv"
)

// wrap makes err, which may come from the engine, a *fault.Error of the operation.
func wrap(op, resource string, err error) error {
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.New(op, resource, fault.Canceled, err)
	case errors.Is(err, kv.ErrNoSpace):
		return fault.New(op, resource, fault.NoSpace, err)
	case errors.Is(err, kv.ErrConflict):
		return fault.New(op, resource, fault.ConditionalConflict, err)
	case errors.Is(err, kv.ErrTooLarge):
		return fault.New(op, resource, fault.LimitExceeded, errors.New("what is stored of it is too large"))
	}
	return fault.New(op, resource, fault.Internal, err)
}

// invalid makes err a fault of the request, unless it has a kind of its own.
func invalid(op, resource string, err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fault.New(op, resource, fault.InvalidArgument, err)
}

// told is an error in the words of AWS, which end as AWS ends them.
type told string

func (t told) Error() string { return string(t) }

// tell returns the error of a message of AWS.
func tell(format string, args ...any) error { return told(fmt.Sprintf(format, args...)) }
