package main

import (
	"slices"
	"testing"
)

func TestCollectorFollowsViewersWithoutGoingToAndFro(t *testing.T) {
	var said []int
	c := &collector{set: func(percent int) int { said = append(said, percent); return 0 }}
	for _, viewers := range []int{1, 2, 7, 8, 250, 7, 8, 5, 4, 5, 7, 8} {
		c.follow(viewers)
	}
	if want := []int{manyPercent, fewPercent, manyPercent}; !slices.Equal(said, want) {
		t.Fatalf("said %v, want %v", said, want)
	}
}

func TestCollectorHearsOfEachViewerThatComesAndGoes(t *testing.T) {
	clock := &manualClock{}
	e := newEngine(clock, newQueue(clock, 1), newHubLink(), sharedCertificate(t), newCollector())
	e.transport = &fakeTransport{t: t}
	var last int
	e.collector.set = func(percent int) int { last = percent; return 0 }
	for id := range uint32(manyViewers) {
		options := viewOptions{ufrag: string(rune('a' + id)), pwd: "the password", remoteUfrag: "vvvv", remotePwd: "x"}
		if err := e.enter(id+100, options); err != nil {
			t.Fatal(err)
		}
		e.viewer(id + 100).handshakes = true // none is begun
	}
	if last != manyPercent {
		t.Fatalf("%d with many", last)
	}
	for id := range uint32(manyViewers) {
		e.bury(e.viewer(id+100), "gone")
	}
	if last != fewPercent {
		t.Fatalf("%d with none", last)
	}
}
