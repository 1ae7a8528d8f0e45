package peer

import (
	"crypto/rand"
	"strconv"
	"strings"
)

// PeerID names one peer for the life of its process (BEP 3, BEP 20).
type PeerID [20]byte

// ClientCode is the two letters by which other peers know this program (BEP 20).
const ClientCode = "SL"

// peerIDAlphabet has 64 characters, so that a random byte maps to it without bias.
const peerIDAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"

// NewPeerID makes an id of this program: "-SL", the four version characters, "-" and 12 random ones.
// Version characters are digits or letters: "0001" is 0.0.0.1, 'A' stands for 10.
func NewPeerID(version [4]byte) PeerID {
	var id PeerID
	copy(id[:], "-"+ClientCode)
	copy(id[3:], version[:])
	id[7] = '-'
	tail := id[8:]
	rand.Read(tail) // never fails: crypto/rand aborts the process instead
	for i, b := range tail {
		tail[i] = peerIDAlphabet[b%64]
	}
	return id
}

// String shows the id with everything but printable ASCII escaped, for logs.
func (id PeerID) String() string {
	quoted := strconv.QuoteToASCII(string(id[:]))
	return quoted[1 : len(quoted)-1]
}

// UnknownClient is the ClientName of an id that is not in the table.
const UnknownClient = "unknown"

// ClientName returns the name of the program behind id, or UnknownClient. The names are a closed
// set, fit for a metric label. A peer may claim any id: this is for people, not for decisions.
func ClientName(id PeerID) string {
	if azureusStyle(id) {
		return azureusName(string(id[1:3]))
	}
	switch {
	case id[0] == 'M' && mainlineStyle(id):
		return "BitTorrent"
	case id[0] == 'Q' && mainlineStyle(id):
		return "Queen Bee"
	case string(id[:3]) == "-ML":
		return "MLDonkey"
	case string(id[:3]) == "XBT":
		return "XBT Client"
	case string(id[:4]) == "exbc":
		return "BitComet"
	case string(id[:2]) == "OP" && isDigit(id[2]) && isDigit(id[5]):
		return "Opera"
	case string(id[:4]) == "-BOW":
		return "Bits on Wheels"
	case string(id[:3]) == "A2-":
		return "aria2"
	default:
		return UnknownClient
	}
}

// ClientVersion returns the dotted version inside id, or "" where its style carries none.
func ClientVersion(id PeerID) string {
	switch {
	case azureusStyle(id):
		parts := make([]string, 0, 4)
		for _, c := range id[3:7] {
			parts = append(parts, strconv.Itoa(versionDigit(c)))
		}
		return strings.Join(parts, ".")
	case (id[0] == 'M' || id[0] == 'Q') && mainlineStyle(id):
		return dashedVersion(string(id[1:8]))
	case string(id[:3]) == "A2-":
		return dashedVersion(string(id[3:10]))
	default:
		return ""
	}
}

// azureusStyle reports "-XXdddd-", where XX is any two printable characters.
func azureusStyle(id PeerID) bool {
	if id[0] != '-' || id[7] != '-' {
		return false
	}
	for _, c := range id[3:7] {
		if !isDigit(c) && !isLetter(c) {
			return false
		}
	}
	return id[1] > ' ' && id[1] < 0x7f && id[2] > ' ' && id[2] < 0x7f
}

// mainlineStyle reports "M4-3-6--" and "M4-20-8-".
func mainlineStyle(id PeerID) bool {
	if !isDigit(id[1]) || id[7] != '-' {
		return false
	}
	dashes := 0
	for _, c := range id[1:8] {
		switch {
		case c == '-':
			dashes++
		case !isDigit(c):
			return false
		}
	}
	return dashes >= 3
}

// dashedVersion reads up to three numbers divided by dashes: "4-20-8-" is 4.20.8.
func dashedVersion(s string) string {
	var parts []string
	for field := range strings.SplitSeq(s, "-") {
		if _, err := strconv.ParseUint(field, 10, 8); err != nil || len(parts) == 3 {
			break
		}
		parts = append(parts, field)
	}
	return strings.Join(parts, ".")
}

func versionDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	default:
		return int(c-'a') + 36
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
