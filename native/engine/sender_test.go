package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"doorward/engine/internal/rtcp"
)

func stamps(packets []sentPacket) (all []uint32) {
	for _, p := range packets {
		if p.marker {
			all = append(all, p.timestamp)
		}
	}
	return all
}

func inARow(t *testing.T, packets []sentPacket) {
	t.Helper()
	for i := 1; i < len(packets); i++ {
		if packets[i].sequence != packets[i-1].sequence+1 {
			t.Fatalf("packet %d has number %d after %d", i, packets[i].sequence, packets[i-1].sequence)
		}
	}
}

func TestNumbersPacketsInARowAndKeepsTheFramesTime(t *testing.T) {
	r := newRig(t, true)
	_, to := r.viewer()
	for i := range 3 {
		r.write(written{key: i == 0, packets: 3})
		r.settle()
		r.advance(40 * time.Millisecond)
	}
	inARow(t, to.packets)
	if got := stamps(to.packets); len(to.packets) != 9 || got[1]-got[0] != 3600 || got[2]-got[1] != 3600 {
		t.Errorf("%d packets, %v", len(to.packets), got)
	}
}

func TestWaitsForAKeyFrame(t *testing.T) {
	r := newRig(t, true)
	_, to := r.viewer()
	r.write(written{})
	r.settle()
	if len(to.packets) != 0 {
		t.Error("sent before the key frame")
	}
	r.write(written{key: true})
	r.settle()
	if len(to.packets) != 1 {
		t.Errorf("%d packets", len(to.packets))
	}
}

func TestBeginsWithTheGroupStampedWithTheTimeOfSending(t *testing.T) {
	r := newRig(t, true)
	for i := range 50 {
		r.write(written{key: i == 0, packets: 2})
		r.advance(40 * time.Millisecond)
	}
	begunUs := r.clock.nowUs()
	_, to := r.viewer()
	r.settle()
	got := stamps(to.packets)
	if len(got) != 50 {
		t.Fatalf("%d frames", len(got))
	}
	spanMs := int64(got[49]-got[0]) / 90
	tookMs := (r.clock.nowUs() - begunUs) / 1000
	if tookMs < 10 || tookMs > 100 || max(spanMs-tookMs, tookMs-spanMs) > 3 {
		t.Errorf("%d ms on the viewer's clock, sent in %d", spanMs, tookMs)
	}
	r.write(written{})
	liveMs := (r.clock.nowUs() - begunUs) / 1000
	r.settle()
	if lastMs := int64(stamps(to.packets)[50]-got[0]) / 90; max(lastMs-liveMs, liveMs-lastMs) > 3 {
		t.Errorf("what follows is stamped %d ms, not %d", lastMs, liveMs)
	}
}

func TestStampsALateSourcesGroupAsLateAsItsLiveFrames(t *testing.T) {
	r := newRig(t, true)
	r.write(written{key: true, timestampUs: r.clock.nowUs() - 300_000})
	_, to := r.viewer()
	r.settle()
	r.advance(40 * time.Millisecond)
	r.write(written{timestampUs: r.clock.nowUs() - 300_000})
	r.settle()
	if got := stamps(to.packets); got[1]-got[0] != 3600 {
		t.Errorf("%v", got)
	}
}

func TestSendsTheGroupAgainAtMostOnceASecondAndNotOfASourceThatStandsStill(t *testing.T) {
	r := newRig(t, true)
	s, to := r.viewer()
	r.write(written{key: true})
	r.settle()
	for _, one := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {1200 * time.Millisecond, 2}, {3 * time.Second, 2}} {
		r.advance(one.after)
		s.to.do(s.restart)
		r.settle()
		if len(to.packets) != one.want {
			t.Errorf("after %v: %d packets", one.after, len(to.packets))
		}
	}
	inARow(t, to.packets)
}

func TestWhatTheSocketRefusedLeavesFirstAndAsItWas(t *testing.T) {
	r := newRig(t, true)
	s, to := r.viewer()
	to.room = 2
	r.write(written{key: true, packets: 5})
	r.queue.serve(r.out)
	if len(to.packets) != 2 || s.pending == nil {
		t.Fatalf("%d packets", len(to.packets))
	}
	to.room = 100
	r.settle()
	inARow(t, to.packets)
	if len(to.packets) != 5 || s.pending != nil || !to.packets[4].marker {
		t.Errorf("%d packets", len(to.packets))
	}
}

func TestWhatIsRefusedForTooLongIsLostButItsNumbersAreUsed(t *testing.T) {
	r := newRig(t, true)
	s, to := r.viewer()
	r.write(written{key: true})
	r.settle()
	to.room = 1
	r.write(written{packets: 3})
	r.queue.serve(r.out)
	r.advance(0)
	for range 1000 {
		if run := r.clock.next(r.clock.nowUs() + 3000); run != nil {
			run()
		}
		r.queue.serve(r.out)
	}
	to.room = 100
	r.write(written{key: true})
	r.settle()
	last := to.packets[len(to.packets)-1].sequence
	if first := to.packets[0].sequence; last-first != 4 || s.counters.dropped == 0 {
		t.Errorf("numbers %d to %d, %d frames dropped", first, last, s.counters.dropped)
	}
}

func TestDropsUpToTheNextKeyFrameWhenASecondBehind(t *testing.T) {
	r := newRig(t, true)
	s, to := r.viewer()
	r.write(written{key: true})
	r.settle()
	for range 30 {
		r.write(written{})
		r.advance(40 * time.Millisecond)
	}
	r.settle()
	if s.counters.dropped != 30 || len(to.packets) != 1 {
		t.Fatalf("%d dropped, %d sent", s.counters.dropped, len(to.packets))
	}
	r.write(written{})
	r.settle()
	r.write(written{key: true})
	r.settle()
	if len(to.packets) != 2 {
		t.Errorf("%d packets", len(to.packets))
	}
}

