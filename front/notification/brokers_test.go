package notification

import (
	"context"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// startNATS runs a NATS server with JetStream, which wants a user, and returns a connection to it.
func startNATS(t *testing.T) (address string, conn *nats.Conn) {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{
		Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
		Username: "user", Password: "password",
	})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the NATS server did not start")
	}
	conn, err = nats.Connect(s.ClientURL(), nats.UserInfo("user", "password"), nats.Timeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return s.Addr().String(), conn
}

func (w *world) putFive(t *testing.T) {
	t.Helper()
	for size := range 5 {
		w.put(t, "k", size)
	}
}

// TestJetStream: a stream gets the events, and the same one only once.
func TestJetStream(t *testing.T) {
	address, conn := startNATS(t)
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	w, in := newWorld(t), newInbox()
	w.putFive(t)
	s := spec(t, "t", "nats://"+address+"/s3.events")
	s.Secret = "user:password"
	to, err := open(s) // there is no stream: nobody acknowledges
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if err := to.Send(t.Context(), Message{ID: "1", JSON: []byte("x")}); err == nil {
		t.Error("a message that no stream keeps was acknowledged")
	}
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S3", Subjects: []string{"s3.>"}})
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := stream.CreateOrUpdateConsumer(t.Context(), jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy})
	if err != nil {
		t.Fatal(err)
	}
	_, stop := w.deliver(t, s)
	for range 5 {
		m, err := consumer.Next(jetstream.FetchMaxWait(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if err := in.take(m.Data()); err != nil {
			t.Error(err)
		}
	}
	if sizes := inOrder(t, in.next(t, 5))["k"]; len(sizes) != 5 {
		t.Errorf("sizes %v, want five", sizes)
	}
	w.drained(t)
	stop()
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 2 {
		if err := to.Send(patient, Message{ID: "again", JSON: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := stream.Info(t.Context()); err != nil || info.State.Msgs != 6 {
		t.Errorf("the stream has %+v, %v, want 6 messages", info, err)
	}
}

// TestCoreNATS: with jetstream=off who subscribes gets the events.
func TestCoreNATS(t *testing.T) {
	address, conn := startNATS(t)
	w, in := newWorld(t), newInbox()
	if _, err := conn.Subscribe("s3", func(m *nats.Msg) {
		if err := in.take(m.Data); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	w.putFive(t)
	s := spec(t, "t", "nats://"+address+"/s3?jetstream=off")
	s.Secret = "user:password"
	w.deliver(t, s)
	inOrder(t, in.next(t, 5))
}

// TestKafka: a topic gets the events, those of a key in one partition; it signs in by SASL.
func TestKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "s3"), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "user", "password"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	w, in := newWorld(t), newInbox()
	w.putFive(t)
	w.put(t, "other", 9)
	s := spec(t, "t", "kafka://"+cluster.ListenAddrs()[0]+"/s3")
	s.Secret = "user:password"
	_, stop := w.deliver(t, s)
	mechanism, err := saslOf(nil, s.Secret)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.SASL(mechanism), kgo.ConsumeTopics("s3"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	partitions := map[string]int32{}
	for n := 0; n < 6; {
		client.PollFetches(t.Context()).EachRecord(func(r *kgo.Record) {
			n++
			if p, known := partitions[string(r.Key)]; known && p != r.Partition {
				t.Errorf("events of %s in partitions %d and %d", r.Key, p, r.Partition)
			}
			partitions[string(r.Key)] = r.Partition
			if err := in.take(r.Value); err != nil {
				t.Error(err)
			}
		})
	}
	sizes := inOrder(t, in.next(t, 6))
	if len(sizes["k"]) != 5 || len(sizes["other"]) != 1 || len(partitions) != 2 {
		t.Errorf("sizes %v in partitions %v", sizes, partitions)
	}
	w.drained(t)
	stop()
}
