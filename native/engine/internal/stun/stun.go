// Package stun reads and writes the binding requests and answers of ICE (RFC 8489, RFC 8445). It is bytes in, bytes out.
package stun

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/netip"
)

// Kinds of message: method "binding" with its classes.
const (
	BindingRequest = 0x0001
	BindingSuccess = 0x0101
	BindingError   = 0x0111
)

const (
	cookie           = 0x2112_a442
	headerBytes      = 20
	integrityBytes   = 20
	fingerprintXor   = 0x5354_554e
	maxAttributes    = 32
	maxUsernameBytes = 513
)

// attributes that we know.
const (
	attrUsername       = 0x0006
	attrIntegrity      = 0x0008
	attrErrorCode      = 0x0009
	attrXorMapped      = 0x0020
	attrPriority       = 0x0024
	attrUseCandidate   = 0x0025
	attrMapped         = 0x0001
	attrFingerprint    = 0x8028
	attrIceControlled  = 0x8029
	attrIceControlling = 0x802a
)

// RoleConflict is the error code of a peer that claims our role (RFC 8445, 7.3.1.1).
const RoleConflict = 487

// ErrMalformed says that bytes are no STUN message.
var ErrMalformed = errors.New("stun: malformed message")

// TransactionID is what an answer repeats of its request.
type TransactionID [12]byte

// Role is which of both agents a message says that its sender is.
type Role byte

// The roles of ICE.
const (
	NoRole Role = iota
	Controlled
	Controlling
)

// Message is what ICE needs of a message. It refers to the bytes that it was read from.
type Message struct {
	Kind         uint16
	ID           TransactionID
	Username     []byte
	Priority     uint32
	UseCandidate bool
	Role         Role
	TieBreaker   uint64
	Mapped       netip.AddrPort
	ErrorCode    int

	raw         []byte
	integrityAt int
}

// Is tells STUN from DTLS and SRTP on a shared port (RFC 7983).
func Is(b []byte) bool {
	return len(b) >= headerBytes && b[0] < 4 && binary.BigEndian.Uint32(b[4:]) == cookie
}

// Read reads a message. A wrong fingerprint is malformed; the integrity is checked by CheckIntegrity.
func Read(b []byte) (Message, error) {
	if !Is(b) || int(binary.BigEndian.Uint16(b[2:])) != len(b)-headerBytes || len(b)%4 != 0 {
		return Message{}, ErrMalformed
	}
	m := Message{Kind: binary.BigEndian.Uint16(b), raw: b}
	copy(m.ID[:], b[8:])
	at := headerBytes
	for n := 0; at < len(b); n++ {
		if n == maxAttributes || len(b)-at < 4 {
			return Message{}, ErrMalformed
		}
		kind, length := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+2:]))
		if length > len(b)-at-4 {
			return Message{}, ErrMalformed
		}
		if err := m.take(kind, at, b[at+4:at+4+length]); err != nil {
			return Message{}, err
		}
		at += 4 + (length+3)&^3
	}
	return m, nil
}

func (m *Message) take(kind uint16, at int, value []byte) error {
	if m.integrityAt > 0 && kind != attrFingerprint {
		return nil // what stands behind the integrity is not covered by it
	}
	switch {
	case kind == attrUsername && len(value) <= maxUsernameBytes:
		m.Username = value
	case kind == attrIntegrity && len(value) == integrityBytes:
		m.integrityAt = at
	case kind == attrErrorCode && len(value) >= 4:
		m.ErrorCode = int(value[2]&7)*100 + int(value[3])
	case kind == attrXorMapped:
		m.Mapped = readAddress(value, m.raw[4:headerBytes])
	case kind == attrMapped && !m.Mapped.IsValid():
		m.Mapped = readAddress(value, make([]byte, 16))
	case kind == attrPriority && len(value) == 4:
		m.Priority = binary.BigEndian.Uint32(value)
	case kind == attrUseCandidate:
		m.UseCandidate = true
	case kind == attrIceControlled && len(value) == 8:
		m.Role, m.TieBreaker = Controlled, binary.BigEndian.Uint64(value)
	case kind == attrIceControlling && len(value) == 8:
		m.Role, m.TieBreaker = Controlling, binary.BigEndian.Uint64(value)
	case kind == attrFingerprint:
		if len(value) != 4 || binary.BigEndian.Uint32(value) != crc32.ChecksumIEEE(m.raw[:at])^fingerprintXor {
			return ErrMalformed
		}
	}
	return nil
}

