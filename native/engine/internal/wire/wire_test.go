package wire

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"testing"
)

func TestMessagesComeAsTheyWent(t *testing.T) {
	address := netip.MustParseAddrPort("[2001:db8::1]:8555")
	sent := NewMessage(9).U8(1).U16(2).U32(3).U64(4).Text("five").Address(address).Rest([]byte("six")).Bytes()
	r := NewReader(bytes.NewReader(append(sent, NewMessage(10).Bytes()...)))
	code, body, err := r.Next()
	c := NewCursor(body)
	if err != nil || code != 9 || c.U8() != 1 || c.U16() != 2 || c.U32() != 3 || c.I64() != 4 || c.Text() != "five" {
		t.Fatal(code, err)
	}
	if c.Address() != address || string(c.Rest()) != "six" || c.Err() != nil {
		t.Fatal(c.Err())
	}
	if code, body, err = r.Next(); code != 10 || len(body) != 0 || err != nil {
		t.Fatal(code, body, err)
	}
	if _, _, err = r.Next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

func TestRefusesAbsurdLengths(t *testing.T) {
	for _, head := range [][]byte{{0, 0, 0, 0, 1}, {255, 255, 255, 255, 1}} {
		if _, _, err := NewReader(bytes.NewReader(head)).Next(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%v: %v", head, err)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte{4, 1, 2, 3, 4, 5, 6})
	f.Fuzz(func(_ *testing.T, b []byte) {
		c := NewCursor(b)
		c.Address()
		c.Text()
		c.U32()
		c.Rest()
		_ = c.Err()
	})
}
