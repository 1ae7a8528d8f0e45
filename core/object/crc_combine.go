package object

import "hash/crc32"

// crc64NVMEPoly is the polynomial of CRC-64/NVME, reflected.
const crc64NVMEPoly = 0x9a6c9329ac4bc9b5

// combineCRC returns the CRC of A followed by B from those of A and B and the length of B in bytes. With
// the first and last complement that all three algorithms have, it is crc(A)*x^(8*length) + crc(B) over
// the polynomials modulo that of the algorithm.
func (a ChecksumAlgorithm) combineCRC(first, second uint64, length int64) uint64 {
	f := crcField{poly: crc64NVMEPoly, one: 1 << 63}
	switch a {
	case CRC32:
		f = crcField{poly: crc32.IEEE, one: 1 << 31}
	case CRC32C:
		f = crcField{poly: crc32.Castagnoli, one: 1 << 31}
	}
	return f.multiply(f.power(uint64(length)*8), first) ^ second
}

// crcField is polynomials over GF(2) modulo poly, reflected: one is the polynomial 1, its highest bit.
type crcField struct {
	poly, one uint64
}

func (f crcField) multiply(a, b uint64) (product uint64) {
	for bit := f.one; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ f.poly
		} else {
			b >>= 1
		}
	}
	return product
}

// power returns x^n by squaring.
func (f crcField) power(n uint64) uint64 {
	result, square := f.one, f.one>>1
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = f.multiply(result, square)
		}
		square = f.multiply(square, square)
	}
	return result
}
