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
  readonly stations: { readonly known: number; readonly there: number };
}

/** The rooms' numbers as `/metrics` shows them. */
export function roomMetrics({ heard, turnedAway, talks, sent, stations }: RoomNumbers): readonly Metric[] {
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
      help: "Stations that are known, and those that are there as devices",
      label: "what",
      counts: stations,
      type: "gauge",
    }),
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
