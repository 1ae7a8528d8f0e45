package notification

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"shoal/core/object"
)

// kafka produces to a topic: kafka://HOST:PORT/TOPIC, further brokers as broker=HOST:PORT. All replicas in sync
// acknowledge a record; its key is the object's, so that one partition has the events of an object, in order.
type kafka struct {
	client *kgo.Client
}

func newKafka(s Spec) (*kafka, error) {
	q, err := parameters(s.URL, "broker", "sasl")
	if err != nil {
		return nil, err
	}
	topic := strings.Trim(s.URL.Path, "/")
	if topic == "" || strings.Contains(topic, "/") {
		return nil, errors.New("the URL must end with a topic")
	}
	options := []kgo.Opt{
		kgo.ClientID("shoal"), kgo.SeedBrokers(append([]string{s.URL.Host}, q["broker"]...)...), kgo.DefaultProduceTopic(topic),
		kgo.ProducerLinger(0), kgo.RecordDeliveryTimeout(sendTimeout), kgo.MaxBufferedRecords(4 * object.EventLanes),
	}
	if s.URL.Scheme == "kafka+tls" {
		options = append(options, kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	mechanism, err := saslOf(q, s.Secret)
	if err != nil {
		return nil, err
	}
	if mechanism != nil {
		options = append(options, kgo.SASL(mechanism))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	return &kafka{client}, nil
}

// saslOf is how to sign in with the secret USER:PASSWORD; nil without one.
func saslOf(q url.Values, secret string) (sasl.Mechanism, error) {
	user, password, isPair := strings.Cut(secret, ":")
	switch name := q.Get("sasl"); {
	case secret == "" && name == "":
		return nil, nil
	case !isPair:
		return nil, errors.New("the secret must be USER:PASSWORD")
	case name == "" || name == "scram-sha-512":
		return scram.Auth{User: user, Pass: password}.AsSha512Mechanism(), nil
	case name == "scram-sha-256":
		return scram.Auth{User: user, Pass: password}.AsSha256Mechanism(), nil
	case name == "plain":
		return plain.Auth{User: user, Pass: password}.AsMechanism(), nil
	default:
		return nil, fmt.Errorf("sasl must be plain, scram-sha-256 or scram-sha-512, not %q", name)
	}
}

// Send implements Target.
func (k *kafka) Send(ctx context.Context, m Message) error {
	return k.client.ProduceSync(ctx, &kgo.Record{Key: []byte(m.Key), Value: m.JSON}).FirstErr()
}

// Close implements Target.
func (k *kafka) Close() { k.client.Close() }
