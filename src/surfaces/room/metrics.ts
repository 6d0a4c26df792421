import type { EarsCounters } from "../../protocols/room/ears.ts";
import type { Metric } from "../surface.ts";
import type { GateCounters } from "./gate.ts";
import type { SenderCounters } from "./sender.ts";
import type { TalkCounters } from "./talks.ts";

/** Where the rooms' numbers are kept. */
export interface RoomNumbers {
  readonly heard: Readonly<EarsCounters>;
  readonly turnedAway: Readonly<GateCounters>;
  readonly talks: Readonly<TalkCounters>;
  readonly sent: Readonly<SenderCounters>;
  /** `lossy`: are sent to alone as well, because they lose too much of what is sent to all. */
  readonly stations: { readonly known: number; readonly there: number; readonly lossy: number };
  /** Part of what was sent to all that stations lost, of those that report it. */
  readonly delivered: readonly { readonly deviceId: string; readonly loss: number }[];
}

/** The rooms' numbers as `/metrics` shows them. */
export function roomMetrics({ heard, turnedAway, talks, sent, stations, delivered }: RoomNumbers): readonly Metric[] {
  return [
    labelled("doorward_room_received_total", {
      help: "Datagrams at the rooms' audio port, and packets that never came, by what they were",
      label: "what",
      counts: { ...heard },
    }),
    labelled("doorward_room_turned_away_total", {
      help: "Packets that were not listened to: forged, replayed, from another address, of strangers, no Opus",
      label: "why",
      counts: { ...turnedAway },
    }),
    labelled("doorward_room_talks_total", {
      help: "Talks of stations: heard, given the floor, refused, meant for a room that nobody has",
      label: "what",
      counts: { ...talks },
    }),
    labelled("doorward_room_sent_total", {
      help: "What was sent to stations, and frames that came faster than they sound",
      label: "what",
      counts: { ...sent },
    }),
    labelled("doorward_room_stations", {
      help: "Stations that are known, those that are there as devices, those that lose much of what is sent to all",
      label: "what",
      counts: stations,
      type: "gauge",
    }),
    {
      name: "doorward_room_multicast_loss_ratio",
      help: "Part of the packets sent to all stations at once that a station lost lately, as it reports",
      type: "gauge",
      values: delivered.map(({ deviceId, loss }) => ({ labels: { device: deviceId }, value: loss })),
    },
  ];
}

function labelled(
  name: string,
  how: {
    readonly help: string;
    readonly label: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly type?: Metric["type"];
  },
): Metric {
  const { help, label, counts, type = "counter" } = how;
  const values = Object.entries(counts).map(([what, value]) => ({ labels: { [label]: what }, value }));
  return { name, help, type, values };
}
