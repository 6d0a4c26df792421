package main

import (
	"math"
	"time"

	"doorward/engine/internal/rtcp"
	"doorward/engine/internal/srtp"
	"doorward/engine/internal/wire"
)

const (
	// Sound is reported as seldom as RFC 3550 (6.2) asks once its first reports have been heard.
	reportSoonUs  = 1_000_000
	reportVideoUs = 1_000_000
	reportAudioUs = 5_000_000
	firstReports  = 3
	// Live pictures that waited longer are given up, up to the next key frame; sound is simply skipped.
	maxVideoLagUs  = 1_000_000
	maxAudioLagUs  = 200_000
	restartAfterUs = 1_000_000
	// A key frame of another track that is no older is as good as the next one.
	freshKeyUs      = 500_000
	standsStillUs   = 1_500_000
	catchUpForUs    = 5_000_000
	maxResendsPerUs = 3000 * 1e-6

	// About 40 Mbit/s while a group of pictures is sent after its key frame: what a browser's socket buffer bears.
	catchUpPerPacket = 250 * time.Microsecond
	// About 150 Mbit/s for what does not fit into one portion of a live frame: what a small router's buffer bears.
	livePerPacket = 64 * time.Microsecond
	retryAfter    = 2 * time.Millisecond
)

// never is a time before all others.
const never = math.MinInt64 / 4

// senderOptions say what is sent to whom.
type senderOptions struct {
	track       *track
	payloadType byte
	clockRateHz int64
	ssrc        uint32
	cname       string
	// random begins sequence numbers and timestamps.
	random uint64
}

// counters only grow.
type counters struct {
	packets, bytes uint64
	// dropped counts frames left out because this viewer was behind.
	dropped uint32
}

// reported is what a viewer last said about a track.
type reported struct {
	known, roundTripKnown bool
	packetsLost           uint32
	// roundTrip is in 0.1 ms.
	roundTrip uint32
}

// sender sends one track to one viewer: its own sequence numbers, timestamps and reports over payloads that all share.
//
// A viewer begins with the last group of pictures. Those frames are stamped with the time at which they are *sent*: with
// their own, old times the viewer would believe that the network had become slow, and show everything later from then on.
//
// Everything but the options (of which the track may become another) and the place in the queue belongs to the viewer's lock.
type sender struct {
	senderOptions
	to    *viewer
	queue *queue
	clock clock
	spot  place

	// coming is the track whose next key frame is waited for.
	coming *track
	next   *frame
	// after is the key frame of another track that follows on next, of which a part had left when it came.
	after *frame
	// sentOfNext counts the packets of next that left.
	sentOfNext int
	// passed is the index of the last frame that was taken or left out.
	passed         int64
	waitingForKey  bool
	catchingUp     bool
	catchUpSinceUs int64
	counter        srtp.Counter
	firstTimestamp int64
	// lastTimestamp does not wrap.
	lastTimestamp int64
	lastReportUs  int64
	reports       int
	lastKeyUs     int64
	reported      reported
	counters      counters
	history       *history
	resendsSpare  float64
	resendsUs     int64
	// pending was protected but refused by the socket: it leaves first, or never, but its indexes are used.
	pending        []byte
	pendingSegment int
	pendingSinceUs int64
}

func newSender(to *viewer, options senderOptions) *sender {
	s := &sender{senderOptions: options, to: to, queue: to.engine.queue, clock: to.engine.clock, passed: -1}
	s.spot.urgent = !options.track.video
	s.counter = srtp.NewCounter(uint16(options.random))
	s.firstTimestamp = int64(uint32(options.random >> 16))
	s.lastTimestamp, s.lastReportUs, s.lastKeyUs = never, never, never
	s.waitingForKey = options.track.video
	if options.track.video {
		s.history = &history{clock: s.clock}
	}
	return s
}

func (s *sender) place() *place { return &s.spot }

// start begins with the group of pictures that is there, and with what the track gets from now on.
func (s *sender) start() {
	var begun *track
	s.to.do(func() { begun = s.track })
	if begun != nil {
		s.hear(begun, s.beginGroup)
	}
}