// readAddress reads an address that is combined with cookie and transaction (RFC 8489, 14.2). Invalid when it is none.
func readAddress(value, mask []byte) netip.AddrPort {
	if len(value) < 4 {
		return netip.AddrPort{}
	}
	port := binary.BigEndian.Uint16(value[2:]) ^ binary.BigEndian.Uint16(mask)
	bytes := append([]byte{}, value[4:]...)
	for i := range bytes {
		if i < len(mask) {
			bytes[i] ^= mask[i]
		}
	}
	address, ok := netip.AddrFromSlice(bytes)
	if !ok || (value[1] == 1) != address.Is4() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(address, port)
}

// CheckIntegrity is true when whoever wrote the message knew the key (RFC 8489, 14.5).
func (m *Message) CheckIntegrity(key string) bool {
	if m.integrityAt == 0 {
		return false
	}
	at := m.integrityAt
	return subtle.ConstantTimeCompare(integrity(m.raw[:at], key), m.raw[at+4:at+4+integrityBytes]) == 1
}

// integrity is HMAC-SHA1 over a message whose length already counts the integrity itself.
func integrity(before []byte, key string) []byte {
	var head [headerBytes]byte
	copy(head[:], before)
	binary.BigEndian.PutUint16(head[2:], uint16(len(before)-headerBytes+4+integrityBytes))
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write(head[:])
	mac.Write(before[headerBytes:])
	return mac.Sum(nil)
}

// Request is a connectivity check (RFC 8445, 7.1), or with an empty key a question to a STUN server.
type Request struct {
	ID           TransactionID
	Username     string
	Key          string
	Priority     uint32
	Role         Role
	TieBreaker   uint64
	UseCandidate bool
}

// Bytes writes the request.
func (r Request) Bytes() []byte {
	b := begin(BindingRequest, r.ID)
	if r.Key == "" {
		return finish(b, "")
	}
	b = attribute(b, attrUsername, []byte(r.Username))
	b = attribute(b, attrPriority, binary.BigEndian.AppendUint32(nil, r.Priority))
	role := uint16(attrIceControlled)
	if r.Role == Controlling {
		role = attrIceControlling
	}
	b = attribute(b, role, binary.BigEndian.AppendUint64(nil, r.TieBreaker))
	if r.UseCandidate {
		b = attribute(b, attrUseCandidate, nil)
	}
	return finish(b, r.Key)
}

// Success answers a check with the address that it came from.
func Success(id TransactionID, from netip.AddrPort, key string) []byte {
	b := begin(BindingSuccess, id)
	value := []byte{0, 1}
	if from.Addr().Is6() {
		value[1] = 2
	}
	value = binary.BigEndian.AppendUint16(value, from.Port()^(cookie>>16))
	mask := append(binary.BigEndian.AppendUint32(nil, cookie), id[:]...)
	for i, one := range from.Addr().AsSlice() {
		value = append(value, one^mask[i])
	}
	return finish(attribute(b, attrXorMapped, value), key)
}

// Conflict answers a check of a peer that claims our role.
func Conflict(id TransactionID, key string) []byte {
	value := append([]byte{0, 0, RoleConflict / 100, RoleConflict % 100}, "Role Conflict"...)
	return finish(attribute(begin(BindingError, id), attrErrorCode, value), key)
}

func begin(kind uint16, id TransactionID) []byte {
	b := make([]byte, 0, 160)
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint32(b, cookie)
	return append(b, id[:]...)
}

func attribute(b []byte, kind uint16, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// finish adds integrity (with a key) and fingerprint, and sets the length.
func finish(b []byte, key string) []byte {
	if key != "" {
		b = attribute(b, attrIntegrity, integrity(b, key))
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-headerBytes+8))
	return attribute(b, attrFingerprint, binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)^fingerprintXor))
}
