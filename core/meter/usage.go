package meter

import "strings"

// UsageType is the UsageType column of the usage report: what is counted, and in which unit.
// The numbers are in stored rows: a new type goes at the end, a number is never used again.
type UsageType uint8

// The closed set of usage types. Units are those of the report; the rows of the storage types hold
// finer ones, see docs/format/meter.md.
const (
	RequestsTier1      UsageType = iota // requests: PUT, COPY, POST, LIST
	RequestsTier2                       // requests: GET and all others that are billed
	DataTransferIn                      // bytes of request bodies
	DataTransferOut                     // bytes of response bodies and of torrent payload
	TimedStorage                        // byte-hours; rows hold byte-seconds
	StorageObjectCount                  // objects, on average; rows hold object-seconds

	// sampledSeconds is how long StorageObjectCount was sampled. It is stored, never reported.
	sampledSeconds

	numUsageTypes
)

var usageTypeNames = [numUsageTypes]string{
	RequestsTier1:      "Requests-Tier1",
	RequestsTier2:      "Requests-Tier2",
	DataTransferIn:     "DataTransfer-In-Bytes",
	DataTransferOut:    "DataTransfer-Out-Bytes",
	TimedStorage:       "TimedStorage-ByteHrs",
	StorageObjectCount: "StorageObjectCount",
	sampledSeconds:     "x-sampled-seconds",
}

// String returns the name as the usage report writes it; "" outside the set.
func (t UsageType) String() string {
	if t >= numUsageTypes {
		return ""
	}
	return usageTypeNames[t]
}

// UsageTypes returns the types that a report can hold, in order of number.
func UsageTypes() []UsageType {
	return []UsageType{RequestsTier1, RequestsTier2, DataTransferIn, DataTransferOut, TimedStorage, StorageObjectCount}
}

// ParseUsageType returns the type of that name that a report can hold.
func ParseUsageType(name string) (UsageType, bool) {
	for _, t := range UsageTypes() {
		if t.String() == name {
			return t, true
		}
	}
	return 0, false
}

// Tier is the request class of an event.
type Tier uint8

// The request classes. Requests of TierNone (DELETE, answers that are not billed) make no Requests row.
const (
	TierNone Tier = iota
	Tier1
	Tier2
)

// Source says by which kind of front usage came in. It is kept apart in the rows and added up in the
// report, so that torrent bytes can be shown alone without a change of the totals.
type Source uint8

// The closed set of sources; the numbers are in stored rows. AnySource in an Event counts as REST.
const (
	AnySource  Source = iota
	REST              // the REST API of S3
	BitTorrent        // payload sent to peers
	SOAP              // the SOAP API of S3

	numSources
)

// Sources returns the closed set, without AnySource.
func Sources() []Source {
	all := make([]Source, 0, numSources-1)
	for s := AnySource + 1; s < numSources; s++ {
		all = append(all, s)
	}
	return all
}

// String returns a name for logs.
func (s Source) String() string {
	switch s {
	case REST:
		return "rest"
	case BitTorrent:
		return "bittorrent"
	case SOAP:
		return "soap"
	default:
		return "any"
	}
}

// Protocol returns the name in the report's column Protocol; "" for AnySource, which what is stored has.
func (s Source) Protocol() string {
	if s == AnySource {
		return ""
	}
	return strings.ToUpper(s.String())
}
