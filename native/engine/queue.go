package main

import (
	"runtime"
	"sync"
	"time"
)

const (
	// breathEvery is after how long a busy runner lets others pass.
	breathEvery = 2 * time.Millisecond
	// helpAfter is how long there is always somebody in line before another core helps. An ordinary picture to 250 viewers
	// takes a little less. With 3 ms it was helped each time, which cost 4 % more and brought nobody's sooner; with 8 ms the
	// last of a key frame came later (p99 of the delay 9.5 ms instead of 9.0).
	helpAfter = 5 * time.Millisecond
	// aloneAfter is how long nobody has helped before the other cores are given back.
	aloneAfter = 250 * time.Millisecond
)

// turn is the state of somebody in the queue.
type turn byte

const (
	turnNone turn = iota
	turnWaiting
	turnRunning
	turnPausing
)

// sending is somebody who has packets to send.
type sending interface {
	// sendSome sends a small portion. It gives 0 when more is ready at once, a time after which more may be sent, or
	// nothing when there is nothing left: then push is needed again.
	sendSome(to *outbox) (pause time.Duration, more bool)
	// place is the queue's own mark on it.
	place() *place
}

// place is what the queue knows of one who sends.
type place struct {
	urgent bool
	turn   turn
	again  bool
}

// queue lets many senders take turns. One runner serves it; when that one does not come to the end, others on the machine's
// other cores help.
type queue struct {
	clock          clock
	mu             sync.Mutex
	urgent, normal line
	busySince      time.Time
	helpedAt       time.Time
	runners, most  int
	wake           chan struct{}
	// breathe lets what waits for the network pass.
	breathe func()
}

// line is a first-in first-out list that keeps its memory.
type line struct {
	waiting []sending
	head    int
}

func (l *line) put(s sending) {
	if l.head > 64 && l.head > len(l.waiting)/2 {
		kept := copy(l.waiting, l.waiting[l.head:])
		clear(l.waiting[kept:])
		l.waiting, l.head = l.waiting[:kept], 0
	}
	l.waiting = append(l.waiting, s)
}

func (l *line) take() sending {
	if l.head == len(l.waiting) {
		l.waiting, l.head = l.waiting[:0], 0
		return nil
	}
	s := l.waiting[l.head]
	l.waiting[l.head] = nil
	l.head++
	return s
}

func (l *line) empty() bool { return l.head == len(l.waiting) }

func newQueue(clock clock, cores int) *queue {
	return &queue{clock: clock, most: cores, wake: make(chan struct{}, 1), breathe: runtime.Gosched}
}

// push puts somebody in line, once.
func (q *queue) push(s sending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch p := s.place(); p.turn {
	case turnNone:
		q.enqueue(s)
	case turnRunning:
		p.again = true
	}
}

// resume puts somebody in line again after a pause.
func (q *queue) resume(s sending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.place().turn == turnPausing {
		q.enqueue(s)
	}
}

func (q *queue) enqueue(s sending) {
	p := s.place()
	p.turn = turnWaiting
	if q.urgent.empty() && q.normal.empty() {
		q.busySince = time.Now()
	}
	if p.urgent {
		q.urgent.put(s)
	} else {
		q.normal.put(s)
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) take() sending {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.urgent.take()
	if s == nil {
		s = q.normal.take()
	}
	if s != nil {
		s.place().turn = turnRunning
		q.callHelp()
	}
	return s
}

// callHelp starts a runner on another core when this one does not keep up.
func (q *queue) callHelp() {
	if q.runners >= q.most || q.normal.empty() || time.Since(q.busySince) < helpAfter {
		return
	}
	if runtime.GOMAXPROCS(0) < q.most {
		runtime.GOMAXPROCS(q.most)
	}
	q.runners++
	q.busySince = time.Now()
	q.helpedAt = q.busySince
	go func() {
		q.serve(newOutbox())
		q.mu.Lock()
		defer q.mu.Unlock()
		q.runners--
	}()
}

// dismissHelp gives the other cores back when nobody has helped for a while: threads that wake each other for little work
// cost more than the work.
func (q *queue) dismissHelp() {
	q.mu.Lock()
	idle := q.runners <= 1 && time.Since(q.helpedAt) > aloneAfter
	q.mu.Unlock()
	if idle && runtime.GOMAXPROCS(0) > 1 {
		runtime.GOMAXPROCS(1)
	}
}

func (q *queue) done(s sending, pause time.Duration, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := s.place()
	again := p.again
	p.turn, p.again = turnNone, false
	switch {
	case more && pause > 0:
		p.turn = turnPausing
		q.clock.after(pause, func() { q.resume(s) })
	case more || again:
		q.enqueue(s)
	}
}

// serve serves until nobody is in line.
func (q *queue) serve(out *outbox) {
	begun := time.Now()
	for s := q.take(); s != nil; s = q.take() {
		pause, more := s.sendSome(out)
		q.done(s, pause, more)
		if time.Since(begun) > breathEvery {
			q.breathe()
			begun = time.Now()
		}
	}
}

// run serves for ever.
func (q *queue) run() {
	q.mu.Lock()
	q.runners++
	q.mu.Unlock()
	out := newOutbox()
	for range q.wake {
		q.serve(out)
		q.dismissHelp()
	}
}
