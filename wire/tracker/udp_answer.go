package tracker

import (
	"encoding/binary"
	"math"
)

// Peers in one UDP answer to an announce, so that it fits an Ethernet frame: 1472 bytes, 1452 over IPv6.
const (
	MaxUDPPeers4 = 200
	MaxUDPPeers6 = 79

	// MaxUDPAnswer holds every answer.
	MaxUDPAnswer = announceAnswerSize + MaxUDPPeers6*compactSize6
)

// announceAnswerSize is the bytes of an answer to an announce before its peers (BEP 15).
const announceAnswerSize = 20

// Family says which addresses a UDP answer to an announce carries: those of the protocol that the
// request came by (BEP 15).
type Family uint8

// The families.
const (
	IPv4 Family = 4
	IPv6 Family = 6
)

// AppendConnect appends the answer to a connect request. It is as long as the request.
func AppendConnect(dst []byte, transactionID uint32, connectionID uint64) []byte {
	dst = appendUDPHeader(dst, ActionConnect, transactionID)
	return binary.BigEndian.AppendUint64(dst, connectionID)
}

// AppendUDPAnswer appends the answer to an announce; it may go out only after the connection id was
// verified, being longer than the request. Peers of the other family and those beyond
// MaxUDPPeers4 or MaxUDPPeers6 are left out, and so is what BEP 15 has no field for.
func AppendUDPAnswer(dst []byte, transactionID uint32, a *Answer, family Family) []byte {
	dst = appendUDPHeader(dst, ActionAnnounce, transactionID)
	dst = appendCount(dst, seconds(a.Interval))
	dst = appendCount(dst, a.Incomplete)
	dst = appendCount(dst, a.Complete)
	if family == IPv6 {
		return appendFamily(dst, a.Peers, false, MaxUDPPeers6)
	}
	return appendFamily(dst, a.Peers, true, MaxUDPPeers4)
}

// AppendUDPScrape appends the answer to a scrape: files in the order of the request, at most
// MaxScrape. It is shorter than the request.
func AppendUDPScrape(dst []byte, transactionID uint32, files []Scrape) []byte {
	dst = appendUDPHeader(dst, ActionScrape, transactionID)
	for i := range files[:min(len(files), MaxScrape)] {
		dst = appendCount(dst, files[i].Complete)
		dst = appendCount(dst, files[i].Downloaded)
		dst = appendCount(dst, files[i].Incomplete)
	}
	return dst
}

// AppendUDPError appends an error answer. An error must never be longer than the request that
// caused it, or the tracker amplifies spoofed traffic: message is cut to that. requestLen is the
// length of the request, at least the 16 bytes of a header.
func AppendUDPError(dst []byte, transactionID uint32, message string, requestLen int) []byte {
	dst = appendUDPHeader(dst, ActionError, transactionID)
	return append(dst, message[:min(len(message), max(requestLen-udpHeaderSize, 0))]...)
}

// udpHeaderSize is the bytes of action and transaction id.
const udpHeaderSize = 8

func appendUDPHeader(dst []byte, action Action, transactionID uint32) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(action))
	return binary.BigEndian.AppendUint32(dst, transactionID)
}

// appendCount clamps to the 32 bits of the protocol; clients read them as signed.
func appendCount(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(max(0, min(n, math.MaxInt32))))
}
