import type { DeviceInfo, TrackInfo } from "../../src/hub/state.ts";
import type { AuditEntry, PageDevice, User, Waiting } from "../../web/src/api.ts";

/** A picture track as the hub describes it. */
export const videoTrack = {
  id: "main/video",
  label: "main",
  kind: "video",
  codec: "h264",
  widthPx: 1280,
  heightPx: 720,
  frameRate: 25,
  frames: 100,
  bytes: 1_000_000,
  readers: 1,
} satisfies TrackInfo;

/** A sound track as the hub describes it. */
export const audioTrack = {
  id: "main/audio",
  label: "main",
  kind: "audio",
  codec: "opus",
  sampleRateHz: 48_000,
  channels: 1,
  frames: 100,
  bytes: 100_000,
  readers: 1,
} satisfies TrackInfo;

/** A speaker that nobody holds. */
export const freeSpeaker = {
  formats: [{ codec: "pcma", sampleRateHz: 8000 }],
  echoCancelling: false,
  queued: 0,
  muted: false,
  doNotDisturb: false,
} satisfies NonNullable<DeviceInfo["speaker"]>;

/** A camera that works and can be spoken through. */
export function camera(id: string, more: Partial<PageDevice> = {}): PageDevice {
  return {
    id,
    name: id.charAt(0).toUpperCase() + id.slice(1).replaceAll("-", " "),
    kind: "rtsp",
    address: `rtsp://192.168.1.${20 + id.length}/stream1`,
    state: { phase: "live", sinceMs: Date.now() - 7_500_000 },
    tracks: [videoTrack, audioTrack],
    speaker: freeSpeaker,
    permanent: true,
    rights: ["view", "listen", "talk", "page", "unlock", "administer"],
    ...more,
  };
}

/** The settings of a room as administrators see them. */
const roomSettings = {
  name: "",
  enabled: true,
  warm: false,
  volume: 0.8,
  muted: false,
  doNotDisturb: false,
} as unknown as NonNullable<PageDevice["settings"]>;

/** A room station, or a browser that is one. */
export function room(id: string, more: Partial<PageDevice> = {}): PageDevice {
  return camera(id, {
    kind: "room",
    address: undefined,
    tracks: [],
    settings: { ...roomSettings, name: id },
    arrival: { enrolled: "token" },
    ...more,
  });
}

/** Rooms, with something of everything that they can be doing. */
export function rooms(): PageDevice[] {
  const now = Date.now();
  return [
    room("living-room", { area: "Ground floor" }),
    room("dining-room", {
      area: "Ground floor",
      kind: "page",
      speaker: { ...freeSpeaker, holder: { turnId: "b", name: "Ben", priority: 0, sinceMs: now - 7000 } },
    }),
    room("office", {
      area: "Upstairs",
      speaker: { ...freeSpeaker, doNotDisturb: true },
      settings: { ...roomSettings, doNotDisturb: true },
    }),
    room("guest-room", {
      area: "Upstairs",
      kind: "page",
      speaker: { ...freeSpeaker, muted: true },
      settings: { ...roomSettings, muted: true },
    }),
    room("workshop", { area: "Outside", state: { phase: "away", sinceMs: now - 5_400_000 } }),
  ];
}

/** A house in which everything is well. */
export function house(): PageDevice[] {
  return [
    camera("front-door", { area: "Entrance" }),
    camera("yard", { area: "Outside", kind: "elementary", address: "tcp://192.168.1.25:12345", speaker: undefined }),
    camera("garage", { area: "Outside" }),
    camera("hall", { area: "Entrance" }),
    camera("kitchen", { area: "Ground floor", kind: "yoosee" }),
    camera("nursery", { area: "Upstairs", kind: "yoosee" }),
  ];
}

/** A camera that can be turned. */
export function turned(id: string): PageDevice {
  const can = { view: "yes", listen: "yes", talk: "yes", ring: "no", unlock: "no", ptz: "yes" } as const;
  return camera(id, { can, rights: ["view", "listen", "talk", "ptz"] });
}

/** More cameras than are taken in at a glance. */
export function largeHouse(): PageDevice[] {
  const areas = ["Garden", "Entrance", "Upstairs", undefined];
  return Array.from({ length: 16 }, (_, n) => camera(`camera-${n + 1}`, { area: areas[n % areas.length] }));
}

