/** A short sound of the page's own: pitches in hertz, one after the other. */
export type Tone = "ending" | "ring";

const pitches: Readonly<Record<Tone, readonly number[]>> = { ending: [660, 550], ring: [784, 659, 784, 988] };
const noteSeconds = { ending: 0.14, ring: 0.28 } as const;
let context: AudioContext | undefined;

/** Plays it softly; nothing where the browser allows no sound yet. What was not played in time is never played later. */
export function playTone(tone: Tone): void {
  context ??= new AudioContext();
  if (context.state !== "running") {
    // Notes on a clock that stands still would all be heard when it goes on.
    void context.resume();
    return;
  }
  const seconds = noteSeconds[tone];
  pitches[tone].forEach((pitchHz, index) => {
    if (context) playNote(context, { pitchHz, at: context.currentTime + index * seconds, seconds });
  });
}

function playNote(
  context: AudioContext,
  note: { readonly pitchHz: number; readonly at: number; readonly seconds: number },
): void {
  const oscillator = new OscillatorNode(context, { type: "sine", frequency: note.pitchHz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, note.at);
  gain.gain.linearRampToValueAtTime(0.12, note.at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, note.at + note.seconds * 1.6);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(note.at);
  oscillator.stop(note.at + note.seconds * 1.7);
}

/** Whether the browser lets this page make sound now; asks it for that, which counts within or after a person's gesture. */
export async function mayMakeSound(): Promise<boolean> {
  context ??= new AudioContext();
  const own = context;
  const runs = () => own.state === "running";
  if (runs()) return true;
  const patience = new Promise((resolve) => window.setTimeout(resolve, 150));
  // `resume` of a page that nobody has touched yet stays open for as long as nobody does.
  await Promise.race([own.resume().catch(() => {}), patience]);
  return runs();
}
