// Package srtp protects and opens RTP and RTCP packets (RFC 3711, RFC 7714) with keys that DTLS has agreed (RFC 5764).
// It is bytes in, bytes out: no socket and no clock.
package srtp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"hash"
)

// Profile is a protection profile as DTLS numbers it (RFC 5764 4.1.2, RFC 7714 14.2).
type Profile uint16

// The profiles that browsers and other peers offer.
const (
	AES128CMSHA80 Profile = 0x0001
	AEADAES128GCM Profile = 0x0007
	AEADAES256GCM Profile = 0x0008
)

// HeaderBytes is the length of an RTP header without sources and extension.
const HeaderBytes = 12

const (
	gcmTagBytes  = 16
	shaTagBytes  = 10
	labelRTPKey  = 0
	labelRTPAuth = 1
	labelRTPSalt = 2
	labelsOfRTCP = 3
)

// MaxIndex is the last packet index that a key may be used for (RFC 3711, 9.2).
const MaxIndex = 1<<48 - 1

const maxRTCPIndex = 1<<31 - 1

var (
	// ErrProfile says that a profile is not one of ours.
	ErrProfile = errors.New("srtp: unknown profile")
	// ErrMalformed says that bytes are no packet.
	ErrMalformed = errors.New("srtp: malformed packet")
	// ErrAuthentication says that a packet is not from whom the keys were agreed with.
	ErrAuthentication = errors.New("srtp: authentication failed")
	// ErrReplayed says that a packet came before, or is too old to tell.
	ErrReplayed = errors.New("srtp: replayed packet")
	// ErrWornOut says that a key has been used as often as it may.
	ErrWornOut = errors.New("srtp: the key is worn out")
)

func (p Profile) keyBytes() int {
	if p == AEADAES256GCM {
		return 32
	}
	return 16
}

func (p Profile) saltBytes() int {
	if p == AES128CMSHA80 {
		return 14
	}
	return 12
}

func (p Profile) known() bool {
	return p == AES128CMSHA80 || p == AEADAES128GCM || p == AEADAES256GCM
}

// Overhead is how much longer a packet becomes.
func (p Profile) Overhead() int {
	if p == AES128CMSHA80 {
		return shaTagBytes
	}
	return gcmTagBytes
}

// MaterialBytes is how much keying material a profile takes of DTLS' exporter "EXTRACTOR-dtls_srtp".
func (p Profile) MaterialBytes() int { return 2 * (p.keyBytes() + p.saltBytes()) }

// cipherKeys are the session keys of one direction, for RTP or for RTCP.
type cipherKeys struct {
	aead  cipher.AEAD
	block cipher.Block
	mac   hash.Hash
	salt  [14]byte
}

func newKeys(profile Profile, master, masterSalt []byte, first byte) (*cipherKeys, error) {
	k := &cipherKeys{}
	block, err := aes.NewCipher(derive(master, masterSalt, first+labelRTPKey, profile.keyBytes()))
	if err != nil {
		return nil, err
	}
	copy(k.salt[:], derive(master, masterSalt, first+labelRTPSalt, profile.saltBytes()))
	if profile == AES128CMSHA80 {
		k.block = block
		k.mac = hmac.New(sha1.New, derive(master, masterSalt, first+labelRTPAuth, 20))
		return k, nil
	}
	k.aead, err = cipher.NewGCM(block)
	return k, err
}

// derive is the key derivation function of RFC 3711 4.3 with a derivation rate of 0.
func derive(master, salt []byte, label byte, n int) []byte {
	block, err := aes.NewCipher(master)
	if err != nil {
		panic(err) // the length of a master key is ours
	}
	var iv [16]byte
	copy(iv[:14], salt)
	iv[7] ^= label
	out := make([]byte, n)
	cipher.NewCTR(block, iv[:]).XORKeyStream(out, out)
	return out
}

// nonce is the 96-bit initialization vector of AES-GCM: for RTP (RFC 7714 8.1) index is ROC and sequence number, for RTCP
// (9.1) the SRTCP index.
func (k *cipherKeys) nonce(iv *[12]byte, ssrc uint32, index uint64) {
	copy(iv[:], k.salt[:12])
	iv[2] ^= byte(ssrc >> 24)
	iv[3] ^= byte(ssrc >> 16)
	iv[4] ^= byte(ssrc >> 8)
	iv[5] ^= byte(ssrc)
	iv[6] ^= byte(index >> 40)
	iv[7] ^= byte(index >> 32)
	iv[8] ^= byte(index >> 24)
	iv[9] ^= byte(index >> 16)
	iv[10] ^= byte(index >> 8)
	iv[11] ^= byte(index)
}

// stream is AES in counter mode as RFC 3711 4.1.1 begins it.
func (k *cipherKeys) stream(ssrc uint32, index uint64) cipher.Stream {
	var iv [16]byte
	copy(iv[:14], k.salt[:])
	for i := range 4 {
		iv[4+i] ^= byte(ssrc >> (24 - 8*i))
	}
	for i := range 6 {
		iv[8+i] ^= byte(index >> (40 - 8*i))
	}
	return cipher.NewCTR(k.block, iv[:])
}

