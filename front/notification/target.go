package notification

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Spec is one target as the operator has configured it.
type Spec struct {
	Name   string   // nameForm
	URL    *url.URL // its scheme says the kind
	Secret string   // "" for none: see docs/operations.md
}

// Target takes events. Send returns nil once the target has acknowledged the message: then it is not sent again. It is
// called by several goroutines.
type Target interface {
	Send(ctx context.Context, m Message) error
	// Close gives up what the Target holds.
	Close()
}

// Message is one event on its way.
type Message struct {
	Key  string // bucket/key: messages of one key stay in order
	ID   string // the same each time that the message is sent
	JSON []byte
}

// sendTimeout bounds one Send, so that a target that hangs is tried again.
const sendTimeout = 15 * time.Second

// kinds are the last part of an ARN by scheme. Never written.
var kinds = map[string]string{
	"http": "webhook", "https": "webhook",
	"nats": "nats", "nats+tls": "nats",
	"kafka": "kafka", "kafka+tls": "kafka",
}

// services are under which a target may be named: a queue, a topic or a function of AWS. Never written.
var services = []string{"sqs", "sns", "lambda"}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// check says what is wrong with s, nil when nothing is.
func (s *Spec) check() error {
	switch {
	case !nameForm.MatchString(s.Name):
		return errors.New("the name must have 1 to 32 letters, digits, - or _")
	case kinds[s.URL.Scheme] == "":
		return errors.New("the scheme must be http, https, nats, nats+tls, kafka or kafka+tls")
	case s.URL.Host == "" || s.URL.User != nil || s.URL.Fragment != "":
		return errors.New("the URL must have a host, and neither user nor fragment")
	}
	return nil
}

// ARN returns how a configuration names the target as a queue: arn:shoal:sqs::NAME:KIND.
func (s *Spec) ARN() string { return "arn:shoal:sqs::" + s.Name + ":" + kinds[s.URL.Scheme] }

// Find returns the name of the target among specs that an ARN stands for, "" when there is none. The region in it may be
// left out.
func Find(specs []Spec, region, arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[1] != "shoal" || !slices.Contains(services, parts[2]) || parts[3] != "" && parts[3] != region {
		return ""
	}
	for i := range specs {
		if s := &specs[i]; s.Name == parts[4] && kinds[s.URL.Scheme] == parts[5] {
			return s.Name
		}
	}
	return ""
}

// open makes the Target of s, whether it can be reached or not.
func open(s Spec) (Target, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("event target %s: %w", s.Name, err)
	}
	var t Target
	var err error
	switch kinds[s.URL.Scheme] {
	case "webhook":
		t = newWebhook(s)
	case "nats":
		t, err = newNATS(s)
	default:
		t, err = newKafka(s)
	}
	if err != nil {
		return nil, fmt.Errorf("event target %s: %w", s.Name, err)
	}
	return t, nil
}

// parameters reads the query of a target's URL, which may have these parameters and no others.
func parameters(u *url.URL, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, err
	}
	for name := range values {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown parameter %q in the URL", name)
		}
	}
	return values, nil
}
