import { WireError } from "../../util/errors.ts";
import type { SoapRequest } from "./soap.ts";
import { child, children, escapeXml, textAt, type XmlNode } from "./xml.ts";

const ptz = "http://www.onvif.org/ver20/ptz/wsdl";
const schema = "http://www.onvif.org/ver10/schema";

/** How fast a camera turns, each from -1 to 1: to the right, up, closer. 0 stands still. */
export interface PtzVector {
  readonly pan: number;
  readonly tilt: number;
  readonly zoom: number;
}

/** A place to which a camera turns by itself. */
export interface PtzPreset {
  readonly token: string;
  readonly name: string;
}

/** The requests of turning (ONVIF PTZ Service Specification, 5.3 and 5.4). */
export const ptzRequests = {
  /** The camera stops by itself after `seconds`, also when nobody can tell it to any more. */
  move: (profile: string, how: PtzVector & { readonly seconds: number }): SoapRequest => ({
    action: `${ptz}/ContinuousMove`,
    body: `<p:ContinuousMove xmlns:p="${ptz}" xmlns:t="${schema}">${token(profile)}<p:Velocity>${velocityOf(how)}</p:Velocity><p:Timeout>PT${how.seconds}S</p:Timeout></p:ContinuousMove>`,
  }),
  stop: (profile: string): SoapRequest => ({
    action: `${ptz}/Stop`,
    body: `<p:Stop xmlns:p="${ptz}">${token(profile)}<p:PanTilt>true</p:PanTilt><p:Zoom>true</p:Zoom></p:Stop>`,
  }),
  presets: (profile: string): SoapRequest => ({
    action: `${ptz}/GetPresets`,
    body: `<p:GetPresets xmlns:p="${ptz}">${token(profile)}</p:GetPresets>`,
  }),
  goTo: (profile: string, preset: string): SoapRequest => ({
    action: `${ptz}/GotoPreset`,
    body: `<p:GotoPreset xmlns:p="${ptz}">${token(profile)}<p:PresetToken>${escapeXml(preset)}</p:PresetToken></p:GotoPreset>`,
  }),
} as const;

/** The first of the camera's profiles that can be turned. Throws WireError when none can. */
export function turningProfileOf(body: XmlNode): string {
  const profiles = children(child(body, "GetProfilesResponse"), "Profiles").slice(0, 64);
  for (const profile of profiles) {
    const name = (profile as XmlNode | undefined)?.["@token"];
    if (child(profile, "PTZConfiguration") && typeof name === "string" && name !== "") return name;
  }
  throw new WireError("ONVIF: none of the camera's profiles can be turned");
}

const maxPresets = 256;

/** The presets of an answer; one without a name is called by its token. */
export function presetsOf(body: XmlNode): readonly PtzPreset[] {
  const list = children(child(body, "GetPresetsResponse"), "Preset").slice(0, maxPresets);
  return list.flatMap((one) => {
    const own = (one as XmlNode | undefined)?.["@token"];
    if (typeof own !== "string" || own === "" || own.length > 128) return [];
    return [{ token: own, name: (textAt(one, "Name") || own).slice(0, 128) }];
  });
}

function token(profile: string): string {
  return `<p:ProfileToken>${escapeXml(profile)}</p:ProfileToken>`;
}

/** What stands still is left out: a camera without a motor for it refuses the whole otherwise. */
function velocityOf({ pan, tilt, zoom }: PtzVector): string {
  const turned = pan !== 0 || tilt !== 0 ? `<t:PanTilt x="${digits(pan)}" y="${digits(tilt)}"/>` : "";
  return `${turned}${zoom === 0 ? "" : `<t:Zoom x="${digits(zoom)}"/>`}`;
}

function digits(value: number): string {
  return String(Math.round(Math.min(1, Math.max(-1, value)) * 100) / 100);
}
