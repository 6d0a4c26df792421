import type { Page } from "playwright-core";
import type { AuditEntry, PageDevice, User } from "../../web/src/api.ts";

/** One sentence that stands on the page, for eyes or for screen readers. */
export interface Sentence {
  readonly text: string;
  /** The element of the page's that says it: `dw-player`, `dw-talk`, `dw-events`. */
  readonly part: string;
  /** The camera that it is about: the one of its picture, else of its line, of its form (`its form`), else of the screen. */
  readonly camera: string | undefined;
  /** Whether that camera's sound is played. */
  readonly audible: boolean;
}

/** What the hub says at the same time. */
export interface Truth {
  /** False while nothing answers: then nothing else is known. */
  readonly answers: boolean;
  readonly me: string;
  readonly devices: readonly PageDevice[];
  /** The camera of the form that is open: the preview that was looked for last, else the one that is changed. */
  readonly form?: PageDevice | undefined;
  readonly audit: readonly AuditEntry[];
  readonly users: readonly User[];
}

/** Words that tell how something stands: what holds them has to have a rule of its own. */
const stateWords =
  /\b(live|connect\w*|password|no picture|waiting|ready|away|paused|speak\w*|sound (on|off)|disturb|calls at|speaker|hears? you|heard|watched|listened|spoke|next try|trying|muted|does not answer|no cameras|signed in|added|set up this)\b/i;

