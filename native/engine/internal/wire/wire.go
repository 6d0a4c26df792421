// Package wire is the language that the hub and the engine speak over a pipe (WIRE.md).
package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
)

// ErrMalformed says that a message breaks the grammar or a bound.
var ErrMalformed = errors.New("wire: malformed message")

// Reader reads messages.
type Reader struct{ from *bufio.Reader }

// NewReader reads from a pipe.
func NewReader(from io.Reader) *Reader { return &Reader{bufio.NewReaderSize(from, 64<<10)} }

// Next gives the next message's code and fields, in bytes of their own. io.EOF when the pipe ends.
func (r *Reader) Next() (byte, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return 0, nil, io.EOF
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length == 0 || length > MaxMessageBytes {
		return 0, nil, ErrMalformed
	}
	body := make([]byte, length-1)
	if _, err := io.ReadFull(r.from, body); err != nil {
		return 0, nil, io.EOF
	}
	return head[4], body, nil
}

// Cursor takes fields off a message. What is not there is zero, and Err says so at the end.
type Cursor struct {
	rest  []byte
	short bool
}

// NewCursor begins at the first field.
func NewCursor(body []byte) *Cursor { return &Cursor{rest: body} }

// Err is ErrMalformed when a field was missing.
func (c *Cursor) Err() error {
	if c.short {
		return ErrMalformed
	}
	return nil
}

// Bytes takes n bytes, which are the message's own.
func (c *Cursor) Bytes(n int) []byte {
	if n > len(c.rest) {
		c.short, c.rest = true, nil
		return nil
	}
	taken := c.rest[:n:n]
	c.rest = c.rest[n:]
	return taken
}

// Rest takes all that is left.
func (c *Cursor) Rest() []byte { return c.Bytes(len(c.rest)) }

// U8 takes a byte.
func (c *Cursor) U8() byte {
	if b := c.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 takes two bytes.
func (c *Cursor) U16() uint16 {
	if b := c.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 takes four bytes.
func (c *Cursor) U32() uint32 {
	if b := c.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// I64 takes eight bytes.
func (c *Cursor) I64() int64 {
	if b := c.Bytes(8); b != nil {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// Text takes a short text.
func (c *Cursor) Text() string { return string(c.Bytes(int(c.U8()))) }

// Address takes an address; another one than IPv4 or IPv6 is an error.
func (c *Cursor) Address() netip.AddrPort {
	address, ok := netip.AddrFromSlice(c.Bytes(int(c.U8())))
	port := c.U16()
	if !ok {
		c.short = true
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(address.Unmap(), port)
}

// Message builds a message.
type Message []byte

// NewMessage begins one.
func NewMessage(code byte) Message { return Message{0, 0, 0, 0, code} }

// U8 adds a byte.
func (m Message) U8(v byte) Message { return append(m, v) }

// U16 adds two bytes.
func (m Message) U16(v uint16) Message { return binary.LittleEndian.AppendUint16(m, v) }

// U32 adds four bytes.
func (m Message) U32(v uint32) Message { return binary.LittleEndian.AppendUint32(m, v) }

// U64 adds eight bytes.
func (m Message) U64(v uint64) Message { return binary.LittleEndian.AppendUint64(m, v) }

// Text adds a short text, cut at 255 bytes.
func (m Message) Text(v string) Message {
	v = v[:min(len(v), 255)]
	return append(append(m, byte(len(v))), v...)
}

// Long adds a text, cut at 2000 bytes.
func (m Message) Long(v string) Message {
	v = v[:min(len(v), 2000)]
	return append(m.U16(uint16(len(v))), v...)
}

// Rest adds bytes that end the message.
func (m Message) Rest(v []byte) Message { return append(m, v...) }

// Address adds an address.
func (m Message) Address(v netip.AddrPort) Message {
	bytes := v.Addr().AsSlice()
	return append(append(m, byte(len(bytes))), bytes...).U16(v.Port())
}

// Bytes finishes the message.
func (m Message) Bytes() []byte {
	binary.LittleEndian.PutUint32(m, uint32(len(m)-4))
	return m
}
