package iamapi

import "time"

const (
	// maxRequests bounds what is served at the same time: users are managed by few.
	maxRequests = 64
	// bodyTimeout is for the body of a request, answerTimeout for its answer.
	bodyTimeout   = 30 * time.Second
	answerTimeout = 30 * time.Second

	maxPage     = 1000 // entries of one page (IAM)
	defaultPage = 100
)
