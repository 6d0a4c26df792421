package main

import "testing"

func TestAHistoryKnowsWhatLeftForAWhileAndHoldsNoFrameBeyond(t *testing.T) {
	clock := &manualClock{us: 5_000_000}
	h := history{clock: clock}
	frames := make([]*frame, 200)
	for n := range frames {
		frames[n] = &frame{index: int64(n)}
		for packet := range 3 {
			h.add(frames[n], packet, uint64(3*n+packet), uint32(n))
		}
		clock.us += 40_000
	}
	lastUs := clock.us - 40_000
	for n, f := range frames {
		age := lastUs - (5_000_000 + int64(n)*40_000)
		found, packet, timestamp := h.find(uint64(3*n + 2))
		if age > sentForUs && found != nil {
			t.Fatalf("frame %d is held %d µs after it left", n, age)
		}
		if age <= sentForUs && (found != f || packet != 2 || timestamp != uint32(n)) {
			t.Fatalf("frame %d is not known %d µs after it left", n, age)
		}
	}
}

func TestAHistoryHoldsSoManyFramesAtMost(t *testing.T) {
	h := history{clock: &manualClock{}}
	for n := range 1000 {
		h.add(&frame{}, 0, uint64(n), uint32(n))
	}
	if f, _, _ := h.find(1000 - sentFrames - 1); f != nil {
		t.Error("more than the bound is held")
	}
	if f, _, _ := h.find(1000 - sentFrames); f == nil {
		t.Error("less than the bound is held")
	}
}
