package main

// sentRun says which packets of a frame left under which indexes: enough to make the same bytes again.
type sentRun struct {
	frame     *frame
	index     uint64
	sentUs    int64
	timestamp uint32
	first     uint16
	count     uint16
}

const (
	// sentFrames is how many frames back a viewer may ask for packets.
	sentFrames = 64
	// sentForUs is for how long: a little more than browsers keep what they send, at the least. A frame that one viewer may
	// still ask for keeps all of its track's that came since.
	sentForUs = 1_200_000
)

// history is what a viewer was sent last. The packets themselves are the track's.
type history struct {
	clock clock
	runs  [sentFrames]sentRun
	next  int
	kept  int
}

// add notes that packet `packet` of a frame left under an index. Packets of a frame that follow each other share an entry.
func (h *history) add(f *frame, packet int, index uint64, timestamp uint32) {
	last := &h.runs[(h.next+sentFrames-1)%sentFrames]
	if last.frame == f && last.timestamp == timestamp && last.index+uint64(last.count) == index &&
		int(last.first)+int(last.count) == packet {
		last.count++
		return
	}
	nowUs := h.clock.nowUs()
	h.forget(nowUs - sentForUs)
	h.runs[h.next] = sentRun{frame: f, index: index, sentUs: nowUs, timestamp: timestamp, first: uint16(packet), count: 1}
	h.next = (h.next + 1) % sentFrames
	h.kept = min(h.kept+1, sentFrames)
}

// forget lets go of what was sent before a time.
func (h *history) forget(beforeUs int64) {
	for ; h.kept > 0; h.kept-- {
		oldest := &h.runs[(h.next+sentFrames-h.kept)%sentFrames]
		if oldest.sentUs >= beforeUs {
			return
		}
		*oldest = sentRun{}
	}
}

// find gives what left under an index: its frame, the packet's place in it, and the frame's timestamp.
func (h *history) find(index uint64) (f *frame, packet int, timestamp uint32) {
	for i := range h.runs {
		run := &h.runs[i]
		if run.frame != nil && index >= run.index && index < run.index+uint64(run.count) {
			return run.frame, int(run.first) + int(index-run.index), run.timestamp
		}
	}
	return nil, 0, 0
}
