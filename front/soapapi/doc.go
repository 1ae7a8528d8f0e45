// Package soapapi serves the SOAP API of S3, 2006-03-01.
//
// Flow: server hands over what Serves names, beside S3 on the same address, in one of the places of S3's requests
// (s3api.Handler.Share). ServeHTTP reads the envelope (wire/soap), finds the row of the table of operations (ops.go),
// authenticates (core/account), looks up bucket and object, authorises (core/access), calls the handler and renders.
//
// Invariants: an envelope is bounded and read whole before anything is done, an attachment is read as it comes. Who asks,
// and what he may do, is decided as for REST; what a policy asks of headers that SOAP has not counts against the request.
//
// A Handler is safe for concurrent use.
package soapapi