func TestJumpsToANewerGroupWhenBehind(t *testing.T) {
	r := newRig(t, true)
	s, to := r.viewer()
	r.write(written{key: true})
	r.settle()
	r.write(written{})
	r.advance(1500 * time.Millisecond)
	r.write(written{key: true})
	r.settle()
	if s.counters.dropped != 1 || len(to.packets) != 2 {
		t.Errorf("%d dropped, %d sent", s.counters.dropped, len(to.packets))
	}
}

func TestSkipsOldSoundInsteadOfPlayingItLate(t *testing.T) {
	r := newRig(t, false)
	s, to := r.viewer()
	for range 5 {
		r.write(written{})
	}
	r.advance(300 * time.Millisecond)
	r.settle()
	r.write(written{})
	r.settle()
	if s.counters.dropped != 5 || len(to.packets) != 1 {
		t.Errorf("%d dropped, %d sent", s.counters.dropped, len(to.packets))
	}
}

func TestCutsRunsWherePacketsChangeTheirLengthAndPortionsLargeFrames(t *testing.T) {
	r := newRig(t, true)
	_, to := r.viewer()
	r.write(written{key: true, packets: 150, bytes: 900})
	begunUs := r.clock.nowUs()
	r.settle()
	inARow(t, to.packets)
	if len(to.packets) != 150 || to.runs[0] != 64 {
		t.Errorf("%d packets in runs of %v", len(to.packets), to.runs)
	}
	if tookUs := r.clock.nowUs() - begunUs; tookUs < 6000 || tookUs > 20_000 {
		t.Errorf("a large key frame left in %d µs", tookUs)
	}
}

func TestSaysTheRoundTripAndTheLossThatTheViewerReports(t *testing.T) {
	r := newRig(t, true)
	s, to := r.viewer()
	r.write(written{key: true})
	r.settle()
	if len(to.senders) != 1 {
		t.Fatalf("%d sender reports", len(to.senders))
	}
	sr := to.senders[0]
	middle := uint32(sr[10])<<24 | uint32(sr[11])<<16 | uint32(sr[12])<<8 | uint32(sr[13])
	r.advance(80 * time.Millisecond)
	s.takeReport(rtcp.Report{SSRC: 7, TotalLost: 3, LastReport: middle, DelaySinceLastReport: 65_536 / 20})
	if s.reported.packetsLost != 3 || s.reported.roundTrip < 298 || s.reported.roundTrip > 302 {
		t.Errorf("%+v", s.reported)
	}
}

func TestResendsByteByByteWhatWasSent(t *testing.T) {
	r := newRig(t, true)
	s, to := r.viewer()
	for i := range 40 {
		r.write(written{key: i == 0, packets: 4})
		r.settle()
		r.advance(40 * time.Millisecond)
	}
	first := len(to.packets)
	for _, lost := range []int{first - 1, first - 30, first - 2} {
		before := to.packets[lost]
		s.to.do(func() { s.resend(before.sequence, r.out) })
		if again := to.packets[len(to.packets)-1]; again.sealed != before.sealed {
			t.Errorf("packet %d differs", lost)
		}
	}
	sent := len(to.packets)
	s.to.do(func() { s.resend(to.packets[first-1].sequence+5, r.out) })
	if len(to.packets) != sent {
		t.Error("a packet that was never sent was resent")
	}
}

func TestAViewerCannotMakeUsResendWithoutEnd(t *testing.T) {
	r := newRig(t, true)
	s, to := r.viewer()
	r.write(written{key: true, packets: 4})
	r.settle()
	for range 5000 {
		s.to.do(func() { s.resend(to.packets[0].sequence, r.out) })
	}
	if len(to.packets) > 1100 {
		t.Errorf("%d packets", len(to.packets))
	}
}

// Whatever happens to a sender, one number (and so one nonce) never stands over two texts: AES-GCM would give away the key
// of its authentication.
func TestNoNonceIsUsedTwice(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := newRig(t, true)
		s, to := r.viewer()
		for range 400 {
			switch random.IntN(8) {
			case 0, 1, 2:
				r.write(written{key: random.IntN(6) == 0, packets: 1 + random.IntN(90), bytes: 20 + random.IntN(40)})
			case 3:
				to.room = random.IntN(120)
			case 4:
				s.to.do(s.beginGroup)
			case 5:
				if len(to.packets) > 0 {
					s.to.do(func() { s.resend(to.packets[random.IntN(len(to.packets))].sequence, r.out) })
				}
			case 6:
				if run := r.clock.next(r.clock.nowUs() + int64(random.IntN(400_000))); run != nil {
					run()
				}
			case 7:
				r.queue.serve(r.out)
			}
		}
		texts := map[uint16]string{}
		for _, p := range to.packets {
			if known, ok := texts[p.sequence]; ok && known != p.sealed {
				t.Fatalf("seed %d: number %d stands over two texts", seed, p.sequence)
			}
			texts[p.sequence] = p.sealed
		}
		if len(texts) < 100 {
			t.Fatalf("seed %d: only %d packets", seed, len(texts))
		}
	}
}

func TestAPanicCostsOneViewer(t *testing.T) {
	r := newRig(t, true)
	s, _ := r.viewer()
	s.to.engine.viewers = map[uint32]*viewer{1: s.to}
	s.to.do(func() { panic("a fault of ours") })
	if s.to.endReason != "failed" || len(s.to.engine.viewers) != 0 {
		t.Errorf("%q", s.to.endReason)
	}
	if got := string(s.to.engine.hub.backlog); !strings.Contains(got, "failed") {
		t.Errorf("the hub heard %q", got)
	}
}
