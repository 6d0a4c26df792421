package main

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"doorward/engine/internal/srtp"
	"github.com/pion/dtls/v3"
)

const (
	// handshakesAtOnce bounds the work that strangers can cause; others wait their turn.
	handshakesAtOnce = 64
	handshakeLimit   = 20 * time.Second
	flightInterval   = 250 * time.Millisecond
	dtlsMtu          = 1200
	waitingDatagrams = 16
	exporterLabel    = "EXTRACTOR-dtls_srtp"
)

// ourProfiles, the best first: AES-128-GCM is the fastest that all browsers have.
var ourProfiles = []dtls.SRTPProtectionProfile{
	dtls.SRTP_AEAD_AES_128_GCM,
	dtls.SRTP_AEAD_AES_256_GCM,
	dtls.SRTP_AES128_CM_HMAC_SHA1_80,
}

var errFingerprint = errors.New("the certificate is not the one that the offer names")

// fingerprint is the hash of a certificate as an offer names it (RFC 8122).
type fingerprint struct {
	// bits of SHA-2.
	bits int
	sum  string
}

// check is nil when a certificate is the one that was named.
func (f fingerprint) check(certificates [][]byte) error {
	if len(certificates) == 0 {
		return errFingerprint
	}
	var sum []byte
	switch f.bits {
	case 256:
		s := sha256.Sum256(certificates[0])
		sum = s[:]
	case 384:
		s := sha512.Sum384(certificates[0])
		sum = s[:]
	case 512:
		s := sha512.Sum512(certificates[0])
		sum = s[:]
	}
	if len(sum) == 0 || subtle.ConstantTimeCompare(sum, []byte(f.sum)) != 1 {
		return errFingerprint
	}
	return nil
}

// dtlsLink is the viewer's part of the one socket, as DTLS wants it.
type dtlsLink struct {
	in   chan []byte
	over chan struct{}
	once sync.Once
	send func([]byte)

	mu      sync.Mutex
	expired chan struct{}
}

func newDtlsLink(send func([]byte)) *dtlsLink {
	return &dtlsLink{
		in:      make(chan []byte, waitingDatagrams),
		over:    make(chan struct{}),
		send:    send,
		expired: make(chan struct{}),
	}
}

// put hands a datagram in; one too many is lost, as on the way.
func (l *dtlsLink) put(datagram []byte) {
	select {
	case l.in <- append([]byte(nil), datagram...):
	default:
	}
}

func (l *dtlsLink) ReadFrom(b []byte) (int, net.Addr, error) {
	l.mu.Lock()
	expired := l.expired
	l.mu.Unlock()
	select {
	case datagram := <-l.in:
		return copy(b, datagram), nowhere, nil
	case <-expired:
		return 0, nil, os.ErrDeadlineExceeded
	case <-l.over:
		return 0, nil, net.ErrClosed
	}
}

func (l *dtlsLink) WriteTo(b []byte, _ net.Addr) (int, error) {
	l.send(b)
	return len(b), nil
}

func (l *dtlsLink) Close() error {
	l.once.Do(func() { close(l.over) })
	return nil
}

// nowhere stands for the viewer's address, which ICE knows and may change.
var nowhere = &net.UDPAddr{IP: net.IPv4zero}

func (l *dtlsLink) LocalAddr() net.Addr                { return nowhere }
func (l *dtlsLink) SetDeadline(t time.Time) error      { return l.SetReadDeadline(t) }
func (l *dtlsLink) SetWriteDeadline(_ time.Time) error { return nil }

// SetReadDeadline is used only to end a read at once, and to allow reads again.
func (l *dtlsLink) SetReadDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.expired:
		if t.IsZero() {
			l.expired = make(chan struct{})
		}
	default:
		if !t.IsZero() {
			close(l.expired)
		}
	}
	return nil
}

// agreed is what a handshake gives.
type agreed struct {
	conn *dtls.Conn
	out  *srtp.Sender
	in   *srtp.Receiver
}

// handshake agrees on keys with the holder of the named certificate. The link is closed when it fails.
func handshake(ctx context.Context, link *dtlsLink, own tls.Certificate, peer fingerprint, client bool) (agreed, error) {
	conn, err := openDtls(link, own, peer, client)
	if err != nil {
		link.Close()
		return agreed{}, err
	}
	a := agreed{conn: conn}
	if err = conn.HandshakeContext(ctx); err == nil {
		a.out, a.in, err = keysOf(conn, client)
	}
	if err != nil {
		conn.Close()
		link.Close()
		return agreed{}, err
	}
	return a, nil
}

func openDtls(link *dtlsLink, own tls.Certificate, peer fingerprint, client bool) (*dtls.Conn, error) {
	verify := func(certificates [][]byte, _ [][]*x509.Certificate) error { return peer.check(certificates) }
	shared := []dtls.Option{
		dtls.WithCertificates(own),
		dtls.WithInsecureSkipVerify(true), // the fingerprint is what counts
		dtls.WithVerifyPeerCertificate(verify),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithSRTPProtectionProfiles(ourProfiles...),
		dtls.WithFlightInterval(flightInterval),
		dtls.WithMTU(dtlsMtu),
	}
	if client {
		return dtls.ClientWithOptions(link, nowhere, asClient(shared)...)
	}
	options := append(asServer(shared),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithInsecureSkipVerifyHello(true), // ICE has verified the address
	)
	return dtls.ServerWithOptions(link, nowhere, options...)
}

func asClient(options []dtls.Option) (all []dtls.ClientOption) {
	for _, one := range options {
		all = append(all, one)
	}
	return all
}

func asServer(options []dtls.Option) (all []dtls.ServerOption) {
	for _, one := range options {
		all = append(all, one)
	}
	return all
}

func keysOf(conn *dtls.Conn, client bool) (*srtp.Sender, *srtp.Receiver, error) {
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return nil, nil, srtp.ErrProfile
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, nil, errors.New("the handshake has no state")
	}
	profile := srtp.Profile(chosen)
	material, err := state.ExportKeyingMaterial(exporterLabel, nil, profile.MaterialBytes())
	if err != nil {
		return nil, nil, err
	}
	return srtp.Material{Profile: profile, Bytes: material, Client: client}.Sessions()
}
