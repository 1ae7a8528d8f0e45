package torrent

const (
	// MinPieceLength keeps the per-piece cost of small torrents (52 bytes of hashes, one HAVE
	// per peer) below one part in five thousand.
	MinPieceLength = 256 << 10
	// MaxPieces bounds a torrent file at 3.4 MB and a bitfield at 8 KiB; some clients load no more.
	MaxPieces = 65536

	// usualPieces is the number of pieces a torrent has at most while its pieces may grow:
	// enough for a swarm of hundreds to work in parallel, few enough to keep the metadata small.
	usualPieces = 2048
	// usualPieceLength is the longest piece that PieceLength chooses for the sake of
	// usualPieces. Longer ones delay the first verified byte; only MaxPieces forces them.
	usualPieceLength = 128 << 20
)

// PieceLength returns the piece length in bytes for an object of size bytes: a power of two from
// 256 KiB. From 128 MiB up to 256 GiB there are 512 to 2048 pieces, which makes pieces of at most
// 16 MiB up to 32 GiB and of 128 MiB at the end. Beyond, pieces stay at 128 MiB until there are
// 65,536 of them (8 TiB), and then grow so that there are never more. A change of this function
// changes the infohash of every object not yet published.
func PieceLength(size int64) int64 {
	n := int64(MinPieceLength)
	for n < usualPieceLength && pieces(size, n) > usualPieces {
		n *= 2
	}
	for pieces(size, n) > MaxPieces {
		n *= 2
	}
	return n
}

// pieces returns the number of pieces of length n in size bytes, without overflow.
func pieces(size, n int64) int64 {
	count := size / n
	if size%n != 0 {
		count++
	}
	return count
}

// validPieceLength: BEP 52 "must be a power of two and at least 16KiB".
func validPieceLength(n int64) bool {
	return n >= BlockSize && n&(n-1) == 0
}
