package main

import (
	"crypto/tls"
	"net/netip"
	"sync"
	"testing"

	"doorward/engine/internal/stun"
)

var certificateOnce = sync.OnceValues(func() (tls.Certificate, error) {
	certificate, _, err := newCertificate()
	return certificate, err
})

func sharedCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	certificate, err := certificateOnce()
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// FuzzDatagram gives the engine what strangers may send to its port while a viewer is there.
func FuzzDatagram(f *testing.F) {
	request := stun.Request{Username: "uuuu:vvvv", Key: "the password", Role: stun.Controlling, UseCandidate: true}
	f.Add(request.Bytes())
	f.Add([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1})
	f.Add([]byte{128, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3})
	f.Add([]byte{128, 201, 0, 1, 0, 0, 0, 7, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		clock := &manualClock{us: 5}
		e := newEngine(clock, newQueue(clock, 1), newHubLink(), sharedCertificate(t), newCollector())
		e.transport = &fakeTransport{t: t}
		from := netip.MustParseAddrPort("192.0.2.1:5")
		if err := e.enter(1, viewOptions{ufrag: "uuuu", pwd: "the password", remoteUfrag: "vvvv", remotePwd: "x"}); err != nil {
			t.Fatal(err)
		}
		e.byAddress[from] = e.viewers[1]
		e.viewers[1].handshakes = true // not the library's own parser: it has its own tests
		if len(b) > 0 {
			e.onDatagram(datagram{bytes: b, from: from}, newOutbox())
		}
		if v := e.viewers[1]; v == nil || v.endReason != "" {
			t.Fatal("a stranger ended the viewer")
		}
		e.viewers[1].do(func() { e.viewers[1].end("closed") })
	})
}
