package main

import (
	"slices"
	"testing"
	"time"
)

// turned lets time pass and gives how often the wheel woke the process.
func turned(clock *manualClock, d time.Duration) (wakes int) {
	until := clock.nowUs() + d.Microseconds()
	for run := clock.next(until); run != nil; run = clock.next(until) {
		run()
		wakes++
	}
	return wakes
}

func TestAWheelRunsWhatIsDueNeitherEarlyNorMoreThanAStepLate(t *testing.T) {
	clock := &manualClock{us: 1_000_100}
	w := newWheel(clock)
	var lateMs []int64
	for _, ms := range []int64{5000, 100, 1, 250, 4321} {
		due := clock.us + ms*1000
		w.after(time.Duration(ms)*time.Millisecond, func() { lateMs = append(lateMs, (clock.nowUs()-due)/1000) })
	}
	turned(clock, 6*time.Second)
	if len(lateMs) != 5 || slices.Min(lateMs) < 0 || slices.Max(lateMs) > wheelStep.Milliseconds() {
		t.Errorf("late by %v ms", lateMs)
	}
}

func TestAWheelWakesTheProcessForManyNoMoreOftenThanForFew(t *testing.T) {
	clock := &manualClock{}
	w := newWheel(clock)
	ran := 0
	for i := range 1000 {
		w.after(6*time.Second-time.Duration(i)*2*time.Millisecond, func() { ran++ })
	}
	if wakes := turned(clock, 10*time.Second); ran != 1000 || wakes > 20 {
		t.Errorf("%d ran, %d wakes", ran, wakes)
	}
}

func TestAWheelForgetsWhatWasStopped(t *testing.T) {
	clock := &manualClock{}
	w := newWheel(clock)
	ran := 0
	stop := w.after(time.Second, func() { ran += 100 })
	w.after(time.Second, func() {
		ran++
		w.after(time.Second, func() { ran++ })
	})
	stop()
	turned(clock, 5*time.Second)
	if ran != 2 || len(w.turns) != 0 || w.armed != 0 {
		t.Errorf("ran %d, %d turns left", ran, len(w.turns))
	}
}
