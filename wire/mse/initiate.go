package mse

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// Initiate does the handshake of a connection that was dialled, for a torrent, offering methods and sending
// initial, of at most 65,535 bytes, with it. Errors: ErrMalformed, ErrNoCommonMethod, those of nc.
func Initiate(nc net.Conn, infoHash [20]byte, offer Method, initial []byte) (*Session, error) {
	ours := newKeyPair()
	if _, err := nc.Write(append(ours.public[:], pad()...)); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(nc, openingBuffer)
	var theirs [keyBytes]byte
	if _, err := io.ReadFull(in, theirs[:]); err != nil {
		return nil, err
	}
	secret, err := ours.secret(theirs[:])
	if err != nil {
		return nil, err
	}
	st := &stream{
		Conn: nc,
		in:   newCipher("keyB", secret[:], infoHash[:]),
		out:  newCipher("keyA", secret[:], infoHash[:]),
	}
	if _, err := nc.Write(opening(st, secret[:], infoHash, offer, initial)); err != nil {
		return nil, err
	}
	s := &Session{InfoHash: infoHash}
	if err := s.readAnswer(in, st, offer); err != nil {
		return nil, err
	}
	s.finish(in, st)
	return s, nil
}

// opening is the third message: the torrent, and what is encrypted first.
func opening(st *stream, secret []byte, infoHash [20]byte, offer Method, initial []byte) []byte {
	req1, req3 := hash([]byte("req1"), secret), hash([]byte("req3"), secret)
	named := Obfuscated(infoHash)
	for i := range named {
		named[i] ^= req3[i]
	}
	padding := pad()
	encrypted := append([]byte{}, verification[:]...)
	encrypted = binary.BigEndian.AppendUint32(encrypted, uint32(offer))
	encrypted = binary.BigEndian.AppendUint16(encrypted, uint16(len(padding)))
	encrypted = append(encrypted, padding...)
	encrypted = binary.BigEndian.AppendUint16(encrypted, uint16(len(initial)))
	encrypted = append(encrypted, initial...)
	st.out.XORKeyStream(encrypted, encrypted)
	return append(append(req1[:], named[:]...), encrypted...)
}

// readAnswer finds the fourth message behind the padding and reads the method.
func (s *Session) readAnswer(in *bufio.Reader, st *stream, offer Method) error {
	// The verification constant is known, so its encrypted form is: it ends the padding.
	var mark [len(verification)]byte
	st.in.XORKeyStream(mark[:], verification[:])
	var window [len(verification)]byte
	if _, err := io.ReadFull(in, window[:]); err != nil {
		return err
	}
	for skipped := 0; window != mark; skipped++ {
		b, err := in.ReadByte()
		if err != nil {
			return err
		}
		if skipped == maxPad {
			return fmt.Errorf("%w: no end of padding", ErrMalformed)
		}
		copy(window[:], window[1:])
		window[len(window)-1] = b
	}
	var head [4 + 2]byte
	if err := st.readDecrypted(in, head[:]); err != nil {
		return err
	}
	s.Method = Method(binary.BigEndian.Uint32(head[:]))
	if s.Method != Plaintext && s.Method != RC4 || s.Method&offer == 0 {
		return ErrNoCommonMethod
	}
	padding := int(binary.BigEndian.Uint16(head[4:]))
	if padding > maxPad {
		return fmt.Errorf("%w: %d bytes of padding", ErrMalformed, padding)
	}
	return st.readDecrypted(in, make([]byte, padding))
}
