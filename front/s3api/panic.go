package s3api

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// abortPanic is deferred around the serving of a request. A panic is a broken invariant of ours: it is logged
// as such, where net/http would log it at debug with the noise of connections, and the connection is cut, as
// nobody knows how much of an answer is out.
func (h *Handler) abortPanic(c *call) {
	p := recover()
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler {
		h.o.Logger.LogAttrs(c.ctx, slog.LevelError, "s3 request panicked", slog.String("request_id", c.requestID),
			slog.String("operation", c.operationName()), slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
	}
	panic(http.ErrAbortHandler)
}
