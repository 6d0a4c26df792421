package main

import (
	"slices"
	"testing"
	"time"
)

// worker sends a number of portions.
type worker struct {
	name     string
	spot     place
	portions int
	pause    time.Duration
	log      *[]string
	each     func()
}

func (w *worker) place() *place { return &w.spot }

func (w *worker) sendSome(*outbox) (time.Duration, bool) {
	*w.log = append(*w.log, w.name)
	if w.each != nil {
		w.each()
	}
	w.portions--
	return w.pause, w.portions > 0
}

func TestTakesTurnsAndSoundGoesFirst(t *testing.T) {
	var log []string
	q := newQueue(&manualClock{}, 1)
	a := &worker{name: "a", portions: 2, log: &log}
	b := &worker{name: "b", portions: 2, log: &log}
	sound := &worker{name: "sound", portions: 1, log: &log, spot: place{urgent: true}}
	q.push(a)
	q.push(b)
	q.push(sound)
	q.push(a)
	q.serve(nil)
	if want := []string{"sound", "a", "b", "a", "b"}; !slices.Equal(log, want) {
		t.Errorf("%v", log)
	}
}

func TestWhoIsPushedWhileSendingGetsAnotherTurn(t *testing.T) {
	var log []string
	q := newQueue(&manualClock{}, 1)
	a := &worker{name: "a", portions: 1, log: &log}
	a.each = func() {
		if len(log) == 1 {
			q.push(a)
		}
	}
	q.push(a)
	q.serve(nil)
	if len(log) != 2 {
		t.Errorf("%v", log)
	}
}

func TestAPauseIsKept(t *testing.T) {
	var log []string
	clock := &manualClock{}
	q := newQueue(clock, 1)
	a := &worker{name: "a", portions: 2, pause: 5 * time.Millisecond, log: &log}
	q.push(a)
	q.serve(nil)
	q.push(a)
	q.serve(nil)
	if len(log) != 1 {
		t.Fatalf("%v", log)
	}
	clock.next(5000)()
	q.serve(nil)
	if len(log) != 2 {
		t.Errorf("%v", log)
	}
}

func TestALineKeepsItsMemoryWithinBounds(t *testing.T) {
	var l line
	var log []string
	for range 100 {
		l.put(&worker{log: &log})
	}
	for range 100_000 {
		l.put(l.take())
	}
	if cap(l.waiting) > 1000 {
		t.Errorf("room for %d", cap(l.waiting))
	}
}
