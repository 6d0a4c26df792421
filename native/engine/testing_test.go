package main

import (
	"net/netip"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"doorward/engine/internal/rtcp"
	"doorward/engine/internal/srtp"
)

// manualClock stands still until advance is called.
type manualClock struct {
	mu     sync.Mutex
	us     int64
	timers []*manualTimer
}

type manualTimer struct {
	atUs int64
	run  func()
}

func (c *manualClock) nowUs() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.us
}

func (c *manualClock) wallUs(hubUs int64) int64 { return hubUs + 1_800_000_000_000_000 }

func (c *manualClock) after(d time.Duration, run func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	timer := &manualTimer{c.us + d.Microseconds(), run}
	c.timers = append(c.timers, timer)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.timers = slices.DeleteFunc(c.timers, func(one *manualTimer) bool { return one == timer })
	}
}

// next takes the first timer that is due at untilUs and moves the clock there.
func (c *manualClock) next(untilUs int64) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	sort.SliceStable(c.timers, func(i, j int) bool { return c.timers[i].atUs < c.timers[j].atUs })
	if len(c.timers) == 0 || c.timers[0].atUs > untilUs {
		c.us = max(c.us, untilUs)
		return nil
	}
	timer := c.timers[0]
	c.timers = c.timers[1:]
	c.us = max(c.us, timer.atUs)
	return timer.run
}

// sentPacket is an RTP packet as the viewer sees it, in the clear.
type sentPacket struct {
	sequence  uint16
	timestamp uint32
	marker    bool
	payload   string
	sealed    string
}

// fakeTransport keeps what was sent to it, opened with the viewer's keys.
type fakeTransport struct {
	t       testing.TB
	in      *srtp.Receiver
	packets []sentPacket
	reports []rtcp.Report
	senders [][]byte
	// room is how many packets it takes before it is full.
	room      int
	runs      []int
	datagrams [][]byte
}

func (f *fakeTransport) newPath(remote netip.AddrPort, local netip.Addr) *path {
	return &path{remote: remote, local: local}
}
func (f *fakeTransport) port() uint16                  { return 1 }
func (f *fakeTransport) newInbox(func(datagram)) inbox { panic("nobody receives here") }

func (f *fakeTransport) sendRun(_ *path, run []byte, segment int) (int, error) {
	f.runs = append(f.runs, (len(run)+segment-1)/segment)
	for at := 0; at < len(run); at += segment {
		one := slices.Clone(run[at:min(at+segment, len(run))])
		if f.in == nil {
			f.datagrams = append(f.datagrams, one)
			continue
		}
		if rtcp.Is(one) {
			plain, err := f.in.OpenRTCP(one)
			if err != nil {
				f.t.Fatal(err)
			}
			f.senders = append(f.senders, plain)
			continue
		}
		if f.room == 0 {
			return at, errFull
		}
		f.room--
		sealed := string(one)
		h := sentPacket{sequence: uint16(one[2])<<8 | uint16(one[3]), marker: one[1]&0x80 != 0, sealed: sealed}
		h.timestamp = uint32(one[4])<<24 | uint32(one[5])<<16 | uint32(one[6])<<8 | uint32(one[7])
		plain, err := f.in.OpenRTP(one)
		if err == nil {
			h.payload = string(plain[srtp.HeaderBytes:])
		}
		f.packets = append(f.packets, h)
	}
	return len(run), nil
}

// rig is one track and viewers of it, served by hand.
type rig struct {
	t     testing.TB
	clock *manualClock
	queue *queue
	track *track
	out   *outbox
}

func newRig(t testing.TB, video bool) *rig {
	clock := &manualClock{us: 50_000_000}
	return &rig{t, clock, newQueue(clock, 1), newTrack(video, 0, clock), newOutbox()}
}

// viewer is one whose connection is there already.
func (r *rig) viewer() (*sender, *fakeTransport) {
	r.t.Helper()
	transport := &fakeTransport{t: r.t, room: 1 << 30}
	e := &engine{collector: newCollector(), clock: r.clock, wheel: newWheel(r.clock), queue: r.queue, hub: newHubLink(), transport: transport}
	v := &viewer{id: 1, engine: e, over: make(chan struct{}), heardUs: never, stopConnecting: func() {}, stopTicking: func() {}}
	v.link = newDtlsLink(func([]byte) {})
	material := make([]byte, srtp.AEADAES128GCM.MaterialBytes())
	v.out, _, _ = srtp.Material{Profile: srtp.AEADAES128GCM, Bytes: material}.Sessions()
	_, transport.in, _ = srtp.Material{Profile: srtp.AEADAES128GCM, Bytes: material, Client: true}.Sessions()
	v.path = transport.newPath(netip.MustParseAddrPort("127.0.0.1:5"), netip.Addr{})
	rate := int64(90_000)
	if !r.track.video {
		rate = 48_000
	}
	s := newSender(v, senderOptions{r.track, 96, rate, 7, "cam", 0xfff0_1234_7ffe})
	v.senders = []*sender{s}
	s.start()
	return s, transport
}

// settle sends what there is; pauses pass on the clock.
func (r *rig) settle() {
	r.queue.serve(r.out)
	for len(r.clock.timers) > 0 {
		r.clock.next(r.clock.timers[0].atUs)()
		r.queue.serve(r.out)
	}
}

func (r *rig) advance(d time.Duration) { r.clock.next(r.clock.nowUs() + d.Microseconds()) }

// written describes a frame; it is now's unless a time is given.
type written struct {
	key, replay bool
	packets     int
	timestampUs int64
	bytes       int
}

var writtenFrames byte

func (r *rig) write(w written) {
	if w.timestampUs == 0 {
		w.timestampUs = r.clock.nowUs()
	}
	w.packets, w.bytes = max(1, w.packets), max(20, w.bytes)
	f := &frame{key: w.key, replay: w.replay, timestampUs: w.timestampUs}
	for i := range w.packets {
		writtenFrames++
		f.payloads = append(f.payloads, payload{at: uint32(len(f.bytes)), bytes: uint16(w.bytes), marker: i == w.packets-1})
		for range w.bytes {
			f.bytes = append(f.bytes, writtenFrames)
		}
	}
	r.track.write(f)
}

var _ transport = (*fakeTransport)(nil)

// another is a track beside the rig's own, of the same clock and queue.
func (r *rig) another() *rig {
	return &rig{r.t, r.clock, r.queue, newTrack(r.track.video, 0, r.clock), r.out}
}
