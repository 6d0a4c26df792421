import { isDeepStrictEqual } from "node:util";
import { type Document, isAlias, isMap, isNode, isScalar, type Scalar, visit, type YAMLMap } from "yaml";
import { redact } from "../util/redact.ts";
import type { ConfigFile } from "./config-file.ts";
import { idFromName, titleOf } from "./device-input.ts";
import { type DeviceInput, deviceDefaults } from "./device-settings.ts";
import { type LockSettings, lockDefaults } from "./lock-settings.ts";
import type { DeviceBook } from "./registry.ts";

/** Devices stand in the configuration file, under `devices:`; one of go2rtc's `streams:` moves there when it is changed. */
export function deviceBook(file: ConfigFile<unknown> | undefined): DeviceBook {
  return {
    save: async (id, input) => {
      await file?.edit((document) => writeDevice(document, { id, input }));
    },
  };
}

/** Writes, replaces or (`input` undefined) removes one device; whatever else stands in the document stays. */
export function writeDevice(
  document: Document,
  device: { readonly id: string; readonly input: DeviceInput | undefined },
): void {
  const { id, input } = device;
  expandAliases(document);
  const stream = streamOf(document, id);
  const others = stream === undefined ? [] : furtherAddresses(document.getIn(["streams", stream]));
  if (stream !== undefined) document.deleteIn(["streams", stream]);
  if (!input) {
    if (isMap(document.get("devices", true))) document.deleteIn(["devices", id]);
    return;
  }
  const before = document.getIn(["devices", id], true);
  if (isMap(before)) {
    changeMap(document, { map: before, next: written(input), defaults: deviceDefaults });
    return;
  }
  if (!isMap(document.get("devices", true))) document.set("devices", document.createNode({}));
  const fresh = document.createNode(written(input)) as YAMLMap;
  const comment = isNode(before) ? (before.comment ?? before.commentBefore) : undefined;
  if (comment) fresh.commentBefore = comment;
  // A list of addresses had more than the one that is used; where a login stands in them it does not stay in clear.
  if (others.length > 0) fresh.commentBefore = others.map((address) => ` also: ${redact(address)}`).join("\n");
  document.setIn(["devices", id], fresh);
}

/** A device as it is written: without what has its default. */
function written({ id, bell, ...input }: DeviceInput): Record<string, unknown> {
  const lock = bell?.lock && unusual(bell.lock, lockDefaults(bell.lock.by));
  return unusual(
    { ...input, bell: lock ? { ...bell, lock } : bell },
    { ...deviceDefaults, ...(id !== undefined && { name: titleOf(id) }) },
  );
}

/** What is not as it would be anyway. */
function unusual(settings: object, usual: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(settings).filter(
    ([key, value]) => value !== undefined && !isDeepStrictEqual(value, usual[key]),
  );
  return Object.fromEntries(kept);
}

interface MapChange {
  readonly map: YAMLMap;
  readonly next: Readonly<Record<string, unknown>>;
  /** What holds where a key is absent. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** Only what differs is touched, so that comments, order and what is written out on purpose stay. */
function changeMap(document: Document, { map, next, defaults }: MapChange): void {
  const before = map.toJS(document) as Record<string, unknown>;
  for (const key of Object.keys(before)) {
    if (key in next || isDeepStrictEqual(before[key], defaults[key])) continue;
    if (key in defaults) setValue(document, { map, key, value: defaults[key] });
    else map.delete(key);
  }
  for (const [key, value] of Object.entries(next)) {
    if (!isDeepStrictEqual(before[key], value)) setValue(document, { map, key, value });
  }
}

function setValue(
  document: Document,
  { map, key, value }: { readonly map: YAMLMap; readonly key: string; readonly value: unknown },
): void {
  const node = map.get(key, true) as unknown;
  if (isMap(node) && typeof value === "object" && value !== null) {
    const defaults = key === "lock" ? lockDefaults(String(node.get("by")) as LockSettings["by"]) : {};
    changeMap(document, { map: node, next: value as Record<string, unknown>, defaults });
  } else if (isScalar(node) && (typeof value !== "object" || value === null)) {
    setScalar(node, value);
  } else {
    map.set(key, document.createNode(value));
  }
}

function setScalar(node: Scalar, value: unknown): void {
  node.value = value;
  // A style that was chosen for the old text need not fit the new one.
  delete node.type;
}

/** Where devices share a text by anchor each gets its own: a change is about one of them. */
function expandAliases(document: Document): void {
  let shared = false;
  const devices = document.get("devices", true);
  if (!isNode(devices)) return;
  visit(document, {
    Alias: () => {
      shared = true;
      return visit.BREAK;
    },
  });
  if (!shared) return;
  visit(document, {
    Alias: (_key, alias) => (isAlias(alias) ? document.createNode(alias.toJS(document)) : undefined),
  });
  visit(document, {
    Node: (_key, node) => {
      if ("anchor" in node) delete (node as { anchor?: string }).anchor;
    },
  });
}

function furtherAddresses(value: unknown): readonly string[] {
  const list: unknown = isNode(value) ? value.toJSON() : value;
  return Array.isArray(list) ? list.slice(1).map(String) : [];
}

/** The name below `streams:` of which the hub made this id; it is made again in the order of the file. */
function streamOf(document: Document, id: string): string | undefined {
  const { devices, streams } = (document.toJS() ?? {}) as Record<string, Record<string, unknown> | null>;
  const taken = new Set(Object.keys(devices ?? {}));
  for (const name of Object.keys(streams ?? {})) {
    const own = idFromName(name, (wanted) => taken.has(wanted));
    taken.add(own);
    if (own === id) return name;
  }
  return undefined;
}