/** A house with something of everything that can be the matter. */
export function troubledHouse(): PageDevice[] {
  const now = Date.now();
  return [
    camera("front-door", {
      area: "Entrance",
      speaker: { ...freeSpeaker, holder: { turnId: "b", name: "Ben", priority: 0, sinceMs: now } },
    }),
    camera("yard", { area: "Outside", state: { phase: "connecting", sinceMs: now - 2000 } }),
    camera("garage", { area: "Outside", state: { phase: "stale", sinceMs: now - 7000, lastFrameMs: now - 12_000 } }),
    camera("hall", {
      area: "Entrance",
      state: { phase: "wrong-password", sinceMs: now - 90_000, retryAtMs: now + 25_000 },
    }),
    camera("kitchen", { area: "Ground floor", tracks: [{ ...videoTrack, codec: "h265" }] }),
    camera("nursery", { area: "Upstairs", state: { phase: "waiting-for-key-frame", sinceMs: now - 1500 } }),
    camera("cellar", {
      area: "Cellar",
      speaker: { ...freeSpeaker, doNotDisturb: true },
      state: {
        phase: "trouble",
        sinceMs: now - 400_000,
        retryAtMs: now + 14_000,
        error: { code: "refused", message: "192.168.1.26 refuses the connection", atMs: now - 16_000 },
      },
    }),
    camera("attic", {
      area: "Upstairs",
      state: { phase: "disabled", sinceMs: now - 86_400_000 },
      speaker: undefined,
      tracks: [],
    }),
    camera("kitchen-room", {
      name: "Kitchen room",
      area: "Ground floor",
      kind: "room",
      tracks: [audioTrack],
      address: "room://kitchen",
    }),
  ];
}

/** Devices that call and wait to be let in. */
export function waiting(): Waiting[] {
  const now = Date.now();
  return [
    { id: "workshop-cam", kind: "whip", address: "192.168.1.77", sinceMs: now - 95_000, lastMs: now - 5000 },
    { id: "kitchen-tablet", kind: "page", address: "192.168.1.42", sinceMs: now - 12_000, lastMs: now - 1000 },
  ];
}

/** Devices that call, one of each way in which they are let in. */
export function arrivals(): PageDevice[] {
  const now = Date.now();
  const whip = { kind: "whip", address: undefined, speaker: undefined };
  const at = { approvedMs: now - 86_400_000 };
  return [
    camera("drone", { ...whip, arrival: { enrolled: "token", ...at } }),
    camera("old-encoder", { ...whip, arrival: { enrolled: "legacy", ...at } }),
    camera("spare", { ...whip, arrival: {}, state: { phase: "away", sinceMs: now - 600_000 }, tracks: [] }),
  ];
}

/** A house as a station in the kitchen knows it: `cameras` where it may show them. */
export function stationHouse(options: { readonly cameras?: boolean } = {}): PageDevice[] {
  const now = Date.now();
  const rights = options.cameras ? (["view", "listen", "talk"] as const) : (["talk"] as const);
  const station = (id: string, more: Partial<PageDevice> = {}) =>
    camera(id, { kind: "page", address: undefined, tracks: [], rights, arrival: { enrolled: "token" }, ...more });
  return [
    station("kitchen", { area: "Ground floor", rights: [] }),
    station("living-room", { area: "Ground floor" }),
    station("hall", { area: "Ground floor", speaker: { ...freeSpeaker, doNotDisturb: true } }),
    station("nursery", { area: "Upstairs", state: { phase: "away", sinceMs: now - 5_400_000 } }),
    station("workshop", {
      area: "Outside",
      speaker: { ...freeSpeaker, holder: { turnId: "b", name: "Ben", priority: 0, sinceMs: now - 4000 } },
    }),
    camera("front-door", { area: "Entrance", address: undefined, rights, ...(!options.cameras && { tracks: [] }) }),
    camera("yard", { area: "Outside", address: undefined, rights, ...(!options.cameras && { tracks: [] }) }),
  ];
}

/** Three people with different rights. */
export const people: User[] = [
  { id: "u1", name: "Anna", administrator: true, hasPassword: true, createdMs: 0, grants: [] },
  {
    id: "u2",
    name: "Ben",
    administrator: false,
    hasPassword: true,
    createdMs: 0,
    grants: [
      { scope: "*", rights: ["view", "listen"] },
      { scope: "area:Entrance", rights: ["view", "listen", "talk", "unlock"] },
    ],
  },
  {
    id: "u3",
    name: "Grandmother",
    administrator: false,
    hasPassword: true,
    createdMs: 0,
    grants: [{ scope: "device:nursery", rights: ["view", "listen", "talk"] }],
  },
];

/** A day and a half of events. */
export function audit(): AuditEntry[] {
  const now = Date.now();
  const rows: [number, string, AuditEntry["action"], string?, string?][] = [
    [4, "Anna", "talk", "front-door"],
    [9, "Ben", "login", undefined, "192.168.1.40"],
    [31, "Ben", "login-failed", undefined, "192.168.1.40"],
    [64, "Anna", "listen", "nursery"],
    [75, "Anna", "device-changed", "garage"],
    [1100, "Anna", "token-made", "Home Assistant"],
    [1180, "Anna", "user-changed", "Ben", "grants: *=view,listen area:Entrance=view,listen,talk,unlock"],
    [1200, "Anna", "device-added", "nursery"],
    [1500, "Anna", "setup", undefined, "192.168.1.10"],
  ];
  return rows.map(([minutes, actor, action, subject, detail], index) => ({
    id: rows.length - index,
    atMs: now - minutes * 60_000,
    actor,
    action,
    subject,
    detail,
  }));
}
