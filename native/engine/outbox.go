package main

import (
	"encoding/binary"

	"doorward/engine/internal/srtp"
)

// outbox gathers protected packets of one viewer into runs that leave in one call. Each runner has one.
type outbox struct {
	buffer  []byte
	segment int
	packets int
	// ended is set when a shorter packet has ended the run.
	ended bool
}

func newOutbox() *outbox { return &outbox{buffer: make([]byte, 0, maxRunBytes)} }

// fits is true when a packet of so many bytes may join the run.
func (o *outbox) fits(bytes int) bool {
	return o.packets == 0 ||
		!o.ended && bytes <= o.segment && o.packets < maxRunPackets && len(o.buffer)+bytes <= maxRunBytes
}

// header is what stands in front of a payload.
type header struct {
	payloadType byte
	marker      bool
	timestamp   uint32
	ssrc        uint32
}

// seal puts one packet behind the others.
func (o *outbox) seal(keys *srtp.Sender, h header, index uint64, payload []byte) {
	at := len(o.buffer)
	o.buffer = keys.SealRTP(appendHeader(o.buffer, h, index), payload, index)
	bytes := len(o.buffer) - at
	if o.packets == 0 {
		o.segment = bytes
	}
	o.ended = bytes < o.segment
	o.packets++
}

func (o *outbox) clear() { o.buffer, o.segment, o.packets, o.ended = o.buffer[:0], 0, 0, false }

// appendHeader writes an RTP header (RFC 3550, 5.1).
func appendHeader(b []byte, h header, index uint64) []byte {
	kind := h.payloadType & 0x7f
	if h.marker {
		kind |= 0x80
	}
	b = append(b, 0x80, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(index))
	b = binary.BigEndian.AppendUint32(b, h.timestamp)
	return binary.BigEndian.AppendUint32(b, h.ssrc)
}
