package mse

import (
	"crypto/rand"
	"crypto/rc4" // the protocol has no other cipher
	"crypto/sha1"
	"math/big"
)

const (
	keyBytes     = 96 // of a public key, and of the secret
	privateBytes = 20 // 160 bits, as much as the specification deems useful
	hashBytes    = sha1.Size
	rc4Discard   = 1024 // bytes of key stream that are thrown away
)

// prime is P of the specification; the generator is 2.
var (
	prime, _  = new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563", 16)
	generator = big.NewInt(2)
)

// keyPair is one side of a key exchange.
type keyPair struct {
	private *big.Int
	public  [keyBytes]byte
}

func newKeyPair() keyPair {
	var private [privateBytes]byte
	rand.Read(private[:]) // never fails (crypto/rand)
	return keyPairOf(private)
}

func keyPairOf(private [privateBytes]byte) keyPair {
	k := keyPair{private: new(big.Int).SetBytes(private[:])}
	new(big.Int).Exp(generator, k.private, prime).FillBytes(k.public[:])
	return k
}

// secret returns S. A public key that leaves no choice of S is refused.
func (k keyPair) secret(theirs []byte) (s [keyBytes]byte, err error) {
	y := new(big.Int).SetBytes(theirs)
	top := new(big.Int).Sub(prime, big.NewInt(1))
	if y.Cmp(big.NewInt(1)) <= 0 || y.Cmp(top) >= 0 {
		return s, ErrMalformed
	}
	y.Exp(y, k.private, prime).FillBytes(s[:])
	return s, nil
}

// hash is HASH of the specification.
func hash(parts ...[]byte) (sum [hashBytes]byte) {
	h := sha1.New()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}

// Obfuscated returns the hash by which the opening names a torrent: HASH('req2', SKEY), the SKEY being the
// infohash.
func Obfuscated(infoHash [20]byte) [20]byte { return hash([]byte("req2"), infoHash[:]) }

// newCipher returns the stream of one direction: name is "keyA" for what A sends, "keyB" for what B sends.
func newCipher(name string, secret, skey []byte) *rc4.Cipher {
	key := hash([]byte(name), secret, skey)
	c, err := rc4.NewCipher(key[:])
	if err != nil {
		panic(err) // a key of 20 bytes is one
	}
	var discard [rc4Discard]byte
	c.XORKeyStream(discard[:], discard[:])
	return c
}

// maxPad is the most random bytes that a side puts in where the specification allows some.
const maxPad = 512

// pad returns up to maxPad random bytes.
func pad() []byte {
	var n [2]byte
	rand.Read(n[:]) // never fails (crypto/rand)
	b := make([]byte, (int(n[0])<<8|int(n[1]))%(maxPad+1))
	rand.Read(b)
	return b
}
