package meter

import "strings"

// UsageType is the UsageType column of the usage report: what is counted, and in which unit.
// The numbers are in stored rows: a new type goes at the end, a number is never used again.
type UsageType uint8

// The closed set of usage types. Units are those of the report. Storage has no rows, a StorageSource tells of it; those of
// programs that sampled it are read.
const (
	RequestsTier1      UsageType = iota // requests: PUT, COPY, POST, LIST
	RequestsTier2                       // requests: GET and all others that are billed
	DataTransferIn                      // bytes of request bodies
	DataTransferOut                     // bytes of response bodies and of torrent payload
	TimedStorage                        // byte-hours of class STANDARD
	StorageObjectCount                  // objects, on average

	// sampledSeconds is how long storage was sampled, in rows of programs that did. It is never reported.
	sampledSeconds

	// Byte-hours of other storage classes than STANDARD.
	TimedStorageRRS   // REDUCED_REDUNDANCY
	TimedStorageSIA   // STANDARD_IA
	TimedStorageZIA   // ONEZONE_IA
	TimedStorageINTFA // INTELLIGENT_TIERING, whose objects stay in the frequent access tier
	TimedStorageGIR   // GLACIER_IR

	numUsageTypes

	numRecorded = DataTransferOut + 1 // the types of events
)

var usageTypeNames = [numUsageTypes]string{
	RequestsTier1:      "Requests-Tier1",
	RequestsTier2:      "Requests-Tier2",
	DataTransferIn:     "DataTransfer-In-Bytes",
	DataTransferOut:    "DataTransfer-Out-Bytes",
	TimedStorage:       "TimedStorage-ByteHrs",
	StorageObjectCount: "StorageObjectCount",
	sampledSeconds:     "x-sampled-seconds",
	TimedStorageRRS:    "TimedStorage-RRS-ByteHrs",
	TimedStorageSIA:    "TimedStorage-SIA-ByteHrs",
	TimedStorageZIA:    "TimedStorage-ZIA-ByteHrs",
	TimedStorageINTFA:  "TimedStorage-INT-FA-ByteHrs",
	TimedStorageGIR:    "TimedStorage-GIR-ByteHrs",
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
	all := make([]UsageType, 0, numUsageTypes)
	for t := range numUsageTypes {
		if t != sampledSeconds {
			all = append(all, t)
		}
	}
	return all
}

// timed reports whether t is byte-hours.
func (t UsageType) timed() bool {
	return t == TimedStorage || t >= TimedStorageRRS && t <= TimedStorageGIR
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
