package main

import (
	"sync/atomic"
	"time"
)

// clock is time as the engine needs it, so that tests drive it.
type clock interface {
	// nowUs is the hub's clock, µs.
	nowUs() int64
	// wallUs is the time since 1970, µs, of an instant of the hub's clock; it never steps.
	wallUs(hubUs int64) int64
	// after calls run once, unless it is stopped before.
	after(d time.Duration, run func()) (stop func())
}

// systemClock tells the hub's time by the machine's monotonic clock.
type systemClock struct {
	begun        time.Time
	offsetUs     atomic.Int64
	wallOffsetUs atomic.Int64
}

func newSystemClock() *systemClock { return &systemClock{begun: time.Now()} }

// set makes now the hub's time hubUs.
func (c *systemClock) set(hubUs int64) {
	c.offsetUs.Store(hubUs - time.Since(c.begun).Microseconds())
	c.wallOffsetUs.Store(time.Now().UnixMicro() - hubUs)
}

func (c *systemClock) nowUs() int64 { return time.Since(c.begun).Microseconds() + c.offsetUs.Load() }

func (c *systemClock) wallUs(hubUs int64) int64 { return hubUs + c.wallOffsetUs.Load() }

func (c *systemClock) after(d time.Duration, run func()) func() {
	timer := time.AfterFunc(d, run)
	return func() { timer.Stop() }
}

const secondsFrom1900To1970 = 2_208_988_800

// ntpTime is the 64-bit NTP time (RFC 5905) of µs since 1970.
func ntpTime(us int64) uint64 {
	seconds := uint64(us/1_000_000) + secondsFrom1900To1970
	return seconds<<32 | uint64(us%1_000_000)<<32/1_000_000
}
