/** How it stands with this browser when a bell is pressed. */
export type RingsHere = "rings" | "silent" | "offline" | "quiet" | "may-not";

/** Whether this browser would ring, as a badge and as a sentence. */
export function sayRingsHere(how: RingsHere): { readonly short: string; readonly long: string } {
  return ringsHere[how];
}

const ringsHere: Readonly<Record<RingsHere, { readonly short: string; readonly long: string }>> = {
  rings: { short: "Rings here", long: "This browser rings and is heard when somebody is at the door." },
  silent: {
    short: "Silent: touch to allow sound",
    long: "This browser shows who rings, without sound until you touch it.",
  },
  offline: { short: "No line to the hub", long: "This browser does not ring: Home Assistant does not reach the hub." },
  quiet: { short: "Do not disturb", long: "Nothing rings here: do not disturb is on for you." },
  "may-not": { short: "Does not ring", long: "You may answer no door and no room, so nothing rings here." },
};

/** What a card says in place of its content. */
export const cardSentences = {
  waiting: "Waiting for the hub.",
  anotherHub: "A page shows cards of one hub; this one is of another.",
  elsewhere: "Calls are shown in another card of this page.",
  nobody: "Nobody rings.",
  noCamera: "There is no camera that you may see.",
  noDevice: "This device is not there, or you may not see it.",
  nobodyToTalkTo: "There is nobody to whom you may talk.",
} as const;

/** How the editor calls a setting, and what it says below it. */
export const settingWords: Readonly<Record<string, { readonly label: string; readonly help?: string }>> = {
  hub: { label: "Hub", help: "Only needed where there are several." },
  title: { label: "Title" },
  device: { label: "Camera or door" },
  fit: { label: "Picture" },
  talk: { label: "Button to talk" },
  urgent: {
    label: "Button for what is urgent",
    help: "For those who may call rooms: it interrupts, or is an emergency.",
  },
  priority: {
    label: "How urgent an ordinary talk is",
    help: "High takes the word from others; it needs the right to call rooms.",
  },
  targets: { label: "Whom one may choose", help: "Everybody whom you may speak to while nothing is chosen here." },
  hotkey: { label: "Space bar talks" },
  whole: { label: "A call fills the screen", help: "For wall tablets: over whatever the dashboard shows." },
  callable: { label: "List whom one may call" },
  awake: { label: "Keep the screen on", help: "For wall tablets." },
};

/** The choices of the editor. */
export const choiceWords = {
  contain: "Whole",
  cover: "Fills the card",
  normal: "Normal",
  high: "High",
} as const;

/** What the list of cards says of each. */
export const cardWords = {
  camera: { name: "Doorward camera", description: "Live picture and sound of a camera or door, with hold to talk." },
  talk: { name: "Doorward talk", description: "Speak to a room, an area or everybody: choose, hold, talk." },
  call: { name: "Doorward calls", description: "Who rings, with picture, answer, decline and opening the door." },
} as const;

/** Labels on the cards. */
export const labels = {
  to: "To",
  soundOn: "Sound on",
  soundOff: "Sound off",
  callSomebody: "Call somebody",
} as const;
