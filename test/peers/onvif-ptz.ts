import { EventEmitter, once } from "node:events";

/** What a camera was told: how to move (to the right, up, closer), to stop, or where to turn. */
export type PtzTold = readonly [pan: number, tilt: number, zoom: number] | "stop" | `to ${string}`;

const profiles =
  '<trt:GetProfilesResponse><trt:Profiles token="audio_only" fixed="true"><tt:Name>audio</tt:Name></trt:Profiles><trt:Profiles token="profile_1" fixed="true"><tt:Name>mainStream</tt:Name><tt:PTZConfiguration token="ptz_1"><tt:Name>PTZ</tt:Name><tt:NodeToken>node_1</tt:NodeToken></tt:PTZConfiguration></trt:Profiles></trt:GetProfilesResponse>';

/** The part of a scripted ONVIF camera that turns it, as Hikvision's and Dahua's answer. */
export class ScriptedPtz {
  /** All that it was told, in order. */
  readonly told: PtzTold[] = [];
  /** Presets by token. */
  readonly presets = new Map([
    ["1", "Gate"],
    ["2", ""],
  ]);
  /** Refuses as many of the next requests to stop. */
  stopsRefused = 0;
  readonly #events = new EventEmitter();

  /** Resolves when it has been told so much. */
  async heard(count: number): Promise<readonly PtzTold[]> {
    while (this.told.length < count) await once(this.#events, "told");
    return this.told;
  }

  /** Whether it moves now. */
  get moves(): boolean {
    const last = this.told.at(-1);
    return last !== undefined && typeof last !== "string";
  }

  capabilities(base: string): string {
    return `<tt:Media><tt:XAddr>${base}/onvif/media_service</tt:XAddr></tt:Media><tt:PTZ><tt:XAddr>${base}/onvif/ptz_service</tt:XAddr></tt:PTZ>`;
  }

  /** The answer to a request that turns it; empty for one that it refuses, undefined for any other. */
  async answer(action: string, text: string): Promise<string | undefined> {
    if (action === "GetProfiles") return profiles;
    if (!["ContinuousMove", "Stop", "GetPresets", "GotoPreset"].includes(action)) return undefined;
    if (!text.includes("<p:ProfileToken>profile_1</p:ProfileToken>")) return "";
    if (action === "GetPresets") return this.#listed();
    if (action === "Stop") {
      if (this.stopsRefused-- > 0) return "";
      this.#hear("stop");
      return "<tptz:StopResponse/>";
    }
    if (action === "GotoPreset") return this.#goTo(/<p:PresetToken>([^<]*)</.exec(text)?.[1] ?? "");
    if (!/<p:Timeout>PT\d+S</.test(text)) return "";
    const part = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
    const moved = [
      part(/PanTilt x="([-.\d]+)"/),
      part(/PanTilt x="[-.\d]+" y="([-.\d]+)"/),
      part(/Zoom x="([-.\d]+)"/),
    ];
    this.#hear(moved as unknown as PtzTold);
    return "<tptz:ContinuousMoveResponse/>";
  }

  #listed(): string {
    const list = [...this.presets].map(
      ([token, name]) =>
        `<tptz:Preset token="${token}">${name === "" ? "" : `<tt:Name>${name}</tt:Name>`}</tptz:Preset>`,
    );
    return `<tptz:GetPresetsResponse>${list.join("")}</tptz:GetPresetsResponse>`;
  }

  #goTo(token: string): string {
    if (!this.presets.has(token)) return "";
    this.#hear(`to ${token}`);
    return "<tptz:GotoPresetResponse/>";
  }

  #hear(what: PtzTold): void {
    this.told.push(what);
    this.#events.emit("told");
  }
}
