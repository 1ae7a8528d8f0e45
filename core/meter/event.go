package meter

import (
	"math"
	"time"

	"shoal/core/accesslog"
)

// maxName bounds Account and Bucket of an event in bytes: longer than any account id or bucket name,
// and short enough that every commit stays within the limits of the key-value store.
const maxName = 512

// maxSeconds bounds the time of an event, in Unix seconds: the hour fits 32 bits.
const maxSeconds = math.MaxUint32 * secondsPerHour

// Event is usage that one front saw once. It is passed by value and not kept.
type Event struct {
	At        time.Time // decides the hour; coarse is fine; zero is now
	Account   string    // canonical id of who pays: the owner of the bucket
	Bucket    string    // "" when there is none, or none that exists: never a name that only a client made up
	Operation Operation
	Tier      Tier
	Source    Source
	Requests  int64
	BytesIn   int64
	BytesOut  int64
	Log       Log       // zero when the bucket has no access log
	Transfer  *Transfer // that brought BytesOut, by its InEvent: it ends with the event
}

// Log is what one event says in the access log of its bucket. It becomes durable in the commit that counts the event,
// or not at all, so that log and usage report agree whatever happens. Lines over accesslog.MaxLines come in several commits,
// in order, of which the first counts the event: what is counted stands in the first record.
type Log struct {
	Lines  []byte            // whole records, each with its line feed; nil for none. Copied
	Target *accesslog.Target // where they are delivered; nil for none. Shared, not changed
	Owner  string            // canonical id of the owner of the bucket; "" is the event's Account
}

// Recorder takes usage events. Record does not fail and does no I/O: it is on the path of every request.
type Recorder interface {
	Record(Event)
}

// valid reports whether e can be counted: bounded names, known operation and source, nothing negative.
func (e *Event) valid() bool {
	return len(e.Account) <= maxName && len(e.Bucket) <= maxName &&
		e.Operation.known() && e.Source < numSources && e.Tier <= Tier2 &&
		e.Requests >= 0 && e.BytesIn >= 0 && e.BytesOut >= 0 &&
		e.At.Unix() >= 0 && e.At.Unix() < maxSeconds
}
