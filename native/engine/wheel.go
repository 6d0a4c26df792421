package main

import (
	"sync"
	"time"
)

// wheelStep is how exactly a wheel keeps time.
const wheelStep = 250 * time.Millisecond

// wheel runs what need not be punctual. What is due within one step runs together, so that many viewers wake the process
// no more often than few.
type wheel struct {
	clock clock
	mu    sync.Mutex
	// turns are what is to run, by the number of the step at whose end.
	turns map[int64][]*wheelTask
	// armed is the step at whose end the clock calls; 0 when it does not.
	armed int64
}

type wheelTask struct {
	run     func()
	stopped bool
}

func newWheel(clock clock) *wheel { return &wheel{clock: clock, turns: map[int64][]*wheelTask{}} }

// after calls run once, at most a step late, unless it is stopped before.
func (w *wheel) after(d time.Duration, run func()) (stop func()) {
	task := &wheelTask{run: run}
	w.mu.Lock()
	defer w.mu.Unlock()
	step := (w.clock.nowUs()+d.Microseconds())/wheelStep.Microseconds() + 1
	w.turns[step] = append(w.turns[step], task)
	if w.armed == 0 || step < w.armed {
		w.arm(step)
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		task.stopped, task.run = true, nil
	}
}

func (w *wheel) arm(step int64) {
	w.armed = step
	wait := step*wheelStep.Microseconds() - w.clock.nowUs()
	w.clock.after(time.Duration(max(0, wait))*time.Microsecond, func() { w.turn(step) })
}

// turn runs what is due, and asks to be called again when more is to come.
func (w *wheel) turn(step int64) {
	for _, run := range w.due(step) {
		run()
	}
}

func (w *wheel) due(step int64) (runs []func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if step != w.armed {
		return nil // something earlier came up since: that call has asked for the next one
	}
	now := w.clock.nowUs() / wheelStep.Microseconds()
	next := int64(0)
	for step, tasks := range w.turns {
		switch {
		case step <= now:
			for _, task := range tasks {
				if !task.stopped {
					runs = append(runs, task.run)
				}
			}
			delete(w.turns, step)
		case next == 0 || step < next:
			next = step
		}
	}
	w.armed = 0
	if next != 0 {
		w.arm(next)
	}
	return runs
}
