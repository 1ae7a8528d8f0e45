package mse

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"testing"
)

// What an independent implementation made of the private keys 1, 2, ... 20 and 101, 102, ... 120 for the torrent
// known: both offer RC4 alone, nobody pads.
const (
	goldenA       = "96e112dab29e8c5272accb9b17b26887ce54a144a4e3b697c7d159b7a817e556b0918db2b4c658e02a87f7e5fb14b18a553e084cbf3dad2d30f16596ccb982d406258c61b30c5c1dae2ddc60bdbd48d79896312aad63238c39e1a633821eb693"
	goldenB       = "d32ae8cedd0de9ca4fe67e35626bb8c7cdb0966727d899f6a62fdb2b68817f9ddc4b684e3eb34030b8dba4e028b7cff3264020340cb4eab61923cdc4e4216ba873368d83f0a38e497f1f6b4e3d2012eb91a3ee6056f966f9eae732089b6fa46e"
	goldenSecret  = "d05ed96a95215a89b44073afe5d0b1626289ac01cff7849392948b2470b346547e944d7562a897ae86976bc389999083ec09572dbdc8ed7f6a0a86a1aa42a3ca04209b72d8239890360435640643b76479ed7836f1857963fcc7cb72084c3ab4"
	goldenOpening = "78fffb0f23055a793ff7609f359e04e383ec35054e3622ad9a94f9ba29ec9c39f525b43621abfa6fdb34b541ba5ef782bb58e39f1237434c59c06b"
	goldenAnswer  = "43c380defe3f0deab6b0b90cfaee3dd9b3" // and three bytes of payload
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func countingKey(first byte) keyPair {
	var private [privateBytes]byte
	for i := range private {
		private[i] = first + byte(i)
	}
	return keyPairOf(private)
}

// goldenStreams returns the streams of A and B.
func goldenStreams(t *testing.T) (a, b *stream) {
	t.Helper()
	secret := unhex(t, goldenSecret)
	cipher := func(name string) *stream {
		return &stream{in: newCipher(name, secret, known[:])}
	}
	a, b = cipher("keyB"), cipher("keyA")
	a.out, b.out = newCipher("keyA", secret, known[:]), newCipher("keyB", secret, known[:])
	return a, b
}

func TestGoldenKeys(t *testing.T) {
	a, b := countingKey(1), countingKey(101)
	if got := hex.EncodeToString(a.public[:]); got != goldenA {
		t.Errorf("public key of A: got %s", got)
	}
	if got := hex.EncodeToString(b.public[:]); got != goldenB {
		t.Errorf("public key of B: got %s", got)
	}
	for side, secret := range map[string]func() ([keyBytes]byte, error){
		"A": func() ([keyBytes]byte, error) { return a.secret(b.public[:]) },
		"B": func() ([keyBytes]byte, error) { return b.secret(a.public[:]) },
	} {
		if got, err := secret(); err != nil || hex.EncodeToString(got[:]) != goldenSecret {
			t.Errorf("secret of %s: got %x, %v", side, got, err)
		}
	}
}

// TestGoldenOpening: B understands the third message.
func TestGoldenOpening(t *testing.T) {
	secret := unhex(t, goldenSecret)
	in := bufio.NewReader(bytes.NewReader(append(make([]byte, maxPad), unhex(t, goldenOpening)...)))
	if err := skipTo(in, hash([]byte("req1"), secret)); err != nil {
		t.Fatal(err)
	}
	named, err := in.Peek(hashBytes)
	if err != nil {
		t.Fatal(err)
	}
	mask, want := hash([]byte("req3"), secret), Obfuscated(known)
	for i := range mask {
		mask[i] ^= named[i]
	}
	if mask != want {
		t.Errorf("names %x, want %x", mask, want)
	}
	if _, err := in.Discard(hashBytes); err != nil {
		t.Fatal(err)
	}
	_, b := goldenStreams(t)
	s := &Session{}
	if err := s.readOpening(in, b, Plaintext|RC4); err != nil || s.Method != RC4 || string(s.Initial) != "abc" {
		t.Errorf("got %+v, %v", s, err)
	}
}

// TestGoldenAnswer: A understands the fourth message, and the payload behind it.
func TestGoldenAnswer(t *testing.T) {
	for _, padding := range []int{0, maxPad} {
		a, _ := goldenStreams(t)
		in := bufio.NewReader(bytes.NewReader(append(make([]byte, padding), unhex(t, goldenAnswer)...)))
		s := &Session{}
		if err := s.readAnswer(in, a, RC4); err != nil {
			t.Fatal(err)
		}
		if s.finish(in, a); s.Method != RC4 || string(s.Initial) != "xyz" {
			t.Errorf("got %+v", s)
		}
	}
}
