package main

// sentRun says which packets of a frame left under which indexes: enough to make the same bytes again.
type sentRun struct {
	frame     *frame
	index     uint64
	timestamp uint32
	first     uint16
	count     uint16
}

// sentFrames is how many frames back a viewer may ask for packets.
const sentFrames = 64

// history is what a viewer was sent last. The packets themselves are the track's.
type history struct {
	runs [sentFrames]sentRun
	next int
}

// add notes that packet `packet` of a frame left under an index. Packets of a frame that follow each other share an entry.
func (h *history) add(f *frame, packet int, index uint64, timestamp uint32) {
	last := &h.runs[(h.next+sentFrames-1)%sentFrames]
	if last.frame == f && last.timestamp == timestamp && last.index+uint64(last.count) == index &&
		int(last.first)+int(last.count) == packet {
		last.count++
		return
	}
	h.runs[h.next] = sentRun{frame: f, index: index, timestamp: timestamp, first: uint16(packet), count: 1}
	h.next = (h.next + 1) % sentFrames
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