// onFrame hears of a new frame of a track, and says whether it wants more of it.
func (s *sender) onFrame(t *track, f *frame) (wanted bool) {
	s.to.do(func() {
		switch {
		case t == s.coming && f.key:
			s.turn(f)
		case t == s.track && s.next == nil && f.index > s.passed && (f.key || !s.waitingForKey):
			s.waitingForKey = false
			s.next = f
			s.queue.push(s)
		}
		wanted = t == s.track || t == s.coming
	})
	return wanted
}

// turnTo sends another track, of the same codec, from its next key frame on, and the one of before until then; numbers and
// times go on.
func (s *sender) turnTo(t *track) {
	there := false
	s.to.do(func() {
		s.coming = nil
		if there = t == s.track; there {
			s.tellTurned()
		} else {
			s.coming = t
		}
	})
	if there {
		return
	}
	s.hear(t, func() {
		key := t.group.Load()
		if s.coming == t && key != nil && s.clock.nowUs()-t.latencyUs.Load()-key.timestampUs <= freshKeyUs {
			s.turn(key)
			s.catchingUp, s.catchUpSinceUs = true, s.clock.nowUs()
		}
	})
}

// hear has a track's frames from now on, and then begins; not for a viewer that was let go of meanwhile.
func (s *sender) hear(t *track, begin func()) {
	t.add(s)
	there := false
	s.to.do(func() {
		there = true
		begin()
	})
	if !there {
		t.remove(s)
	}
}

// turn makes the track that was waited for the sender's own. The rest of a frame that is half sent is sent before it.
func (s *sender) turn(key *frame) {
	s.track, s.coming = s.coming, nil
	s.passed = key.index - 1
	s.waitingForKey, s.catchingUp = false, false
	if s.next != nil && s.sentOfNext > 0 {
		s.after = key
	} else {
		s.next = key
	}
	s.queue.push(s)
	s.tellTurned()
}

func (s *sender) tellTurned() {
	s.to.engine.hub.post(wire.NewMessage(wire.FromTurned).U32(s.to.id).U32(s.track.id).Bytes())
}

// restart is for a viewer that lost the picture: it gets the last group again, unless it had its key frame within this
// second. Nor does it when the source itself stands still: browsers then ask every 3 s, and would see the past each time.
func (s *sender) restart() {
	nowUs := s.clock.nowUs()
	tail := s.track.tail.Load()
	if !s.track.video || nowUs-s.lastKeyUs < restartAfterUs || tail == nil || nowUs-tail.arrivedUs > standsStillUs {
		return
	}
	s.beginGroup()
}

func (s *sender) beginGroup() {
	group := s.track.group.Load()
	if group == nil {
		return
	}
	s.next, s.after, s.sentOfNext = group, nil, 0
	s.waitingForKey = false
	s.catchingUp, s.catchUpSinceUs = true, s.clock.nowUs()
	s.queue.push(s)
}

func (s *sender) sendSome(out *outbox) (pause time.Duration, more bool) {
	s.to.do(func() { pause, more = s.sendPortion(out) })
	return pause, more
}

func (s *sender) sendPortion(out *outbox) (time.Duration, bool) {
	if !s.to.maySend() {
		s.next, s.after, s.pending = nil, nil, nil
		return 0, false
	}
	if s.pending != nil && !s.sendPending() {
		return retryAfter, true
	}
	s.skipIfLate()
	f := s.next
	if f == nil {
		return 0, false
	}
	packets, whole := s.sendFrame(f, out)
	pause := s.pauseAfter(packets)
	switch {
	case whole && s.after != nil:
		s.next, s.after = s.after, nil
	case whole:
		s.passed = max(s.passed, f.index)
		if s.next = f.next.Load(); s.next == nil && !f.replay {
			s.catchingUp = false
		}
	}
	switch {
	case s.pending != nil:
		return retryAfter, true
	case s.next == nil:
		return 0, false
	case whole && !s.catchingUp:
		return 0, true
	}
	return pause, true
}