func (k *cipherKeys) tag(dst, authenticated, behind []byte) []byte {
	k.mac.Reset()
	k.mac.Write(authenticated)
	k.mac.Write(behind)
	at := len(dst)
	return k.mac.Sum(dst)[:at+shaTagBytes]
}

// Material is the two directions' master keys out of DTLS' exporter (RFC 5764, 4.2).
type Material struct {
	Profile Profile
	Bytes   []byte
	// Client is true when we were DTLS' client.
	Client bool
}

// Sessions gives the keys of what we send and of what we receive.
func (m Material) Sessions() (*Sender, *Receiver, error) {
	if !m.Profile.known() {
		return nil, nil, ErrProfile
	}
	k, s := m.Profile.keyBytes(), m.Profile.saltBytes()
	if len(m.Bytes) != m.Profile.MaterialBytes() {
		return nil, nil, ErrMalformed
	}
	clientKey, serverKey := m.Bytes[:k], m.Bytes[k:2*k]
	clientSalt, serverSalt := m.Bytes[2*k:2*k+s], m.Bytes[2*k+s:]
	if m.Client {
		return sessions(m.Profile, clientKey, clientSalt, serverKey, serverSalt)
	}
	return sessions(m.Profile, serverKey, serverSalt, clientKey, clientSalt)
}

func sessions(p Profile, outKey, outSalt, inKey, inSalt []byte) (*Sender, *Receiver, error) {
	out, in := &Sender{profile: p}, &Receiver{profile: p, sources: map[uint32]*source{}}
	var errs [4]error
	out.rtp, errs[0] = newKeys(p, outKey, outSalt, 0)
	out.rtcp, errs[1] = newKeys(p, outKey, outSalt, labelsOfRTCP)
	in.rtp, errs[2] = newKeys(p, inKey, inSalt, 0)
	in.rtcp, errs[3] = newKeys(p, inKey, inSalt, labelsOfRTCP)
	return out, in, errors.Join(errs[:]...)
}

// Counter gives each packet of one source its index, once: it cannot go back, which is what keeps a nonce from being used
// twice. Its lower 16 bits are the RTP sequence number, the others the roll-over counter.
type Counter struct{ next uint64 }

// NewCounter begins below 2^15, so that a loss at the beginning cannot be taken for a roll-over.
func NewCounter(random uint16) Counter { return Counter{next: uint64(random & 0x7fff)} }

// Take gives the next index. It fails when the key is worn out.
func (c *Counter) Take() (uint64, error) {
	if c.next > MaxIndex {
		return 0, ErrWornOut
	}
	index := c.next
	c.next++
	return index, nil
}

// Next is what Take would give.
func (c *Counter) Next() uint64 { return c.next }

// Sender protects what we send. Not for several goroutines at once.
type Sender struct {
	profile   Profile
	rtp, rtcp *cipherKeys
	iv        [12]byte
	roc       [4]byte
	rtcpIndex uint32
}

// Overhead is how much longer an RTP packet becomes.
func (s *Sender) Overhead() int { return s.profile.Overhead() }

// SealRTP appends one protected packet to dst, which needs room for it: payload behind a 12-byte header that stands at the
// end of dst already. For one index it must always be given the same header and payload.
func (s *Sender) SealRTP(dst []byte, payload []byte, index uint64) []byte {
	at := len(dst) - HeaderBytes
	header := dst[at:]
	ssrc := binary.BigEndian.Uint32(header[8:])
	if s.rtp.aead != nil {
		s.rtp.nonce(&s.iv, ssrc, index)
		return s.rtp.aead.Seal(dst, s.iv[:], payload, header)
	}
	dst = append(dst, payload...)
	body := dst[at+HeaderBytes:]
	s.rtp.stream(ssrc, index).XORKeyStream(body, body)
	binary.BigEndian.PutUint32(s.roc[:], uint32(index>>16))
	return s.rtp.tag(dst, dst[at:], s.roc[:])
}

// SealRTCP gives a protected compound packet in a new slice. Each has an index of its own.
func (s *Sender) SealRTCP(packet []byte) ([]byte, error) {
	if len(packet) < 8 {
		return nil, ErrMalformed
	}
	if s.rtcpIndex > maxRTCPIndex {
		return nil, ErrWornOut
	}
	index := s.rtcpIndex
	s.rtcpIndex++
	ssrc := binary.BigEndian.Uint32(packet[4:])
	word := binary.BigEndian.AppendUint32(nil, index|1<<31)
	out := make([]byte, 8, len(packet)+gcmTagBytes+4)
	copy(out, packet)
	if s.rtcp.aead != nil {
		s.rtcp.nonce(&s.iv, ssrc, uint64(index))
		out = s.rtcp.aead.Seal(out, s.iv[:], packet[8:], append(append([]byte{}, packet[:8]...), word...))
		return append(out, word...), nil
	}
	out = append(out, packet[8:]...)
	s.rtcp.stream(ssrc, uint64(index)).XORKeyStream(out[8:], out[8:])
	out = append(out, word...)
	return s.rtcp.tag(out, out, nil), nil
}

