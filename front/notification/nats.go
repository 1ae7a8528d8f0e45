package notification

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsTarget publishes to a subject: nats://HOST:PORT/SUBJECT. Through JetStream a stream acknowledges a message; with
// jetstream=off it is core NATS, where the server has it, and only who subscribes at that moment.
type natsTarget struct {
	conn    *nats.Conn
	stream  jetstream.JetStream // nil with jetstream=off
	subject string
}

func newNATS(s Spec) (*natsTarget, error) {
	q, err := parameters(s.URL, "jetstream")
	if err != nil {
		return nil, err
	}
	t := &natsTarget{subject: strings.Trim(s.URL.Path, "/")}
	if t.subject == "" || strings.ContainsAny(t.subject, " */>") {
		return nil, errors.New("the URL must end with a subject, without wildcards")
	}
	options := []nats.Option{
		nats.Name("shoal"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectBufSize(-1), // what cannot be sent now is tried again from the queue
	}
	scheme := "nats://"
	if s.URL.Scheme == "nats+tls" {
		scheme = "tls://"
	}
	switch user, password, isPair := strings.Cut(s.Secret, ":"); {
	case s.Secret == "":
	case isPair:
		options = append(options, nats.UserInfo(user, password))
	default:
		options = append(options, nats.Token(s.Secret))
	}
	if t.conn, err = nats.Connect(scheme+s.URL.Host, options...); err != nil {
		return nil, err
	}
	switch q.Get("jetstream") {
	case "off":
	case "", "on":
		t.stream, err = jetstream.New(t.conn)
	default:
		err = errors.New("jetstream must be on or off")
	}
	if err != nil {
		t.conn.Close()
		return nil, err
	}
	return t, nil
}

// Send implements Target.
func (t *natsTarget) Send(ctx context.Context, m Message) error {
	if t.stream != nil {
		// A stream drops what it had already, within its window.
		_, err := t.stream.Publish(ctx, t.subject, m.JSON, jetstream.WithMsgID(m.ID))
		return err
	}
	if err := t.conn.Publish(t.subject, m.JSON); err != nil {
		return err
	}
	return t.conn.FlushWithContext(ctx)
}

// Close implements Target.
func (t *natsTarget) Close() { t.conn.Close() }
