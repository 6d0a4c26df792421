// Code generated from src/workers/webrtc/engine/wire.ts by "npm run docs"; DO NOT EDIT.

package wire

// Version changes whenever an old engine could misunderstand a new hub.
const (
	Version = 2
)

// Messages of the hub.
const (
	ToConfigure   = 1
	ToBind        = 2
	ToStunServers = 3
	ToTrack       = 16
	ToFrame       = 17
	ToTrackEnd    = 18
	ToView        = 32
	ToCandidate   = 33
	ToMicrophone  = 34
	ToStats       = 35
	ToClose       = 36
	ToTurn        = 37
)

// Messages of the engine.
const (
	FromReady         = 129
	FromBound         = 130
	FromNotBound      = 131
	FromPublicAddress = 132
	FromClosed        = 160
	FromSound         = 161
	FromTurned        = 164
	FromStats         = 162
	FromTrouble       = 163
)

// Bounds that both sides hold.
const (
	MaxMessageBytes        = 33554432
	MaxPayloadBytes        = 1400
	MaxPayloadsPerFrame    = 32768
	MaxTracks              = 4096
	MaxViewers             = 16384
	MaxTracksPerViewer     = 4
	MaxCandidatesPerViewer = 32
	MaxStunServers         = 8
)

// Bits of flags, and the payload type of a viewer that may not send sound.
const (
	FrameKey         = 1
	FrameReplay      = 2
	ViewDtlsClient   = 1
	ViewIceLite      = 2
	StatsPacketsLost = 1
	StatsRoundTrip   = 2
	NoMicrophone     = 255
)
