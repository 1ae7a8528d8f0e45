package iamapi

import (
	"errors"
	"net/http"
	"strings"

	"shoal/core/fault"
)

// code is an error code of IAM or STS ("Common errors" and the errors of each action in their API references).
type code string

const (
	codeAccessDenied     code = "AccessDenied"
	codeConcurrent       code = "ConcurrentModification"
	codeDeleteConflict   code = "DeleteConflict"
	codeExists           code = "EntityAlreadyExists"
	codeExpiredToken     code = "ExpiredToken"
	codeExpiredWeb       code = "ExpiredTokenException"
	codeIDPConnection    code = "OpenIdIdpCommunicationError"
	codeIncomplete       code = "IncompleteSignature"
	codeInternal         code = "InternalFailure"
	codeInvalidAction    code = "InvalidAction"
	codeInvalidClient    code = "InvalidClientTokenId"
	codeInvalidInput     code = "InvalidInput"
	codeInvalidWeb       code = "InvalidIdentityToken"
	codeLimit            code = "LimitExceeded"
	codeMalformedInput   code = "MalformedInput"
	codeMalformedPolicy  code = "MalformedPolicyDocument"
	codeMalformedQuery   code = "MalformedQueryString"
	codeMissingParameter code = "MissingParameter"
	codeMissingToken     code = "MissingAuthenticationToken"
	codeNoSuchEntity     code = "NoSuchEntity"
	codeNotImplemented   code = "NotImplemented"
	codeSignature        code = "SignatureDoesNotMatch"
	codeUnavailable      code = "ServiceUnavailable"
	codeUnmodifiable     code = "UnmodifiableEntity"
	codeValidation       code = "ValidationError"
)

// status returns the HTTP status of c.
func (c code) status() int {
	switch c {
	case codeAccessDenied, codeExpiredToken, codeInvalidClient, codeMissingToken, codeSignature:
		return http.StatusForbidden
	case codeNoSuchEntity:
		return http.StatusNotFound
	case codeConcurrent, codeDeleteConflict, codeExists, codeLimit:
		return http.StatusConflict
	case codeInternal:
		return http.StatusInternalServerError
	case codeNotImplemented:
		return http.StatusNotImplemented
	case codeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// apiError is an error as it is told. Its cause, if any, is for the log only.
type apiError struct {
	code    code
	message string // may be empty
	err     error
	answer  int // the HTTP status, when it is not that of the code
}

func (e *apiError) status() int {
	if e.answer != 0 {
		return e.answer
	}
	return e.code.status()
}

func errorOf(c code, message string) *apiError { return &apiError{code: c, message: message} }

func (e *apiError) Error() string {
	if e.err != nil {
		return string(e.code) + ": " + e.err.Error()
	}
	return string(e.code) + ": " + e.message
}

func (e *apiError) Unwrap() error { return e.err }

// translate turns any error into what the client is told. What is not known is an internal failure, whose cause is
// for the log.
func translate(err error) *apiError {
	var api *apiError
	var core *fault.Error
	switch {
	case errors.As(err, &api):
		return api
	case errors.As(err, &core):
		row, ok := kindCodes[core.Kind]
		if !ok {
			row = kindCodes[fault.Internal]
		}
		if core.Err != nil && row.message == "" {
			row.message = upperFirst(core.Err.Error())
		}
		return &apiError{code: row.code, message: row.message, err: err}
	}
	return &apiError{code: codeInternal, message: internalMessage, err: err}
}

// upperFirst makes the text of an error a sentence as AWS writes it.
func upperFirst(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }

const (
	internalMessage = "The request processing has failed because of an unknown error, exception or failure."
	invalidToken    = "The security token included in the request is invalid."
)

// errorRow is what goes out for a kind of error. An empty message is the text of the cause.
type errorRow struct {
	code    code
	message string
}

// kindCodes is the row of every kind of error that the core answers here; the others are internal. Never written.
var kindCodes = map[fault.Kind]errorRow{
	fault.Internal:            {codeInternal, internalMessage},
	fault.AccessDenied:        {codeAccessDenied, ""},
	fault.InvalidArgument:     {codeValidation, ""},
	fault.InvalidRequest:      {codeInvalidInput, ""},
	fault.MalformedPolicy:     {codeMalformedPolicy, ""},
	fault.NoSuchEntity:        {codeNoSuchEntity, ""},
	fault.AlreadyExists:       {codeExists, ""},
	fault.DeleteConflict:      {codeDeleteConflict, ""},
	fault.LimitExceeded:       {codeLimit, ""},
	fault.NoSuchAccessKey:     {codeInvalidClient, invalidToken},
	fault.InvalidToken:        {codeInvalidClient, invalidToken},
	fault.ExpiredToken:        {codeExpiredToken, "The security token included in the request is expired"},
	fault.ConditionalConflict: {codeConcurrent, "Another change of the same was made at the same time. Try again."},
	fault.SlowDown:            {codeUnavailable, "Too many requests are being served."},
	fault.NoSpace:             {codeUnavailable, "There is no space left to store it."},
	fault.Canceled:            {codeUnavailable, "The request was given up."},
}
