package mse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// Method is a set of ways to go on after the handshake; as crypto_provide and crypto_select on the wire.
type Method uint32

// The methods.
const (
	Plaintext Method = 1
	RC4       Method = 2
)

const (
	// maxInitial bounds the initial payload: a BitTorrent handshake and the messages that clients put behind it.
	maxInitial = 2 << 10
	// openingBuffer is what is read at once during the handshake.
	openingBuffer = 1 << 10
)

// verification is VC of the specification: eight zeros.
var verification [8]byte

// Session is a connection whose handshake is done.
type Session struct {
	InfoHash [20]byte
	Method   Method // Plaintext or RC4
	// Initial is the payload that came with the handshake, decrypted. It is the caller's.
	Initial []byte
	// Conn carries the payload from there on; with Plaintext it is the connection given.
	Conn net.Conn
}

// Accept does the handshake of a connection that was accepted, of which first was read already. find returns
// the infohash of a torrent by its Obfuscated form. Of the methods that both sides allow, Plaintext is chosen
// before RC4. Errors: ErrMalformed, ErrUnknownTorrent, ErrNoCommonMethod, find's own, those of nc.
func Accept(nc net.Conn, first []byte, allow Method, find func(obfuscated [20]byte) (infoHash [20]byte, err error)) (*Session, error) {
	in := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(first), nc), openingBuffer)
	secret, err := exchangeKeys(in, nc)
	if err != nil {
		return nil, err
	}
	if err := skipTo(in, hash([]byte("req1"), secret[:])); err != nil {
		return nil, err
	}
	var named [hashBytes]byte
	if _, err := io.ReadFull(in, named[:]); err != nil {
		return nil, err
	}
	mask := hash([]byte("req3"), secret[:])
	for i := range named {
		named[i] ^= mask[i]
	}
	s := &Session{}
	if s.InfoHash, err = find(named); err != nil {
		return nil, err
	}
	st := &stream{
		Conn: nc,
		in:   newCipher("keyA", secret[:], s.InfoHash[:]),
		out:  newCipher("keyB", secret[:], s.InfoHash[:]),
	}
	if err := s.readOpening(in, st, allow); err != nil {
		return nil, err
	}
	answer := append(verification[:], 0, 0, 0, byte(s.Method), 0, 0) // no PadD
	st.out.XORKeyStream(answer, answer)
	if _, err := nc.Write(answer); err != nil {
		return nil, err
	}
	s.finish(in, st)
	return s, nil
}

// exchangeKeys reads the other side's public key, sends ours, and returns the secret.
func exchangeKeys(in io.Reader, nc net.Conn) (secret [keyBytes]byte, err error) {
	var theirs [keyBytes]byte
	if _, err := io.ReadFull(in, theirs[:]); err != nil {
		return secret, err
	}
	ours := newKeyPair()
	if secret, err = ours.secret(theirs[:]); err != nil {
		return secret, err
	}
	_, err = nc.Write(append(ours.public[:], pad()...))
	return secret, err
}

// skipTo reads past mark, before which there may be padding.
func skipTo(in *bufio.Reader, mark [hashBytes]byte) error {
	var window [hashBytes]byte
	if _, err := io.ReadFull(in, window[:]); err != nil {
		return err
	}
	for range maxPad {
		if window == mark {
			return nil
		}
		b, err := in.ReadByte()
		if err != nil {
			return err
		}
		copy(window[:], window[1:])
		window[hashBytes-1] = b
	}
	if window != mark {
		return fmt.Errorf("%w: no end of padding", ErrMalformed)
	}
	return nil
}

// readOpening reads what A encrypts first, chooses the method and keeps the initial payload.
func (s *Session) readOpening(in io.Reader, st *stream, allow Method) error {
	var head [len(verification) + 4 + 2]byte
	if err := st.readDecrypted(in, head[:]); err != nil {
		return err
	}
	if !bytes.Equal(head[:len(verification)], verification[:]) {
		return fmt.Errorf("%w: no verification constant", ErrMalformed)
	}
	provided := Method(binary.BigEndian.Uint32(head[8:]))
	switch common := provided & allow; {
	case common&Plaintext != 0:
		s.Method = Plaintext
	case common&RC4 != 0:
		s.Method = RC4
	default:
		return ErrNoCommonMethod
	}
	padding := int(binary.BigEndian.Uint16(head[12:]))
	if padding > maxPad {
		return fmt.Errorf("%w: %d bytes of padding", ErrMalformed, padding)
	}
	var rest [maxPad + 2]byte
	if err := st.readDecrypted(in, rest[:padding+2]); err != nil {
		return err
	}
	initial := int(binary.BigEndian.Uint16(rest[padding:]))
	if initial > maxInitial {
		return fmt.Errorf("%w: %d bytes of initial payload", ErrMalformed, initial)
	}
	s.Initial = make([]byte, initial)
	return st.readDecrypted(in, s.Initial)
}

// finish sets what carries the payload, and keeps what was read of it beyond the handshake.
func (s *Session) finish(in *bufio.Reader, st *stream) {
	early, err := in.Peek(in.Buffered())
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		panic(err) // it is buffered
	}
	at := len(s.Initial)
	s.Initial = append(s.Initial, early...)
	s.Conn = st.Conn
	if s.Method == RC4 {
		st.in.XORKeyStream(s.Initial[at:], s.Initial[at:])
		s.Conn = st
	}
}
