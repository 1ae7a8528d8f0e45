package soapapi

import (
	"errors"
	"net/http"
	"os"
	"unicode"
	"unicode/utf8"

	"shoal/core/fault"
	"shoal/wire/soap"
)

// apiError is an error as it is told. Its cause, if any, is for the log only.
type apiError struct {
	code    code
	message string
	detail  []soap.Detail
	err     error
}

// errorOf returns the error of a code. An empty message is the code's own.
func errorOf(c code, message string, detail ...soap.Detail) *apiError {
	if message == "" {
		message = c.row().message
	}
	return &apiError{code: c, message: message, detail: detail}
}

func (e *apiError) Error() string {
	if e.err != nil {
		return string(e.code) + ": " + e.err.Error()
	}
	return string(e.code) + ": " + e.message
}

func (e *apiError) Unwrap() error { return e.err }

// faultCode is the code with its prefix: whose fault it is (S3 API reference, Error responses, SOAP fault code prefix).
func (e *apiError) faultCode() string {
	switch {
	case e.code == codeMustUnderstand || e.code == codeVersionMismatch:
		return string(e.code) // those of SOAP itself (SOAP 1.1, 4.4.1)
	case e.code.row().status >= http.StatusInternalServerError:
		return "Server." + string(e.code)
	}
	return "Client." + string(e.code)
}

// invalidArgument is InvalidArgument about one element of a request.
func invalidArgument(message, name, value string) *apiError {
	return errorOf(codeInvalidArgument, message, soap.Detail{Name: "ArgumentName", Value: name}, soap.Detail{Name: "ArgumentValue", Value: value})
}

func malformed(message string) *apiError { return errorOf(codeMalformedXML, message) }

// describe turns any error into what the client of c is told.
func describe(c *call, err error) *apiError {
	e := translate(err)
	if len(e.detail) > 0 {
		return e
	}
	switch e.code {
	case codeNoSuchBucket, codeBucketAlreadyExists, codeBucketAlreadyOwnedByYou, codeBucketNotEmpty, codeInvalidBucketName:
		e.detail = []soap.Detail{{Name: "BucketName", Value: c.bucketName}}
	case codeNoSuchKey:
		e.detail = []soap.Detail{{Name: "Key", Value: c.key}}
	}
	return e
}

// translate is describe without the elements that name what was asked for. What is not known is an internal error,
// whose cause is for the log.
func translate(err error) *apiError {
	var api *apiError
	var message *soap.Error
	var core *fault.Error
	switch {
	case errors.As(err, &api):
		return api
	case errors.As(err, &message):
		return &apiError{code: messageCodes[message.Reason], message: messageCodes[message.Reason].row().message, err: err}
	case !errors.As(err, &core) || core.Kind == fault.Internal:
		return bodyError(err)
	}
	e := errorOf(codeOfKind(core.Kind), "")
	e.err = err
	if core.Err != nil && tellsCause(core.Kind) {
		e.message = sentence(core.Err.Error())
	}
	return e
}

// bodyError tells a client that is too slow, or gone, from faults of ours.
func bodyError(err error) *apiError {
	c := codeInternalError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c = codeRequestTimeout
	case errors.Is(err, errBody):
		c = codeIncompleteBody
	}
	e := errorOf(c, "")
	e.err = err
	return e
}

// tellsCause reports whether the text of the cause is meant for the client (see fault.Error).
func tellsCause(k fault.Kind) bool {
	switch k {
	case fault.InvalidArgument, fault.InvalidRequest, fault.MalformedACL, fault.BadBucketState, fault.InvalidLogTarget:
		return true
	}
	return false
}

// sentence begins text with a capital.
func sentence(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// codeOfKind is the code of a kind of error of the core.
func codeOfKind(k fault.Kind) code {
	if c, ok := kindCodes[k]; ok {
		return c
	}
	return codeInternalError
}
