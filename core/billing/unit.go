package billing

import "fmt"

// bytesPerGB: AWS's GB is 2^30 bytes (S3 developer guide, Understanding your AWS billing and usage reports).
const bytesPerGB = 1 << 30

// Unit is what a rate counts in.
type Unit uint8

// The closed set of units.
const (
	Requests Unit = iota // one request, or one of anything that is counted
	GB                   // 2^30 bytes sent or received
	GBMonth              // 2^30 bytes held for all of a month, however many days it has
)

var unitNames = [...]string{Requests: "requests", GB: "GB", GBMonth: "GB-month"}

// String returns the name as a plan has it.
func (u Unit) String() string { return unitNames[u] }

func parseUnit(s string) (Unit, error) {
	for u, name := range unitNames {
		if s == name {
			return Unit(u), nil
		}
	}
	return 0, fmt.Errorf("%q is not requests, GB or GB-month", s)
}

// size returns what the usage report counts for one u in m: requests, bytes or byte-hours.
func (u Unit) size(m Month) int64 {
	switch u {
	case GB:
		return bytesPerGB
	case GBMonth:
		return bytesPerGB * m.hours()
	default:
		return 1
	}
}
