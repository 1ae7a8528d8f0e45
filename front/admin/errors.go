package admin

import (
	"net/http"

	"shoal/core/fault"
)

// statusOf is the one table from a kind of fault to an HTTP status. Kinds that this API cannot meet,
// and new ones, are 500.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.AccessDenied, fault.QuotaExceeded:
		return http.StatusForbidden
	case fault.InvalidArgument, fault.InvalidRequest, fault.LimitExceeded:
		return http.StatusBadRequest
	case fault.NoSuchBucket, fault.NoSuchUser, fault.NoSuchAccessKey, fault.NoSuchEntity:
		return http.StatusNotFound
	case fault.AlreadyExists:
		return http.StatusConflict
	case fault.NoSpace:
		return http.StatusInsufficientStorage
	case fault.SlowDown, fault.Canceled:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
