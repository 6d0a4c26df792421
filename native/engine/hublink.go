package main

import (
	"io"
	"os"
	"sync"
)

const (
	// What waits for a hub that does not read: sound beyond the first is lost, and beyond the second the hub is dead.
	softBacklogBytes = 256 << 10
	hardBacklogBytes = 16 << 20
)

// hubLink writes messages to the hub without ever making the writer wait.
type hubLink struct {
	mu      sync.Mutex
	backlog []byte
	wake    chan struct{}
}

func newHubLink() *hubLink { return &hubLink{wake: make(chan struct{}, 1)} }

// post sends a message.
func (h *hubLink) post(message []byte) { h.put(message, hardBacklogBytes) }

// offer sends a message that may be lost when the hub does not keep up.
func (h *hubLink) offer(message []byte) { h.put(message, softBacklogBytes) }

func (h *hubLink) put(message []byte, most int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.backlog)+len(message) > most {
		if most == hardBacklogBytes {
			os.Exit(1)
		}
		return
	}
	h.backlog = append(h.backlog, message...)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// run writes until the hub is gone.
func (h *hubLink) run(to io.Writer) {
	var writing []byte
	for range h.wake {
		h.mu.Lock()
		writing, h.backlog = h.backlog, writing[:0]
		h.mu.Unlock()
		if _, err := to.Write(writing); err != nil {
			os.Exit(0)
		}
		if cap(writing) > softBacklogBytes {
			writing = nil
		}
	}
}
