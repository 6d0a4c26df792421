import { hostname } from "node:os";
import { createOpusEncoder } from "../../codecs/opus/index.ts";
import type { StationCallNews } from "../../protocols/room/calls.ts";
import { codec } from "../../protocols/room/constants.ts";
import { senderOfCard, senderOfName } from "../../protocols/room/station-id.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import { PaceThread } from "../../workers/pace/index.ts";
import type { Loudspeaker, Microphone } from "../machine/ports.ts";
import { every20Ms } from "../machine/ticker.ts";
import { type BrokerAddress, followBroker } from "./broker.ts";
import { Decoders } from "./decoders.ts";
import { StationMessages } from "./messages.ts";
import { openNetwork, type StationInterface } from "./network.ts";
import type { Publish } from "./ports.ts";
import type { StationSettings } from "./settings.ts";
import { type PressResult, Station, type StationCounters } from "./station.ts";

/** Options of {@link startRoomStation}. */
export interface RoomStationOptions {
  /** The room's name. */
  readonly room: string;
  readonly interface: StationInterface;
  readonly group: string;
  readonly port: number;
  /** 16 hexadecimal digits; {@link senderOf} the interface unless told. */
  readonly sender: string;
  readonly settings: StationSettings;
  /** Key under which packets are signed. */
  readonly key?: Uint8Array | undefined;
  readonly broker?: BrokerAddress | undefined;
  /** Describes itself to Home Assistant. */
  readonly discovery?: boolean;
  /** Stations that are known without MQTT: room and address. */
  readonly peers?: Readonly<Record<string, string>>;
  readonly microphone: Microphone;
  readonly loudspeaker: Loudspeaker;
  readonly onSettings?: (settings: StationSettings) => void;
  /** What the loudspeaker plays is not in what the microphone gives. */
  readonly echoCancelled?: boolean;
  /** Our call stands otherwise. */
  readonly onCall?: (news: StationCallNews) => void;
  readonly onBroker?: (state: "connected" | { readonly lost: string }) => void;
  /** Each 20 ms, before the station's own; ms since the start. */
  readonly onTick?: (sinceMs: number) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A station that runs; ends when disposed. Microphone and loudspeaker are their makers'. */
export interface RunningRoomStation extends AsyncDisposable {
  readonly id: string;
  readonly counters: StationCounters;
  readonly settings: StationSettings;
  readonly activity: Station["activity"];
  /** Whom it hears: the sender's 16 digits. */
  readonly hears: string | undefined;
  press(): PressResult;
  release(): void;
  set(change: Partial<StationSettings>): void;
  /** How our call stands. */
  readonly callNews: StationCallNews;
  /** Rings a room; in a call it hangs up, and what rings is declined. False when the room is unknown. */
  call(target: string): boolean;
  /** Declines what rings, hangs up, gives up a call of ours; false when there is none. */
  hangUp(): boolean;
}

/** Who a station is on the wire: as its network card, or by host and room where there is none. */
export function senderOf(own: StationInterface, room: string): string {
  return own.mac ? senderOfCard(own.mac) : senderOfName(`${hostname()} ${room}`);
}

/** Starts a station of the room intercom. Throws FatalError for what a person must mend. */
export async function startRoomStation(options: RoomStationOptions): Promise<RunningRoomStation> {
  const { sender, clock, log, port, group, broker } = options;
  await using opened = new AsyncDisposableStack();
  const pace = opened.use(new PaceThread({ log }));
  pace.warm();
  const encoder = opened.use(await createOpusEncoder(encoding));
  const decoders = opened.use(await Decoders.open((err) => log.error({ err }, "no decoder")));
  const nowMs = () => clock.nowUs() / 1000;
  const network = opened.use(
    await openNetwork({ interface: options.interface, group, port, clock, log, onDatagram: (b, how) => heard(b, how) }),
  );
  let publish: Publish = () => {};
  const station = new Station({
    ...options,
    ...network,
    encoder,
    decoders,
    firstSequence: firstSequence(clock),
    begin: (to, writing) => pace.begin(to, writing),
    onChange: (what) => {
      messages[what]();
      if (what === "settings") options.onSettings?.(station.settings);
    },
    onHeard: (talk) => messages.heard(talk),
    onWish: (wish) => messages.wish(wish),
  });
  const heard = (bytes: Uint8Array, how: { readonly byGroup: boolean }) =>
    station.hear(bytes, { nowMs: nowMs(), ...how });
  for (const [name, ip] of Object.entries(options.peers ?? {})) {
    station.peers.info(name, JSON.stringify({ room: name, ip, id: "peer" }));
    station.peers.status(name, "online");
  }
  const messages = new StationMessages({
    station,
    sender,
    address: options.interface.address,
    publish: (...message) => publish(...message),
    discovery: options.discovery ?? false,
    echoCancelled: options.echoCancelled,
    nowMs,
  });
  const beganMs = nowMs();
  opened.use(
    every20Ms(clock, (atMs) => {
      options.onTick?.(atMs - beganMs);
      station.tick(atMs);
    }),
  );
  if (broker) {
    const end = new AbortController();
    const link = followBroker({
      broker,
      clientId: station.id,
      filters: StationMessages.filtersOf(station.id),
      statusTopic: StationMessages.statusOf(station.id),
      onOnline: () => messages.online(),
      onMessage: (message) => messages.receive(message),
      onState: (state) => options.onBroker?.(state),
      clock,
      signal: end.signal,
    });
    publish = link.publish;
    opened.defer(async () => {
      end.abort();
      await link.ended;
    });
  }
  const owned = opened.move();
  return {
    id: station.id,
    get counters() {
      return station.counters;
    },
    get settings() {
      return station.settings;
    },
    get hears() {
      return station.hears;
    },
    get activity() {
      return station.activity;
    },
    press: () => station.press(nowMs()),
    release: () => station.release(),
    set: (change) => station.set(change),
    get callNews() {
      return station.call;
    },
    hangUp: () => station.hangUp(),
    call: (target) => messages.call(target, nowMs()),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const encoding = {
  sampleRateHz: codec.sampleRateHz.value,
  channels: 1,
  bitrateBps: codec.bitrateBps.value,
  complexity: codec.complexity.value,
  packetLossPercent: codec.expectedLossPercent.value,
  application: "voip",
} as const;

/** As many as a station that always talks would have sent by now: 50 a second. */
function firstSequence(clock: Clock): number {
  return Math.floor(clock.wallMs() / codec.frameMs.value) % 2 ** 32;
}