// maxSources bounds what a peer can make us remember.
const maxSources = 16

// source is what is known of one SSRC that we receive.
type source struct {
	newest uint64
	window window
}

// Receiver opens what we receive. Not for several goroutines at once.
type Receiver struct {
	profile    Profile
	rtp, rtcp  *cipherKeys
	sources    map[uint32]*source
	rtcpNewest uint64
	rtcpWindow window
	iv         [12]byte
}

// OpenRTP gives the packet in the clear, in the bytes that it came in.
func (r *Receiver) OpenRTP(packet []byte) ([]byte, error) {
	header, ok := headerBytes(packet)
	overhead := r.profile.Overhead()
	if !ok || len(packet) < header+overhead {
		return nil, ErrMalformed
	}
	ssrc := binary.BigEndian.Uint32(packet[8:])
	known := r.sources[ssrc]
	if known == nil && len(r.sources) >= maxSources {
		return nil, ErrMalformed
	}
	index := guess(known, binary.BigEndian.Uint16(packet[2:]))
	if known != nil && known.window.seen(known.newest, index) {
		return nil, ErrReplayed
	}
	plain, err := r.openRTP(packet, header, ssrc, index)
	if err != nil {
		return nil, err
	}
	if known == nil {
		known = &source{newest: index}
		r.sources[ssrc] = known
	}
	known.newest = known.window.add(known.newest, index)
	return plain, nil
}

func (r *Receiver) openRTP(packet []byte, header int, ssrc uint32, index uint64) ([]byte, error) {
	if r.rtp.aead != nil {
		r.rtp.nonce(&r.iv, ssrc, index)
		body, err := r.rtp.aead.Open(packet[header:header], r.iv[:], packet[header:], packet[:header])
		if err != nil {
			return nil, ErrAuthentication
		}
		return packet[:header+len(body)], nil
	}
	end := len(packet) - shaTagBytes
	roc := binary.BigEndian.AppendUint32(nil, uint32(index>>16))
	if subtle.ConstantTimeCompare(r.rtp.tag(nil, packet[:end], roc), packet[end:]) != 1 {
		return nil, ErrAuthentication
	}
	r.rtp.stream(ssrc, index).XORKeyStream(packet[header:end], packet[header:end])
	return packet[:end], nil
}

// OpenRTCP gives the compound packet in the clear, in the bytes that it came in.
func (r *Receiver) OpenRTCP(packet []byte) ([]byte, error) {
	if len(packet) < 8+4+r.profile.Overhead() {
		return nil, ErrMalformed
	}
	wordAt := len(packet) - 4
	if r.rtcp.aead == nil {
		wordAt -= shaTagBytes
	}
	word := binary.BigEndian.Uint32(packet[wordAt:])
	index := uint64(word &^ (1 << 31))
	if word>>31 == 0 {
		return nil, ErrMalformed // unencrypted: nobody agreed to that
	}
	if r.rtcpWindow.seen(r.rtcpNewest, index) {
		return nil, ErrReplayed
	}
	plain, err := r.openRTCP(packet, wordAt, index)
	if err != nil {
		return nil, err
	}
	r.rtcpNewest = r.rtcpWindow.add(r.rtcpNewest, index)
	return plain, nil
}

func (r *Receiver) openRTCP(packet []byte, wordAt int, index uint64) ([]byte, error) {
	ssrc := binary.BigEndian.Uint32(packet[4:])
	if r.rtcp.aead != nil {
		var aad [12]byte
		copy(aad[:], packet[:8])
		copy(aad[8:], packet[wordAt:])
		r.rtcp.nonce(&r.iv, ssrc, index)
		body, err := r.rtcp.aead.Open(packet[8:8], r.iv[:], packet[8:wordAt], aad[:])
		if err != nil {
			return nil, ErrAuthentication
		}
		return packet[:8+len(body)], nil
	}
	if subtle.ConstantTimeCompare(r.rtcp.tag(nil, packet[:wordAt+4], nil), packet[wordAt+4:]) != 1 {
		return nil, ErrAuthentication
	}
	r.rtcp.stream(ssrc, index).XORKeyStream(packet[8:wordAt], packet[8:wordAt])
	return packet[:wordAt], nil
}

// headerBytes is the length of an RTP header with its sources and extension.
func headerBytes(packet []byte) (int, bool) {
	if len(packet) < HeaderBytes || packet[0]>>6 != 2 {
		return 0, false
	}
	n := HeaderBytes + 4*int(packet[0]&15)
	if packet[0]&0x10 != 0 {
		if len(packet) < n+4 {
			return 0, false
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(packet[n+2:]))
	}
	return n, n <= len(packet)
}

// guess finds the index whose lower bits are the sequence number, nearest to the newest (RFC 3711, 3.3.1).
func guess(known *source, sequence uint16) uint64 {
	if known == nil {
		return uint64(sequence)
	}
	index := known.newest&^0xffff | uint64(sequence)
	switch {
	case index > known.newest+0x8000 && index >= 0x1_0000:
		return index - 0x1_0000
	case index+0x8000 < known.newest:
		return index + 0x1_0000
	}
	return index
}
