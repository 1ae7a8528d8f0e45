package object

import (
	"encoding/binary"
	"fmt"

	"shoal/storage/kv"
	"shoal/storage/kv/tuple"
)

const secondsPerHour = 3600

// history is what changed in one hour in the usage of a bucket. What is stored is linear in the changes, so what was
// stored for how long at any time follows from what is stored now and the histories since.
type history [numCells]change

// change is the sum of deltas, and of each times the seconds of the hour before it.
type change struct {
	held
	objectMoment, byteMoment moment
}

// add takes in a delta that came seconds after the start of the hour. The order does not matter.
func (h *history) add(u usage, seconds int64) {
	for c, d := range u {
		if d == (held{}) {
			continue
		}
		h[c].held = h[c].held.plus(d)
		h[c].objectMoment = h[c].objectMoment.plus(times(d.objects, seconds))
		h[c].byteMoment = h[c].byteMoment.plus(times(d.bytes, seconds))
	}
}

// plus adds the changes of another part of the same hour.
func (h *history) plus(g *history) {
	for c := range h {
		h[c].held = h[c].held.plus(g[c].held)
		h[c].objectMoment = h[c].objectMoment.plus(g[c].objectMoment)
		h[c].byteMoment = h[c].byteMoment.plus(g[c].byteMoment)
	}
}

// between returns the objects and bytes that a cell held, times the seconds that it did, from the second from of the hour
// until to, exclusive. end is what it held when the hour ended; there is no change of the hour outside from and to.
func (c *change) between(end held, from, to int64) (objects, bytes moment) {
	start := end.minus(c.held)
	objects = times(end.objects, to).minus(c.objectMoment).minus(times(start.objects, from))
	bytes = times(end.bytes, to).minus(c.byteMoment).minus(times(start.bytes, from))
	return objects, bytes
}

// usage is the sum of the changes.
func (h *history) usage() (u usage) {
	for c := range h {
		u[c] = h[c].held
	}
	return u
}

// historyFormat starts the value of a history row.
const historyFormat = 1

func encodeHistory(h *history) []byte {
	b := append(make([]byte, 0, 64), historyFormat)
	for c := range h {
		if h[c] == (change{}) {
			continue
		}
		b = appendHeld(append(b, byte(c)), h[c].held)
		b = h[c].byteMoment.append(h[c].objectMoment.append(b))
	}
	return b
}

func decodeHistory(b []byte) (*history, error) {
	if len(b) == 0 || b[0] != historyFormat {
		return nil, fmt.Errorf("%w: history", errUsageRow)
	}
	h := new(history)
	err := eachCell(b[1:], func(c cell, b []byte) (rest []byte, err error) {
		if h[c].held, b, err = readHeld(b); err != nil {
			return nil, err
		}
		if len(b) < 2*momentSize {
			return nil, errUsageRow
		}
		h[c].objectMoment, h[c].byteMoment = readMoment(b), readMoment(b[momentSize:])
		return b[2*momentSize:], nil
	})
	return h, err
}

// historyPrefix starts the history rows of a bucket, in order of hour.
func historyPrefix(id BucketID) []byte { return append(key(kindHistory, len(id)+8), id[:]...) }

// historyKey names an hour, in hours since 1970.
func historyKey(id BucketID, hour int64) []byte {
	return tuple.AppendUint64(historyPrefix(id), uint64(hour))
}

func parseHistoryKey(row []byte) (id BucketID, hour int64, err error) {
	raw, err := rawKey(kindHistory, row)
	if err != nil {
		return id, 0, err
	}
	copy(id[:], row[1:])
	d := tuple.NewDecoder(raw)
	hour = int64(d.Uint64())
	return id, hour, d.Done()
}

// historyStartKey names the row that says when the history of the store begins.
func historyStartKey() []byte { return []byte{kindHistory} }

// startHistory notes, in the first commit to a store, or in the first after one by a program without histories, from which
// second on they are whole. It returns that second.
func startHistory(tx *kv.Tx, row kv.Row, now int64) (start int64, err error) {
	if !row.Exists() {
		tx.Put(historyStartKey(), binary.BigEndian.AppendUint64([]byte{historyFormat}, uint64(now)))
		return now, nil
	}
	if len(row.Value) != 1+8 || row.Value[0] != historyFormat {
		return 0, fmt.Errorf("%w: start of the history", errUsageRow)
	}
	return int64(binary.BigEndian.Uint64(row.Value[1:])), nil
}
