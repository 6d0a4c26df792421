package main

import (
	"slices"
	"sync"
	"sync/atomic"

	"doorward/engine/internal/wire"
)

const (
	maxGroupBytes = 16 << 20
	maxGroupUs    = 20_000_000
)

// payload is one RTP payload of a frame: a piece of its bytes.
type payload struct {
	at     uint32
	bytes  uint16
	marker bool
	// offset is added to the frame's RTP timestamp.
	offset uint32
}

// frame is one frame of a track, cut into payloads that all viewers share and nobody writes into. Frames form a chain:
// whoever holds one can walk to the live edge, and what nobody holds is collected.
type frame struct {
	bytes       []byte
	payloads    []payload
	timestampUs int64
	arrivedUs   int64
	// index counts the track's frames from 0.
	index       int64
	key, replay bool
	next        atomic.Pointer[frame]
}

func (f *frame) payload(i int) []byte {
	p := &f.payloads[i]
	return f.bytes[p.at : p.at+uint32(p.bytes)]
}

// readFrame reads a frame message; its payloads stay in the message's bytes.
func readFrame(c *wire.Cursor) (track uint32, f *frame, err error) {
	track = c.U32()
	f = &frame{timestampUs: c.I64()}
	flags := c.U8()
	f.key, f.replay = flags&wire.FrameKey != 0, flags&wire.FrameReplay != 0
	count := int(c.U16())
	if count > wire.MaxPayloadsPerFrame {
		return 0, nil, wire.ErrMalformed
	}
	heads := wire.NewCursor(c.Bytes(count * 7))
	f.bytes = c.Rest()
	if err := c.Err(); err != nil {
		return 0, nil, err
	}
	f.payloads = make([]payload, count)
	at := 0
	for i := range f.payloads {
		bytes := int(heads.U16())
		if bytes > wire.MaxPayloadBytes || bytes > len(f.bytes)-at {
			return 0, nil, wire.ErrMalformed
		}
		f.payloads[i] = payload{at: uint32(at), bytes: uint16(bytes), marker: heads.U8() != 0, offset: heads.U32()}
		at += bytes
	}
	return track, f, nil
}

// track is one of the hub's tracks: its last group of pictures for viewers to come, and those who send it on.
type track struct {
	id    uint32
	video bool
	clock clock
	group atomic.Pointer[frame]
	tail  atomic.Pointer[frame]
	// latencyUs is how far frames are behind the hub's clock when they come.
	latencyUs  atomic.Int64
	groupBytes int
	mu         sync.Mutex
	readers    []*sender
}

func newTrack(video bool, latencyUs int64, clock clock) *track {
	t := &track{video: video, clock: clock}
	t.latencyUs.Store(latencyUs)
	return t
}

// write takes the next frame and tells the readers. Called by one goroutine only.
func (t *track) write(f *frame) {
	if len(f.payloads) == 0 {
		return
	}
	f.arrivedUs = t.clock.nowUs()
	if !f.replay {
		t.latencyUs.Store(max(0, f.arrivedUs-f.timestampUs))
	}
	if tail := t.tail.Load(); tail != nil {
		f.index = tail.index + 1
		tail.next.Store(f)
	}
	t.tail.Store(f)
	if t.video {
		t.keep(f)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// Who has turned to another track is no reader any more.
	t.readers = slices.DeleteFunc(t.readers, func(reader *sender) bool { return !reader.onFrame(t, f) })
}

// keep holds the last group of pictures within its bounds.
func (t *track) keep(f *frame) {
	if f.key {
		t.group.Store(f)
		t.groupBytes = 0
	}
	t.groupBytes += len(f.bytes)
	group := t.group.Load()
	if group != nil && (t.groupBytes > maxGroupBytes || f.timestampUs-group.timestampUs > maxGroupUs) {
		t.group.Store(nil)
	}
}

func (t *track) add(reader *sender) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.readers, reader) {
		t.readers = append(t.readers, reader)
	}
}

func (t *track) remove(reader *sender) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, one := range t.readers {
		if one == reader {
			last := len(t.readers) - 1
			t.readers[i], t.readers[last] = t.readers[last], nil
			t.readers = t.readers[:last]
			return
		}
	}
}
