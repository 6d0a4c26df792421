package main

import (
	"net/netip"
	"testing"

	"doorward/engine/internal/srtp"
)

// BenchmarkFanout sends pictures of eight packets to 250 viewers over the real socket, to a port where nobody reads:
//
//	go test -run '^$' -bench Fanout -benchtime 10s
func BenchmarkFanout(b *testing.B) {
	r := newRig(b, true)
	transport, err := openTransport(0)
	if err != nil {
		b.Fatal(err)
	}
	sink, err := openTransport(0)
	if err != nil {
		b.Fatal(err)
	}
	var senders []*sender
	for range 250 {
		s, _ := r.viewer()
		s.to.engine.transport = transport
		s.to.path = transport.newPath(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), sink.port()), netip.MustParseAddr("127.0.0.1"))
		material := make([]byte, srtp.AEADAES256GCM.MaterialBytes())
		s.to.out, _, _ = srtp.Material{Profile: srtp.AEADAES256GCM, Bytes: material}.Sessions()
		senders = append(senders, s)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		r.write(written{key: n == 0, packets: 8, bytes: 1150})
		r.queue.serve(r.out)
		r.advance(40_000_000)
		r.clock.timers = nil
	}
	var packets uint64
	for _, s := range senders {
		packets += s.counters.packets
	}
	b.ReportMetric(float64(packets)/b.Elapsed().Seconds(), "packets/s")
}
