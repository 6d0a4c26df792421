package srtp

// window remembers which of the last 128 indexes came (RFC 3711, 3.3.2). The newest index stands beside it, with its owner.
type window struct {
	bits [2]uint64
	any  bool
}

const windowBits = 128

func (w *window) seen(newest, index uint64) bool {
	if !w.any || index > newest {
		return false
	}
	age := newest - index
	return age >= windowBits || w.bits[age>>6]>>(age&63)&1 == 1
}

// add notes an index and gives the newest.
func (w *window) add(newest, index uint64) uint64 {
	if !w.any {
		w.any = true
		w.bits = [2]uint64{1, 0}
		return index
	}
	if index <= newest {
		if age := newest - index; age < windowBits {
			w.bits[age>>6] |= 1 << (age & 63)
		}
		return newest
	}
	w.shift(index - newest)
	w.bits[0] |= 1
	return index
}

func (w *window) shift(by uint64) {
	switch {
	case by >= windowBits:
		w.bits = [2]uint64{}
	case by >= 64:
		w.bits = [2]uint64{0, w.bits[0] << (by - 64)}
	default:
		w.bits = [2]uint64{w.bits[0] << by, w.bits[1]<<by | w.bits[0]>>(64-by)}
	}
}