/** Sentences with such words that tell nothing of a state: labels, help, names of buttons. */
const labels =
  /^(Password|New password|User name|Talk|Talk without holding|Connecting to .*|Keep open|Talks|Add a camera|A camera's .*|The picture appears here.*|Who may see, .*|Your own password is changed in|.*\? .*)$/i;

type Rule = readonly [RegExp, (said: RegExpExecArray, about: Sentence, truth: Truth) => boolean];

const deviceOf = ({ devices, form }: Truth, name: string | undefined) =>
  name === "its form" ? form : devices.find((device) => device.name === name || device.id === name);

const about =
  (holds: (device: PageDevice, said: RegExpExecArray, truth: Truth) => boolean) =>
  (said: RegExpExecArray, { camera }: Sentence, truth: Truth): boolean => {
    const device = deviceOf(truth, camera);
    return device !== undefined && holds(device, said, truth);
  };

const named =
  (holds: (device: PageDevice, truth: Truth) => boolean) =>
  (said: RegExpExecArray, _: Sentence, truth: Truth): boolean => {
    const device = deviceOf(truth, said[1]);
    return device !== undefined && holds(device, truth);
  };

const isWrongPassword = ({ state }: PageDevice) =>
  state.phase === "wrong-password" || state.error?.code === "wrong-password";
const isSought = ({ state }: PageDevice) => state.phase === "trouble" || state.phase === "connecting";
const mine = ({ speaker }: PageDevice, { me }: Truth) => speaker?.holder?.name === me;

const actions: Readonly<Record<string, string>> = {
  watched: "view",
  "listened to": "listen",
  "spoke through": "talk",
  "signed in": "login",
  "set up this hub": "setup",
  "added the person": "user-added",
  added: "device-added",
  changed: "device-changed",
  "looked for a camera at": "probe",
};

function happened(said: RegExpExecArray, _: Sentence, { audit, devices }: Truth): boolean {
  const [, actor, action = "", subjects = ""] = said;
  const names = subjects.split(/, | and /).filter((name) => name !== "");
  const entries = audit.filter((entry) => entry.actor === actor && entry.action === actions[action]);
  const nameOf = (id: string) =>
    id.startsWith("preview-") ? "Preview" : (devices.find((device) => device.id === id)?.name ?? id);
  const of = (name: string) => entries.some(({ subject = "" }) => subject.split(", ").map(nameOf).includes(name));
  return entries.length > 0 && names.every(of);
}

/** What each sentence needs to be true. */
const rules: readonly Rule[] = [
  [/^The hub does not answer; trying again\.$/, (_, __, truth) => !truth.answers],
  [/^No cameras yet$/, (_, __, { devices }) => devices.length === 0],
  // Pictures.
  [/^Live$/, about(({ state }) => state.phase === "live")],
  [/^Ready$/, about(({ state }) => state.phase === "idle")],
  [/^Connecting( again)?$/, about(({ state }) => state.phase === "connecting" && !state.error)],
  [/^The hub is reaching the camera\.$/, about(({ state }) => state.phase === "connecting" && !state.error)],
  [/^Waiting for a key frame$/, about(({ state }) => state.phase === "waiting-for-key-frame")],
  [/^No picture for .*$/, about(({ state }) => state.phase === "stale")],
  [/^Waiting$/, about(({ state }) => ["connecting", "waiting-for-key-frame"].includes(state.phase) && !state.error)],
  [/^Trouble$/, about((device) => isSought(device) || isWrongPassword(device) || device.state.phase === "stale")],
  [/^(\d+) × (\d+), (\S+), .*$/, about(({ tracks }, said) => isTrack(tracks, said))],
  [/^Wrong password$/, about(isWrongPassword)],
  [/^The camera refused the name or the password\.$/, about(isWrongPassword)],
  [/^Give another password$/, about(isWrongPassword)],
  [/^(.+)\. Next try in (\d+) s\.$/, about(({ state }, said) => isNext(state, said))],
  [/^(.+)\. Trying again\.$/, about((device) => isSought(device) && device.state.error !== undefined)],
  [
    /^(Not connected)$/,
    about((device) => isWrongPassword(device) || (isSought(device) && device.state.error !== undefined)),
  ],
  // Sound and rights.
  [/^Sound on$/, (_, { audible, camera }, truth) => audible && can(truth, camera, "listen")],
  [/^Sound off$/, (_, { audible, camera }, truth) => !audible && can(truth, camera, "listen")],
  [/^You may watch this camera, not talk through it\.$/, (_, { camera }, truth) => !can(truth, camera, "talk")],
  // Who speaks.
  [/^(Speak now|You are speaking)\b/, about((device, _, truth) => mine(device, truth))],
  [/^(.+) hears you(\.|$)/, named(mine)],
  [
    /^(.+) heard you \(.*\)\.?$/,
    named((device, { audit, me }) =>
      audit.some((entry) => entry.actor === me && entry.action === "talk" && entry.subject === device.id),
    ),
  ],
  [/^(.+) is speaking\b/, about(({ speaker }, [, who], { me }) => speaker?.holder?.name === who && who !== me)],
  [/^Hold to wait for your turn\.?$/, about(({ speaker }) => speaker?.holder !== undefined)],
  [/^Keep holding: you are next\.?$/, about(({ speaker }) => (speaker?.queued ?? 0) > 0)],
  [/^Hold to talk$/, (_, { camera }, truth) => free(camera === undefined ? undefined : deviceOf(truth, camera))],
  [/^(.+) – or hold the space bar$/, named(free)],
  [/^Do not disturb\b/, about(({ speaker }) => speaker?.doNotDisturb === true)],
  [/^(.+) takes no calls at the moment\.$/, named(({ speaker }) => speaker?.doNotDisturb === true)],
  [/^No speaker$/, about(({ speaker }) => speaker === undefined)],
  [/^(.+) has no speaker\.?$/, named(({ speaker }) => speaker === undefined)],
  [/^(.+) cannot be spoken through at the moment\.$/, named(({ state }) => state.phase !== "live")],
  // Settings of a camera that is being added.
  [/^yes, it has a speaker$/, about(({ speaker }) => speaker !== undefined)],
  [/^no speaker found$/, about(({ speaker }) => speaker === undefined)],
  // What happened.
  [new RegExp(`^(\\S+) (${Object.keys(actions).join("|")})(?: (.+))?$`), happened],
];

function can(truth: Truth, camera: string | undefined, right: "listen" | "talk"): boolean {
  return deviceOf(truth, camera)?.rights.includes(right) ?? false;
}

/** Nobody speaks there and nothing hinders; of nobody in particular, that is always so. */
function free(device: PageDevice | undefined): boolean {
  if (!device) return true;
  const { speaker, rights } = device;
  return speaker !== undefined && !speaker.holder && !speaker.doNotDisturb && !speaker.muted && rights.includes("talk");
}

function isTrack(tracks: PageDevice["tracks"], [, width, height, codec = ""]: RegExpExecArray): boolean {
  const said = codec.replace(".", "").toLowerCase();
  return tracks.some(
    (track) => track.widthPx === Number(width) && track.heightPx === Number(height) && track.codec === said,
  );
}

function isNext({ error, retryAtMs }: PageDevice["state"], [, why, seconds]: RegExpExecArray): boolean {
  if (!error || retryAtMs === undefined) return false;
  const said = why?.toLowerCase() === error.message.replace(/\.$/, "").toLowerCase();
  return said && Math.abs((retryAtMs - Date.now()) / 1000 - Number(seconds)) < 2.5;
}

/** What is not true of what the page says, or that nobody checks it; one line each. */
export function untrue(sentences: readonly Sentence[], truth: Truth): string[] {
  return sentences.flatMap((sentence) => {
    const { text, part, camera = "" } = sentence;
    const own = rules.map(([pattern, holds]) => [pattern.exec(text), holds] as const).find(([said]) => said);
    const at = `${part} ${camera}: "${text}"`;
    if (!own) return stateWords.test(text) && !labels.test(text) ? [`no rule for ${at}`] : [];
    const [said, holds] = own;
    // While nothing answers, the page may go on saying what was last known, below the line that says so.
    if (!truth.answers && !text.startsWith("The hub")) return [];
    return said && holds(said, sentence, truth) ? [] : [`untrue: ${at}`];
  });
}

/** Every sentence that stands on the page now. */
export function readSentences(page: Page): Promise<Sentence[]> {
  return page.evaluate(() => {
    const found: { text: string; part: string; camera: string | undefined; audible: boolean }[] = [];
    const screen = () => {
      const deep = (root: ParentNode, selector: string): Element | undefined => {
        for (const element of root.querySelectorAll("*")) {
          if (element.matches(selector)) return element;
          const inner = element.shadowRoot && deep(element.shadowRoot, selector);
          if (inner) return inner;
        }
        return undefined;
      };
      return deep(document, "dw-camera, dw-room")?.shadowRoot?.querySelector("h1")?.textContent?.trim();
    };
    const here = screen();
    const video = (root: ShadowRoot | null | undefined) => root?.querySelector("video");
    const walk = (root: ParentNode, around: { part: string; camera: string | undefined; audible: boolean }): void => {
      for (const element of root.children) {
        if (element instanceof HTMLElement && !element.checkVisibility({ visibilityProperty: true })) continue;
        if (/^(style|script|option|select)$/i.test(element.tagName)) continue;
        const tag = element.tagName.toLowerCase();
        const label = tag === "dw-player" ? (element.getAttribute("label") ?? undefined) : undefined;
        const line = element.matches("li[data-id]")
          ? (element.querySelector("dw-player")?.getAttribute("label") ?? undefined)
          : undefined;
        const player = tag === "dw-camera" ? element.shadowRoot?.querySelector("dw-player")?.shadowRoot : undefined;
        const now = {
          part: tag.startsWith("dw-") ? tag : around.part,
          camera: label ?? line ?? (tag === "dw-add" ? "its form" : around.camera),
          audible: player ? video(player)?.muted === false : around.audible,
        };
        const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
        const text = own
          .map((node) => node.textContent)
          .join(" ")
          .replaceAll(/\s+/g, " ")
          .trim();
        // What is said to screen readers is a state and its detail in one.
        const [, state, detail] = (element.matches(".unseen[role=status]") && /^([^.]+)\.(?: (.+))?$/.exec(text)) || [];
        for (const one of state ? [state, detail] : [text]) if (one) found.push({ text: one, ...now });
        if (element.shadowRoot) walk(element.shadowRoot, now);
        walk(element, now);
      }
    };
    walk(document.body, { part: "page", camera: here, audible: false });
    return found;
  });
}
