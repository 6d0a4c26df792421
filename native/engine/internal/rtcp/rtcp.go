// Package rtcp reads and writes the reports and feedback that a viewer and we exchange (RFC 3550 6, RFC 4585, RFC 5104).
package rtcp

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed says that bytes are no compound packet.
var ErrMalformed = errors.New("rtcp: malformed packet")

const (
	typeSenderReport   = 200
	typeReceiverReport = 201
	typeDescription    = 202
	typeTransportFB    = 205
	typePayloadFB      = 206
	formatNack         = 1
	formatPictureLoss  = 1
	formatFullIntra    = 4
	blockBytes         = 24
	maxPackets         = 64
	maxNackEntries     = 256
)

// Is tells RTCP from RTP on a shared port (RFC 5761, 4).
func Is(packet []byte) bool { return len(packet) >= 2 && packet[1] >= 192 && packet[1] <= 223 }

// Report is what a viewer says about one of our streams.
type Report struct {
	SSRC uint32
	// TotalLost may be negative after duplicates.
	TotalLost int32
	// LastReport is the middle of the last sender report's NTP time, 0 for none.
	LastReport uint32
	// DelaySinceLastReport is in 1/65536 s.
	DelaySinceLastReport uint32
}

// Listener hears what a compound packet says.
type Listener interface {
	OnReport(Report)
	// OnNack asks for one packet again.
	OnNack(ssrc uint32, sequence uint16)
	// OnKeyFrameRequest is a picture loss indication or a full intra request.
	OnKeyFrameRequest(ssrc uint32)
}

// Read tells the listener what stands in a compound packet, in its order. Types that we do not speak are passed over.
func Read(b []byte, listener Listener) error {
	if len(b) < 4 {
		return ErrMalformed
	}
	for n := 0; n < maxPackets && len(b) >= 4; n++ {
		length := 4 + 4*int(binary.BigEndian.Uint16(b[2:]))
		if b[0]>>6 != 2 || length > len(b) {
			return ErrMalformed
		}
		if err := readPacket(b[1], int(b[0]&31), b[4:length], listener); err != nil {
			return err
		}
		b = b[length:]
	}
	return nil
}

func readPacket(kind byte, count int, body []byte, listener Listener) error {
	switch {
	case kind == typeSenderReport && len(body) >= 24:
		readReports(count, body[24:], listener)
	case kind == typeReceiverReport && len(body) >= 4:
		readReports(count, body[4:], listener)
	case kind == typeTransportFB && count == formatNack && len(body) >= 8:
		readNack(binary.BigEndian.Uint32(body[4:]), body[8:], listener)
	case kind == typePayloadFB && count == formatPictureLoss && len(body) >= 8:
		listener.OnKeyFrameRequest(binary.BigEndian.Uint32(body[4:]))
	case kind == typePayloadFB && count == formatFullIntra && len(body) >= 12:
		listener.OnKeyFrameRequest(binary.BigEndian.Uint32(body[8:]))
	case kind == typeSenderReport, kind == typeReceiverReport, kind == typeTransportFB && count == formatNack,
		kind == typePayloadFB && (count == formatPictureLoss || count == formatFullIntra):
		return ErrMalformed
	}
	return nil
}

func readReports(count int, b []byte, listener Listener) {
	for ; count > 0 && len(b) >= blockBytes; count-- {
		listener.OnReport(Report{
			SSRC:                 binary.BigEndian.Uint32(b),
			TotalLost:            int32(binary.BigEndian.Uint32(b[4:])<<8) >> 8,
			LastReport:           binary.BigEndian.Uint32(b[16:]),
			DelaySinceLastReport: binary.BigEndian.Uint32(b[20:]),
		})
		b = b[blockBytes:]
	}
}

func readNack(ssrc uint32, b []byte, listener Listener) {
	for n := 0; n < maxNackEntries && len(b) >= 4; n++ {
		first, mask := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		listener.OnNack(ssrc, first)
		for bit := range uint16(16) {
			if mask>>bit&1 == 1 {
				listener.OnNack(ssrc, first+bit+1)
			}
		}
		b = b[4:]
	}
}

// SenderReport is what we say about one of our streams.
type SenderReport struct {
	SSRC uint32
	// NTP is the wall clock's time of Timestamp.
	NTP                       uint64
	Timestamp, Packets, Bytes uint32
	// CName names the source; at most 255 bytes count.
	CName string
}

// Append writes a compound packet of the report and the source's description.
func (r SenderReport) Append(b []byte) []byte {
	b = append(b, 0x80, typeSenderReport, 0, 6)
	b = binary.BigEndian.AppendUint32(b, r.SSRC)
	b = binary.BigEndian.AppendUint64(b, r.NTP)
	b = binary.BigEndian.AppendUint32(b, r.Timestamp)
	b = binary.BigEndian.AppendUint32(b, r.Packets)
	b = binary.BigEndian.AppendUint32(b, r.Bytes)
	name := r.CName[:min(len(r.CName), 255)]
	// SSRC, item head, name, and at least one zero up to the next word (RFC 3550, 6.5).
	words := (4+2+len(name))/4 + 1
	end := len(b) + 4 + 4*words
	b = append(b, 0x81, typeDescription, 0, byte(words))
	b = binary.BigEndian.AppendUint32(b, r.SSRC)
	b = append(b, 1, byte(len(name)))
	b = append(b, name...)
	for len(b) < end {
		b = append(b, 0)
	}
	return b
}
