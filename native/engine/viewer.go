package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"doorward/engine/internal/rtcp"
	"doorward/engine/internal/srtp"
	"doorward/engine/internal/stun"
	"doorward/engine/internal/wire"
)

const (
	connectLimit = 20 * time.Second
	// Longest silence of a viewer from whom reports came: browsers report pictures each second, sound each five.
	silentVideoUs = 5_000_000
	silentAudioUs = 10_000_000
)

// viewer is one browser or other peer. All of it but the atomic parts belongs to its lock, which `do` takes.
type viewer struct {
	id      uint32
	engine  *engine
	options viewOptions

	// dtlsPath is where handshakes go, for DTLS' own goroutines.
	dtlsPath atomic.Pointer[path]
	// connecting is true until keys are agreed.
	connecting atomic.Bool
	over       chan struct{}

	mu         sync.Mutex
	agent      agent
	link       *dtlsLink
	handshakes bool
	agreed     agreed
	out        *srtp.Sender
	in         *srtp.Receiver
	// path is where media goes; nil without consent.
	path           *path
	senders        []*sender
	starting       []*sender
	microphone     bool
	heardUs        int64
	nacks          uint32
	keyRequests    uint32
	feedback       *outbox
	addresses      []netip.AddrPort
	newAddress     netip.AddrPort
	endReason      string
	stopConnecting func()
	stopTicking    func()
}

// viewOptions are what the hub says about a viewer.
type viewOptions struct {
	flags                              byte
	ufrag, pwd, remoteUfrag, remotePwd string
	certificate                        fingerprint
	// microphone is the payload type that it may send; wire.NoMicrophone for none.
	microphone byte
	tracks     []senderOptions
}

func newViewer(id uint32, engine *engine, options viewOptions) *viewer {
	v := &viewer{id: id, engine: engine, options: options, over: make(chan struct{}), heardUs: never}
	v.connecting.Store(true)
	v.link = newDtlsLink(v.sendDtls)
	v.agent = agent{
		ufrag: options.ufrag, pwd: options.pwd, remoteUfrag: options.remoteUfrag, remotePwd: options.remotePwd,
		clock:       engine.clock,
		newPath:     engine.transport.newPath,
		send:        func(p *path, b []byte) { _, _ = engine.transport.sendRun(p, b, len(b)) },
		random:      engine.random,
		controlling: options.flags&wire.ViewIceLite != 0,
		tieBreaker:  rand.Uint64(),
	}
	v.stopConnecting = engine.clock.after(connectLimit, func() { v.do(func() { v.end("failed") }) })
	v.tick()
	return v
}

// do runs something under the viewer's lock. A panic costs this viewer and nobody else.
func (v *viewer) do(run func()) {
	v.mu.Lock()
	if v.endReason == "" {
		v.guarded(run)
	}
	ended, address := v.endReason, v.newAddress
	v.newAddress = netip.AddrPort{}
	starting := v.starting
	v.starting = nil
	v.mu.Unlock()
	if address.IsValid() {
		v.engine.claim(address, v)
	}
	for _, one := range starting {
		one.start()
	}
	if ended != "" {
		v.engine.bury(v, ended)
	}
}

func (v *viewer) guarded(run func()) {
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Fprintf(os.Stderr, "viewer %d: %v\n%s", v.id, problem, debug.Stack())
			v.end("failed")
		}
	}()
	run()
}

// end marks the viewer as over, for the first reason given.
func (v *viewer) end(reason string) {
	if v.endReason == "" {
		v.endReason = reason
	}
}

// heardTrack is a track of which a sender hears.
type heardTrack struct {
	track *track
	by    *sender
}

// release lets go of everything. Called once, after the viewer has left the engine's books.
func (v *viewer) release() {
	close(v.over)
	v.stopConnecting()
	v.mu.Lock()
	stopTicking, conn := v.stopTicking, v.agreed.conn
	heard := make([]heardTrack, 0, 2*len(v.senders))
	for _, one := range v.senders {
		heard = append(heard, heardTrack{one.track, one})
		if one.coming != nil {
			heard = append(heard, heardTrack{one.coming, one})
		}
	}
	v.senders = nil
	v.mu.Unlock()
	stopTicking()
	for _, one := range heard {
		one.track.remove(one.by)
	}
	if conn != nil {
		conn.Close() // says goodbye
	}
	v.link.Close()
}

