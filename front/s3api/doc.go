// Package s3api is the S3 REST front.
//
// One request goes one way: ServeHTTP -> parseTarget (bucket and key, path or virtual-host style) ->
// parseClaim (how it says it is signed, and the query) -> match (a row of the operations table, ops.go) ->
// authenticate (wire/sigv4 and accounts; opens the body) -> load (bucket and version, in one read) ->
// authorise (core/access) -> the row's handler -> render, which alone writes the answer, and then meters and
// logs it.
//
// A handler returns (response, error) and touches neither the ResponseWriter nor the meter. Errors of the
// core and of wire/sigv4 become S3 codes in error_tables.go. Everything from outside is bounded in limits.go.
// A key is bytes and never a path: the Handler must not stand behind a mux that cleans paths.
//
// A Handler is safe for concurrent use; a call belongs to the goroutine of its request.
package s3api