// pauseAfter is how long packets are given to leave the buffers on their way, in whole milliseconds: a viewer's frames are
// at least one apart.
func (s *sender) pauseAfter(packets int) time.Duration {
	perPacket := livePerPacket
	if s.catchingUp {
		perPacket = catchUpPerPacket
	}
	whole := time.Duration(packets)*perPacket + time.Millisecond - 1
	return max(time.Millisecond, whole.Truncate(time.Millisecond))
}

func (s *sender) skipIfLate() {
	next := s.next
	if next == nil || s.sentOfNext > 0 {
		return
	}
	nowUs, group := s.clock.nowUs(), s.track.group.Load()
	newer := group != nil && group.index > next.index
	lagUs := nowUs - next.arrivedUs
	switch {
	case s.catchingUp && newer:
		s.next = group // a newer group while still sending an older one: the better beginning
	case s.catchingUp && nowUs-s.catchUpSinceUs > catchUpForUs:
		s.giveUp(next)
	case s.catchingUp:
	case !s.track.video && lagUs > maxAudioLagUs:
		s.next = s.drop(next, nil)
	case s.track.video && lagUs > maxVideoLagUs && newer:
		s.next = s.drop(next, group)
	case s.track.video && lagUs > maxVideoLagUs:
		s.giveUp(next)
	}
}

// giveUp leaves out what is there and waits for a key frame.
func (s *sender) giveUp(from *frame) {
	if s.after != nil {
		s.next, s.after, s.sentOfNext = s.after, nil, 0
		return
	}
	s.next = s.drop(from, nil)
	s.sentOfNext = 0
	s.waitingForKey = true
	s.catchingUp = false
}

// drop counts the frames from one up to another, or to the live edge.
func (s *sender) drop(from, to *frame) *frame {
	for f := from; f != nil && f != to; f = f.next.Load() {
		s.counters.dropped++
		s.passed = max(s.passed, f.index)
	}
	return to
}

// sendFrame sends what is left of a frame, at most one portion. It says how many packets that were and whether it was all.
func (s *sender) sendFrame(f *frame, out *outbox) (packets int, whole bool) {
	timestamp := s.lastTimestamp
	if s.sentOfNext == 0 {
		timestamp = s.stamp(f)
	}
	s.lastTimestamp = timestamp
	first, end := s.sentOfNext, min(len(f.payloads), s.sentOfNext+maxRunPackets)
	out.clear()
	overhead := srtp.HeaderBytes + s.to.out.Overhead()
	for i := first; i < end && s.pending == nil; i++ {
		if !out.fits(int(f.payloads[i].bytes) + overhead) {
			s.flush(out)
			if s.pending != nil {
				break
			}
		}
		if !s.sealNew(f, i, uint32(timestamp), out) {
			return 0, false
		}
		s.sentOfNext = i + 1
	}
	s.flush(out)
	packets = s.sentOfNext - first
	if s.sentOfNext < len(f.payloads) {
		return packets, false
	}
	s.sentOfNext = 0
	if f.key {
		s.lastKeyUs = s.clock.nowUs()
	}
	s.report()
	return packets, true
}

// sealNew protects a packet under an index that no packet had before.
func (s *sender) sealNew(f *frame, packet int, timestamp uint32, out *outbox) bool {
	index, err := s.counter.Take()
	if err != nil {
		s.to.end("failed")
		return false
	}
	s.seal(f, packet, timestamp, index, out)
	if s.history != nil {
		s.history.add(f, packet, index, timestamp)
	}
	s.counters.packets++
	s.counters.bytes += uint64(srtp.HeaderBytes + int(f.payloads[packet].bytes))
	return true
}

func (s *sender) seal(f *frame, packet int, timestamp uint32, index uint64, out *outbox) {
	p := &f.payloads[packet]
	h := header{s.payloadType, p.marker, timestamp + p.offset, s.ssrc}
	out.seal(s.to.out, h, index, f.payload(packet))
}