// tick keeps ICE going: checks until the viewer is connected, then consent.
func (v *viewer) tick() {
	after, wait := v.engine.clock.after, checkEvery
	if v.connected() {
		after, wait = v.engine.wheel.after, time.Duration((0.8+0.4*rand.Float64())*float64(consentEvery))
	}
	v.stopTicking = after(wait, func() {
		v.do(func() {
			switch {
			case !v.connected():
				v.agent.checkNext()
			case !v.agent.askConsent():
				v.end("disconnected")
			}
			v.follow()
			v.tick()
		})
	})
}

func (v *viewer) connected() bool { return v.out != nil && v.path != nil }

// onStun takes a message that names this viewer, or answers one of its checks.
func (v *viewer) onStun(m *stun.Message, from netip.AddrPort, local netip.Addr) {
	v.do(func() {
		if m.Kind != stun.BindingRequest {
			v.agent.onAnswer(m, from)
		} else if v.agent.onRequest(m, from, local) {
			v.remember(from)
			v.beginHandshake()
		}
		v.follow()
	})
}

// remember makes what comes from an address this viewer's.
func (v *viewer) remember(from netip.AddrPort) {
	for _, one := range v.addresses {
		if one == from {
			return
		}
	}
	if len(v.addresses) < wire.MaxCandidatesPerViewer {
		v.addresses = append(v.addresses, from)
		v.newAddress = from
	}
}

// follow takes the way that ICE has chosen.
func (v *viewer) follow() {
	if way := v.agent.way(); way != nil {
		v.dtlsPath.Store(way)
	}
	if v.agent.selected == nil {
		return
	}
	if v.path != v.agent.selected.path {
		v.path = v.agent.selected.path
		v.remember(v.path.remote)
		v.beginHandshake()
		v.beginSending()
	}
}

func (v *viewer) sendDtls(b []byte) {
	if p := v.dtlsPath.Load(); p != nil {
		_, _ = v.engine.transport.sendRun(p, b, len(b))
	}
}

// beginHandshake starts DTLS, once somebody has shown that it is our viewer.
func (v *viewer) beginHandshake() {
	if v.handshakes {
		return
	}
	v.handshakes = true
	v.dtlsPath.Store(v.agent.way())
	go v.runDtls()
}

// runDtls agrees on keys, then waits until the viewer says goodbye.
func (v *viewer) runDtls() {
	select {
	case v.engine.handshakes <- struct{}{}:
	case <-v.over:
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeLimit)
	client := v.options.flags&wire.ViewDtlsClient != 0
	a, err := handshake(ctx, v.link, v.engine.certificate, v.options.certificate, client)
	cancel()
	<-v.engine.handshakes
	v.engine.handshaken.Store(true)
	if err != nil {
		v.do(func() { v.end("failed") })
		return
	}
	stillThere := false
	v.do(func() {
		stillThere = true
		v.agreed, v.out, v.in = a, a.out, a.in
		v.beginSending()
	})
	if !stillThere {
		a.conn.Close()
		return
	}
	goodbye := make([]byte, 64)
	for {
		if _, err := a.conn.Read(goodbye); err != nil {
			break
		}
	}
	v.do(func() { v.end("closed") })
}

// beginSending begins when there are both keys and consent.
func (v *viewer) beginSending() {
	if !v.connected() || v.senders != nil {
		return
	}
	v.stopConnecting()
	v.connecting.Store(false)
	v.senders = make([]*sender, 0, len(v.options.tracks))
	for _, one := range v.options.tracks {
		v.senders = append(v.senders, newSender(v, one))
	}
	v.starting = v.senders
}

