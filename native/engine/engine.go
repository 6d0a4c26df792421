package main

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"doorward/engine/internal/stun"
	"doorward/engine/internal/wire"
)

const (
	silenceCheck = 2 * time.Second
	// breath is long enough for the scheduler to look at the network.
	breath = 20 * time.Microsecond
)

// engine is what the process does: tracks come in from the hub, viewers are served from them, their sound goes back.
type engine struct {
	clock       clock
	wheel       *wheel
	queue       *queue
	hub         *hubLink
	transport   transport
	certificate tls.Certificate
	handshakes  chan struct{}
	// handshaken is set when one has ended; trimAt counts silence checks until its memory is given back.
	handshaken atomic.Bool
	trimAt     int
	// between receives while runners are busy, one of them at a time.
	breathing sync.Mutex
	between   inbox
	// tracks belongs to the goroutine that reads the hub's messages.
	tracks    map[uint32]*track
	reflexive reflexive

	mu        sync.RWMutex
	viewers   map[uint32]*viewer
	byUfrag   map[string]*viewer
	byAddress map[netip.AddrPort]*viewer
	collector *collector
}

func newEngine(clock clock, queue *queue, hub *hubLink, certificate tls.Certificate, collector *collector) *engine {
	e := &engine{
		clock: clock, wheel: newWheel(clock), queue: queue, hub: hub, certificate: certificate,
		handshakes: make(chan struct{}, handshakesAtOnce),
		tracks:     map[uint32]*track{},
		viewers:    map[uint32]*viewer{},
		byUfrag:    map[string]*viewer{},
		byAddress:  map[netip.AddrPort]*viewer{},
		collector:  collector,
	}
	queue.breathe = e.breathe
	return e
}

func (e *engine) random(b []byte) { _, _ = rand.Read(b) }

func (e *engine) random64() uint64 {
	var b [8]byte
	e.random(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// receive takes one message of the hub. An error ends the process: the hub is the only one who speaks here.
func (e *engine) receive(code byte, body []byte) error {
	c := wire.NewCursor(body)
	switch code {
	case wire.ToFrame:
		return e.onFrame(c)
	case wire.ToConfigure:
		nowUs := c.I64()
		if system, ok := e.clock.(*systemClock); ok {
			system.set(nowUs)
		}
	case wire.ToBind:
		e.bind(c.U16())
	case wire.ToStunServers:
		return e.onStunServers(c)
	case wire.ToTrack:
		return e.onTrack(c)
	case wire.ToTrackEnd:
		delete(e.tracks, c.U32())
	case wire.ToView:
		return e.onView(c)
	default:
		return e.onViewerMessage(code, c)
	}
	return c.Err()
}

func (e *engine) onViewerMessage(code byte, c *wire.Cursor) error {
	id := c.U32()
	v := e.viewer(id)
	switch code {
	case wire.ToCandidate:
		priority, address := c.U32(), c.Address()
		if c.Err() == nil && v != nil {
			v.do(func() { v.agent.addCandidate(address, priority) })
		}
	case wire.ToMicrophone:
		wanted := c.U8() != 0
		if v != nil {
			v.do(func() { v.microphone = wanted })
		}
	case wire.ToStats:
		if request := c.U32(); v != nil {
			e.hub.post(v.stats(request))
		}
	case wire.ToTurn:
		if t := e.tracks[c.U32()]; c.Err() == nil && v != nil && t != nil && t.video {
			v.turnTo(t)
		}
	case wire.ToClose:
		if v != nil {
			v.do(func() { v.end("closed") })
		}
	default:
		return fmt.Errorf("%w: code %d", wire.ErrMalformed, code)
	}
	return c.Err()
}

func (e *engine) bind(port uint16) {
	if e.transport == nil {
		opened, err := openTransport(port)
		if err != nil {
			e.hub.post(wire.NewMessage(wire.FromNotBound).Long(reasonOf(err)).Bytes())
			return
		}
		e.transport = opened
		out := newOutbox()
		e.between = opened.newInbox(func(d datagram) { e.onDatagram(d, out) })
		go e.listen()
		go e.watchSilence()
	}
	e.hub.post(wire.NewMessage(wire.FromBound).U16(e.transport.port()).Bytes())
}

// reasonOf is an error without the addresses that the standard library puts in front.
func reasonOf(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return err.Error()
}

func (e *engine) onTrack(c *wire.Cursor) error {
	id, kind, latencyUs := c.U32(), c.U8(), c.U32()
	if c.Err() != nil || len(e.tracks) >= wire.MaxTracks {
		return wire.ErrMalformed
	}
	e.tracks[id] = newTrack(kind == 0, int64(latencyUs), e.clock)
	e.tracks[id].id = id
	return nil
}

func (e *engine) onFrame(c *wire.Cursor) error {
	id, f, err := readFrame(c)
	if err == nil && e.tracks[id] != nil {
		e.tracks[id].write(f)
	}
	return err
}

func (e *engine) onView(c *wire.Cursor) error {
	id := c.U32()
	options := viewOptions{flags: c.U8(), ufrag: c.Text(), pwd: c.Text(), remoteUfrag: c.Text(), remotePwd: c.Text()}
	options.certificate = fingerprint{bits: int(c.U8()) * 8, sum: c.Text()}
	options.microphone = c.U8()
	count := int(c.U8())
	for range min(count, wire.MaxTracksPerViewer) {
		one := senderOptions{track: e.tracks[c.U32()], payloadType: c.U8(), clockRateHz: int64(c.U32()), ssrc: c.U32()}
		one.cname, one.random = c.Text(), e.random64()
		if one.track != nil {
			options.tracks = append(options.tracks, one)
		}
	}
	if c.Err() != nil || count > wire.MaxTracksPerViewer || e.transport == nil || sharesSsrc(options.tracks) {
		return wire.ErrMalformed
	}
	return e.enter(id, options)
}

// sharesSsrc is true when two tracks would use the same nonces.
func sharesSsrc(tracks []senderOptions) bool {
	seen := map[uint32]bool{}
	for _, one := range tracks {
		if seen[one.ssrc] {
			return true
		}
		seen[one.ssrc] = true
	}
	return false
}

func (e *engine) enter(id uint32, options viewOptions) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.viewers) >= wire.MaxViewers || e.viewers[id] != nil || e.byUfrag[options.ufrag] != nil {
		return wire.ErrMalformed
	}
	v := newViewer(id, e, options)
	e.viewers[id] = v
	e.byUfrag[options.ufrag] = v
	e.collector.follow(len(e.viewers))
	return nil
}

