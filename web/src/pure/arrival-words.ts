import type { ArrivalKind } from "../../../src/hub/arrival-kinds.ts";
import type { Grant } from "../../../src/identity/policy.ts";
import { t } from "../language/t.ts";

/** What kinds of devices call the hub, for people. */
export const arrivalWords: Readonly<Record<ArrivalKind, { readonly name: string; readonly what: string }>> = {
  whip: { name: t("Publisher"), what: t("OBS, GStreamer or another program that sends picture and sound (WHIP)") },
  agent: {
    name: t("Camera agent"),
    what: t("A program beside a camera, behind any router, that sends when somebody watches"),
  },
  page: { name: t("Station"), what: t("A tablet or phone in a room, with this page as its screen") },
  "room-web": { name: t("Intercom client"), what: t("The room intercom's own page, dashboard card or program") },
  room: { name: t("Room station"), what: t("A station of the room intercom: its button, microphone and loudspeaker") },
  door: { name: t("Door station"), what: t("A bell with microphone and loudspeaker that speaks JSON lines") },
};

/** The kind of a device that calls, as a word; what the page does not know stays as the hub calls it. */
export function sayKind(kind: string): string {
  return (arrivalWords as Readonly<Record<string, { readonly name: string } | undefined>>)[kind]?.name ?? kind;
}

/** What a station may do: speak through all others, and show the cameras where that is wanted. */
export function stationGrants(of: { readonly cameras: boolean }): readonly Grant[] {
  return [{ scope: "*", rights: of.cameras ? ["talk", "view", "listen"] : ["talk"] }];
}

/** One thing to copy into the device. */
export interface Handout {
  readonly label: string;
  readonly value: string;
}

/** What somebody needs who sets up a device with its new token: things to copy, and a sentence how. */
export interface Handouts {
  readonly copies: readonly Handout[];
  readonly how: string;
}

/** The name of a device that gave none: its id as words. */
export function nameFromId(id: string): string {
  const words = id.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The id of a device that is called so; empty when nothing of the name can be in one. */
export function idFromName(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
}

/** Address, token and a ready command for a device; `origin` is where the hub is reached, without a slash at its end. */
export function handouts(of: {
  readonly kind: string;
  readonly id: string;
  readonly token: string;
  readonly origin: string;
}): Handouts {
  const { kind, id, token, origin } = of;
  if (kind === "page") {
    return {
      copies: [{ label: t("Address to open on it, once"), value: `${origin}/panel?device=${id}#token=${token}` }],
      how: t(
        "Open this address on the tablet or phone. It remembers who it is; the address then works without the token.",
      ),
    };
  }
  const address = `${origin}/whip/${id}`;
  if (kind === "whip") {
    const ffmpeg = `ffmpeg -re -i film.mp4 -c:v libx264 -bf 0 -c:a libopus -ar 48000 -ac 2 -f whip -authorization ${token} ${address}`;
    return {
      copies: [
        { label: t("Address"), value: address },
        { label: t("Token"), value: token },
        { label: t("Or, with ffmpeg 8 or later"), value: ffmpeg },
      ],
      how: t("In OBS: Settings, Stream, Service “WHIP”; the address goes into Server, the token into Bearer Token."),
    };
  }
  if (kind === "door") {
    const register = JSON.stringify({ type: "register", role: "intercom", client_id: id, token });
    return {
      copies: [
        { label: t("Token"), value: token },
        { label: t("The first line that it sends"), value: register },
      ],
      how: t("Give it to the door station, which shows it when it registers."),
    };
  }
  return {
    copies: [{ label: t("Token"), value: token }],
    how: t("Give it to the device; it shows it whenever it calls."),
  };
}