// resend sends a packet again, byte by byte as it was: the same index over the same text is no second use of a nonce.
func (s *sender) resend(sequence uint16, out *outbox) {
	if s.history == nil || !s.mayResend() {
		return
	}
	newest := s.counter.Next() - 1
	index := newest - uint64(uint16(newest)-sequence)
	f, packet, timestamp := s.history.find(index)
	if f == nil || index > newest {
		return
	}
	out.clear()
	s.seal(f, packet, timestamp, index, out)
	_, _ = s.to.engine.transport.sendRun(s.to.path, out.buffer, out.segment) // a refused one is asked for again
}

// mayResend bounds what one viewer's requests can make us send.
func (s *sender) mayResend() bool {
	nowUs := s.clock.nowUs()
	s.resendsSpare = min(1000, s.resendsSpare+float64(nowUs-s.resendsUs)*maxResendsPerUs)
	s.resendsUs = nowUs
	if s.resendsSpare < 1 {
		return false
	}
	s.resendsSpare--
	return true
}

// flush hands the run to the socket. What that refuses is kept.
func (s *sender) flush(out *outbox) {
	if out.packets > 0 {
		if sent, err := s.to.engine.transport.sendRun(s.to.path, out.buffer, out.segment); err != nil {
			s.pending = append([]byte(nil), out.buffer[sent:]...)
			s.pendingSegment, s.pendingSinceUs = out.segment, s.clock.nowUs()
		}
	}
	out.clear()
}

// sendPending is true when nothing is pending any more. What waited too long is lost, and so is its frame.
func (s *sender) sendPending() bool {
	sent, err := s.to.engine.transport.sendRun(s.to.path, s.pending, s.pendingSegment)
	s.pending = s.pending[sent:]
	if err == nil {
		s.pending = nil
		return true
	}
	limit := int64(maxVideoLagUs)
	if !s.track.video {
		limit = maxAudioLagUs
	}
	if s.clock.nowUs()-s.pendingSinceUs < limit {
		return false
	}
	s.pending = nil
	s.counters.dropped++
	switch {
	case s.track.video && s.next != nil:
		s.giveUp(s.next)
	case s.track.video:
		s.waitingForKey, s.catchingUp = true, false
	}
	return true
}

func (s *sender) stamp(f *frame) int64 {
	us := f.timestampUs
	if s.catchingUp {
		us = s.clock.nowUs() - s.track.latencyUs.Load()
	}
	step := int64(1)
	if s.track.video {
		step = s.clockRateHz / 1000
	}
	return max(s.lastTimestamp+step, s.timestampAt(us))
}

func (s *sender) timestampAt(us int64) int64 {
	seconds, rest := us/1_000_000, us%1_000_000
	return s.firstTimestamp + seconds*s.clockRateHz + (rest*s.clockRateHz+500_000)/1_000_000
}

// report says now and then what the track's clock says now: the same clock for all tracks of a viewer, so that they are
// played in step.
func (s *sender) report() {
	nowUs := s.clock.nowUs()
	every := int64(reportSoonUs)
	if s.reports >= firstReports {
		every = reportAudioUs
		if s.track.video {
			every = reportVideoUs
		}
	}
	if nowUs-s.lastReportUs < every {
		return
	}
	s.lastReportUs = nowUs
	s.reports++
	s.to.sendRTCP(rtcp.SenderReport{
		SSRC:      s.ssrc,
		NTP:       ntpTime(s.clock.wallUs(nowUs)),
		Timestamp: uint32(s.timestampAt(nowUs)),
		Packets:   uint32(s.counters.packets),
		Bytes:     uint32(s.counters.bytes),
		CName:     s.cname,
	}.Append(nil))
}

// takeReport takes what the viewer says. Round trip as in RFC 3550, 6.4.1.
func (s *sender) takeReport(r rtcp.Report) {
	s.reported = reported{known: true, packetsLost: uint32(max(0, r.TotalLost))}
	if r.LastReport == 0 {
		return
	}
	now := uint32(ntpTime(s.clock.wallUs(s.clock.nowUs())) >> 16)
	units := int32(now - r.LastReport - r.DelaySinceLastReport)
	s.reported.roundTripKnown = true
	s.reported.roundTrip = uint32(math.Round(max(0, float64(units)) * 10_000 / 65_536))
}