func (e *engine) viewer(id uint32) *viewer {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.viewers[id]
}

// claim makes what comes from an address a viewer's, who has proven that it is there.
func (e *engine) claim(address netip.AddrPort, v *viewer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.viewers[v.id] == v {
		e.byAddress[address] = v
	}
}

// bury takes a viewer that is over out of the books, once.
func (e *engine) bury(v *viewer, reason string) {
	e.mu.Lock()
	if e.viewers[v.id] != v {
		e.mu.Unlock()
		return
	}
	delete(e.viewers, v.id)
	delete(e.byUfrag, v.options.ufrag)
	e.collector.follow(len(e.viewers))
	v.mu.Lock()
	addresses := v.addresses
	v.mu.Unlock()
	for _, address := range addresses {
		if e.byAddress[address] == v {
			delete(e.byAddress, address)
		}
	}
	e.mu.Unlock()
	e.hub.post(wire.NewMessage(wire.FromClosed).U32(v.id).Text(reason).Bytes())
	// Not here: DTLS' goodbye takes locks of its own.
	go v.release()
}

// listen takes what comes in on the UDP port.
func (e *engine) listen() {
	out := newOutbox()
	e.transport.newInbox(func(d datagram) { e.onDatagram(d, out) }).run()
}

// breathe lets what came in meanwhile pass, for a runner that is busy with sending.
func (e *engine) breathe() {
	if e.breathing.TryLock() {
		polled := e.between.poll()
		e.breathing.Unlock()
		if polled && !hubWaits() {
			runtime.Gosched()
			return
		}
	}
	time.Sleep(breath)
}

// onDatagram tells STUN, DTLS and SRTP apart (RFC 7983).
func (e *engine) onDatagram(d datagram, out *outbox) {
	b := d.bytes
	if stun.Is(b) {
		e.onStun(b, d.from, d.local)
		return
	}
	e.mu.RLock()
	v := e.byAddress[d.from]
	e.mu.RUnlock()
	switch {
	case v == nil:
	case b[0] >= 20 && b[0] < 64:
		v.link.put(b)
	case b[0] >= 128 && b[0] < 192:
		v.onMedia(b, out)
	}
}

func (e *engine) onStun(b []byte, from netip.AddrPort, local netip.Addr) {
	m, err := stun.Read(b)
	if err != nil {
		return
	}
	if m.Kind != stun.BindingRequest {
		if e.reflexive.onAnswer(&m, from) {
			e.hub.post(wire.NewMessage(wire.FromPublicAddress).Address(m.Mapped).Bytes())
			return
		}
		e.mu.RLock()
		v := e.byAddress[from]
		e.mu.RUnlock()
		if v == nil {
			v = e.expecting(from)
		}
		if v != nil {
			v.onStun(&m, from, local)
		}
		return
	}
	name, _, _ := strings.Cut(string(m.Username), ":")
	e.mu.RLock()
	v := e.byUfrag[name]
	e.mu.RUnlock()
	if v != nil {
		v.onStun(&m, from, local)
	}
}

// expecting finds a viewer that waits for the answer to a check from an address where nobody was heard yet.
func (e *engine) expecting(from netip.AddrPort) *viewer {
	e.mu.RLock()
	var all []*viewer
	for _, v := range e.viewers {
		if v.connecting.Load() {
			all = append(all, v)
		}
	}
	e.mu.RUnlock()
	for _, v := range all {
		v.mu.Lock()
		known := v.agent.find(from) != nil
		v.mu.Unlock()
		if known {
			return v
		}
	}
	return nil
}

// giveBackMemory returns what handshakes left behind, once none has been under way for a while.
func (e *engine) giveBackMemory() {
	switch {
	case len(e.handshakes) > 0:
		e.trimAt = 0
	case e.handshaken.Swap(false):
		e.trimAt = 2
	case e.trimAt > 0:
		if e.trimAt--; e.trimAt == 0 {
			debug.FreeOSMemory()
		}
	}
}

func (e *engine) watchSilence() {
	for {
		time.Sleep(silenceCheck)
		e.queue.dismissHelp()
		e.giveBackMemory()
		e.mu.RLock()
		all := make([]*viewer, 0, len(e.viewers))
		for _, v := range e.viewers {
			all = append(all, v)
		}
		e.mu.RUnlock()
		for _, v := range all {
			v.checkSilence()
		}
	}
}