// turnTo shows another picture from its next key frame on; at once to a viewer to whom nothing was sent yet.
func (v *viewer) turnTo(t *track) {
	var sending *sender
	v.do(func() {
		for _, one := range v.senders {
			if one.track.video {
				sending = one
			}
		}
		if v.senders != nil {
			return
		}
		for i := range v.options.tracks {
			if v.options.tracks[i].track.video {
				v.options.tracks[i].track = t
				v.engine.hub.post(wire.NewMessage(wire.FromTurned).U32(v.id).U32(t.id).Bytes())
			}
		}
	})
	if sending != nil {
		sending.turnTo(t)
	}
}

// maySend is true while the viewer is there to take packets.
func (v *viewer) maySend() bool { return v.connected() }

// onMedia takes RTP and RTCP from one of the viewer's addresses.
func (v *viewer) onMedia(b []byte, out *outbox) {
	v.do(func() {
		if v.in == nil {
			return
		}
		if rtcp.Is(b) {
			v.onRtcp(b, out)
			return
		}
		packet, err := v.in.OpenRTP(b)
		if err != nil {
			return
		}
		v.heardUs = v.engine.clock.nowUs()
		if v.microphone && packet[1]&0x7f == v.options.microphone {
			v.engine.hub.offer(wire.NewMessage(wire.FromSound).U32(v.id).Rest(packet).Bytes())
		}
	})
}

func (v *viewer) onRtcp(b []byte, out *outbox) {
	packet, err := v.in.OpenRTCP(b)
	if err != nil {
		return
	}
	v.heardUs = v.engine.clock.nowUs()
	v.feedback = out
	_ = rtcp.Read(packet, v) // what stands before a fault counts
}

func (v *viewer) sender(ssrc uint32) *sender {
	for _, one := range v.senders {
		if one.ssrc == ssrc {
			return one
		}
	}
	return nil
}

// OnReport hears what the viewer says about one of our tracks.
func (v *viewer) OnReport(r rtcp.Report) {
	if one := v.sender(r.SSRC); one != nil {
		one.takeReport(r)
	}
}

// OnNack sends a packet again.
func (v *viewer) OnNack(ssrc uint32, sequence uint16) {
	if one := v.sender(ssrc); one != nil && v.path != nil {
		v.nacks++
		one.resend(sequence, v.feedback)
	}
}

// OnKeyFrameRequest sends the group of pictures again.
func (v *viewer) OnKeyFrameRequest(ssrc uint32) {
	if one := v.sender(ssrc); one != nil {
		v.keyRequests++
		one.restart()
	}
}

func (v *viewer) sendRTCP(packet []byte) {
	if sealed, err := v.out.SealRTCP(packet); err == nil {
		_, _ = v.engine.transport.sendRun(v.path, sealed, len(sealed))
	}
}

// checkSilence ends a viewer from whom reports came and come no more.
func (v *viewer) checkSilence() {
	v.do(func() {
		if v.heardUs == never || len(v.senders) == 0 {
			return
		}
		allowedUs := int64(silentAudioUs)
		for _, one := range v.senders {
			if one.track.video {
				allowedUs = silentVideoUs
			}
		}
		if v.engine.clock.nowUs()-v.heardUs > allowedUs {
			v.end("disconnected")
		}
	})
}

// stats is the answer to the hub's question.
func (v *viewer) stats(request uint32) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	var sum counters
	var flags byte
	var lost, roundTrip uint32
	for _, one := range v.senders {
		sum.packets += one.counters.packets
		sum.bytes += one.counters.bytes
		sum.dropped += one.counters.dropped
		if one.reported.known {
			flags |= wire.StatsPacketsLost
			lost += one.reported.packetsLost
		}
		if one.reported.roundTripKnown && flags&wire.StatsRoundTrip == 0 {
			flags |= wire.StatsRoundTrip
			roundTrip = one.reported.roundTrip
		}
	}
	return wire.NewMessage(wire.FromStats).U32(v.id).U32(request).U64(sum.packets).U64(sum.bytes).U32(sum.dropped).
		U32(v.nacks).U32(v.keyRequests).U8(flags).U32(lost).U32(roundTrip).Bytes()
}
