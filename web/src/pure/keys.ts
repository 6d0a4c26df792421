import { t } from "../language/t.ts";
/** What a key asks for. */
export type KeyAction =
  | { readonly action: "select"; readonly index: number }
  /** To the camera after this one, or before it. */
  | { readonly action: "step"; readonly by: 1 | -1 }
  /** Over an enlarged picture, up or down. */
  | { readonly action: "lift"; readonly by: 1 | -1 }
  /** Closer or farther by a factor; by 0 back to the whole. */
  | { readonly action: "zoom"; readonly factor: number }
  | { readonly action: "talk" | "full-screen" | "mute" | "help" | "back" | "open" };

/** The key that is held to talk: as the browser calls it, and as people do. */
export const talkKey = { key: " ", name: "Space" } as const;

/** The keyboard, as the help page lists it. */
export const keyMap: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ["1", "–", "9"], does: t("Choose a camera on the wall; open it from the camera page") },
  { keys: ["Enter"], does: t("Open the chosen camera") },
  { keys: ["←", "→"], does: t("The camera before or after this one, from the camera page") },
  { keys: ["+", "−", "0"], does: t("Closer, farther, the whole picture; the arrow keys then move it") },
  { keys: [talkKey.name], does: t("Hold to talk through the chosen camera") },
  { keys: ["F"], does: t("Full screen, and back") },
  { keys: ["M"], does: t("Sound off, and on") },
  { keys: ["?"], does: t("This page") },
  { keys: ["Esc"], does: t("Back") },
];

/** What a key press means, unless it belongs to a text field or goes with Ctrl, Alt or Meta. */
export function keyAction(event: {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}): KeyAction | undefined {
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
  if (/^[1-9]$/.test(event.key)) return { action: "select", index: Number(event.key) - 1 };
  switch (event.key) {
    case talkKey.key:
      return { action: "talk" };
    case "f":
    case "F":
      return { action: "full-screen" };
    case "m":
    case "M":
      return { action: "mute" };
    case "?":
      return { action: "help" };
    case "Escape":
      return { action: "back" };
    case "ArrowLeft":
      return { action: "step", by: -1 };
    case "ArrowRight":
      return { action: "step", by: 1 };
    case "ArrowUp":
      return { action: "lift", by: -1 };
    case "ArrowDown":
      return { action: "lift", by: 1 };
    case "+":
    case "=":
      return { action: "zoom", factor: 1.5 };
    case "-":
      return { action: "zoom", factor: 1 / 1.5 };
    case "0":
      return { action: "zoom", factor: 0 };
    case "Enter":
      return { action: "open" };
    default:
      return undefined;
  }
}

/** The one that comes after, or before, the one with this id, round and round; undefined where there is no other. */
export function neighbour<Device extends { readonly id: string }>(
  devices: readonly Device[],
  from: { readonly id: string; readonly by: 1 | -1 },
): Device | undefined {
  const at = devices.findIndex(({ id }) => id === from.id);
  if (at < 0 || devices.length < 2) return undefined;
  return devices[(at + from.by + devices.length) % devices.length];
}
