import { randomUUID } from "node:crypto";
import type { Principal, Right } from "../../identity/policy.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import type { Started, ToHub } from "../../protocols/door/messages.ts";
import { DoorwardError, WireError } from "../../util/errors.ts";
import type { ClientHouse, HouseClient } from "./client-house.ts";
import { ClientSound } from "./client-sound.ts";
import type { Connection, Party } from "./connection.ts";
import type { Answer, DoorStation } from "./station.ts";
import type { Wish } from "./wishes.ts";

/** Options of {@link DoorClient}. */
export interface DoorClientOptions {
  readonly clientId: string;
  /** Whose it is over its reconnects. */
  readonly key: string;
  /** For people and the audit. */
  readonly name: string;
  /** Undefined for a guest, where everybody is let in. */
  readonly principal: Principal | undefined;
  readonly may: (right: Right, deviceId: string) => boolean;
  readonly connection: Connection;
  readonly house: ClientHouse;
}

/** A client while it is connected: what it asks of stations, with its own rights, and the sound that it has with them. */
export class DoorClient implements Party, HouseClient {
  readonly key: string;
  readonly clientId: string;
  toldOf: string | undefined;
  readonly #sound: ClientSound;
  readonly #orders = new Map<string, DoorStation>();
  readonly #options: DoorClientOptions;

  constructor(options: DoorClientOptions) {
    this.#options = options;
    this.key = options.key;
    this.clientId = options.clientId;
    this.#sound = new ClientSound({ client: this, house: options.house });
  }

  get name(): string {
    return this.#options.name;
  }

  get connection(): Connection {
    return this.#options.connection;
  }

  get principal(): Principal | undefined {
    return this.#options.principal;
  }

  get isGuest(): boolean {
    return this.#options.principal === undefined;
  }

  get sessionStations(): readonly string[] {
    return this.#sound.stations;
  }

  may(right: Right, deviceId: string): boolean {
    return this.#options.may(right, deviceId);
  }

  knows(deviceId: string): boolean {
    return (["view", "listen", "talk", "unlock"] as const).some((right) => this.may(right, deviceId));
  }

  event(stationId: string, { event, payload }: ToHub<"event">): void {
    this.toldOf = stationId;
    this.connection.say({ type: "event", event, payload, ...this.#from(stationId) });
  }

  opened(station: DoorStation, started: Started & { readonly stream_id: string }): void {
    this.#sound.open(station, started);
  }

  receive(message: Parameters<Party["receive"]>[0]): void {
    if (message.type === "command") this.#command(message);
    else if (message.type === "call") this.#options.house.callWish(this, message);
    else if (message.type === "error") this.#sound.complained(message);
  }

  sound(sound: DoorSound, data?: string): void {
    this.#sound.said(sound, data);
  }

  left(): void {
    this.#sound.leave();
    for (const [id, station] of this.#orders) station.originLeft(id, this.clientId);
    this.#options.house.clientLeft(this);
  }

  answer(wish: Wish, answer: Answer): void {
    this.connection.say({ type: "response", command_id: wish.commandId, ...answer, ...this.#from(wish.stationId) });
  }

  #from(stationId: string): { readonly station?: string } {
    return this.connection.features.has("stations") ? { station: stationId } : {};
  }

  #command(message: ToHub<"command">): void {
    const { command, command_id: given, payload } = message;
    const commandId = given ?? randomUUID();
    try {
      const { house } = this.#options;
      const before = house.wishes.find({ clientKey: this.key, commandId, command, payload });
      if (before && this.#stillHolds(before)) {
        this.#acknowledge(commandId, false);
        if (before.answer) this.answer(before, before.answer);
        return;
      }
      this.#ask(message, { commandId, generated: given === undefined });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // A refusal says of what it is one.
      throw new WireError(error.message, { code: error.code, fields: { ...error.fields, command_id: commandId } });
    }
  }

  /** An answer of before about sound counts only as long as it is true: after a reconnect there is no stream any more. */
  #stillHolds({ command, payload, answer }: Wish): boolean {
    if (!answer || (command !== "start_audio" && command !== "stop_audio")) return true;
    const id = answer.payload["stream_id"] ?? payload["stream_id"];
    return this.#sound.has(String(id)) === (command === "start_audio");
  }

  #ask(message: ToHub<"command">, id: { readonly commandId: string; readonly generated: boolean }): void {
    const { command, payload } = message;
    const { house } = this.#options;
    const declined = house.declined(this, message);
    if (declined) {
      const { stationId, answer } = declined;
      this.#answered(this.#wish(message, { ...id, stationId }), answer);
      return;
    }
    const station = command === "stop_audio" ? this.#sound.stationOf(payload) : house.stationFor(this, message.station);
    const asked = command === "start_audio" ? this.#sound.startable(station, payload) : undefined;
    house.permit(this, { station, command });
    const wish = this.#wish(message, { ...id, stationId: station.id });
    if (asked?.stream_id !== undefined) this.#sound.starting(asked.stream_id);
    const onAnswer = (answer: Answer) =>
      this.#answered(wish, this.#effect({ station, command, payload, asked: asked?.stream_id, answer }));
    if (house.opensDoor(command, station.id)) {
      const by = { party: `client:${this.clientId}`, name: this.name } as const;
      house.unlock(station, { command, payload, by, originId: this.clientId, onAnswer });
    } else this.#order(station, { command, payload, onAnswer });
  }

  /** Notes what is asked for and says so. Throws WireError `too_many_commands`. */
  #wish(
    { command, payload }: ToHub<"command">,
    of: { readonly commandId: string; readonly generated: boolean; readonly stationId: string },
  ): Wish {
    const { commandId, generated, stationId } = of;
    const wish = this.#options.house.wishes.add({ clientKey: this.key, commandId, command, payload, stationId });
    if (!wish) throw new WireError("too many commands wait for an answer", { code: "too_many_commands" });
    this.#acknowledge(commandId, generated);
    return wish;
  }

  #answered(wish: Wish, answer: Answer): void {
    const { house } = this.#options;
    house.wishes.answered(wish, answer);
    house.clientOf(this.key)?.answer(wish, answer);
  }

  #order(
    station: DoorStation,
    how: Pick<ToHub<"command">, "command" | "payload"> & { readonly onAnswer: (answer: Answer) => void },
  ): void {
    const { command, payload, onAnswer } = how;
    const order = station.order({
      command,
      payload,
      originId: this.clientId,
      onAnswer: (answer) => {
        this.#orders.delete(order);
        onAnswer(answer);
      },
    });
    this.#orders.set(order, station);
  }

  #acknowledge(commandId: string, generated: boolean): void {
    this.connection.say({ type: "command_ack", command_id: commandId, generated });
  }

  /** What an answer brings about; gives what the client is told. */
  #effect(of: {
    readonly station: DoorStation;
    readonly command: string;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly asked: string | undefined;
    readonly answer: Answer;
  }): Answer {
    const { station, command, payload, asked, answer } = of;
    if (command === "stop_audio") this.#sound.stopped(String(payload["stream_id"]));
    return command === "start_audio" ? this.#sound.started({ station, asked, answer }) : answer;
  }
}

/** The reason of a refusal of the hub's own, for a registration. */
export function reasonOf(error: unknown): string {
  const reasons: Readonly<Record<string, string>> = {
    pending: "pending",
    refused: "refused",
    taken: "intercom_already_registered",
    disabled: "disabled",
    revoked: "revoked",
  };
  return (error instanceof DoorwardError && reasons[error.code]) || "internal_error";
}
