/** Where a program's words come from: frames of 20 ms, interleaved where there are two channels. */
export interface Microphone extends AsyncDisposable {
  /** Gives frames until disposed. */
  capture(give: (frame: Int16Array) => void): Disposable;
  /** The words begin now: a file begins here, a microphone goes on. */
  begin(): void;
}

/** Where a program's sound goes. */
export interface Loudspeaker extends AsyncDisposable {
  /** One frame, each 20 ms; `heard` is false for silence that only fills the time. False when it is not taken in time. */
  write(frame: Int16Array, how: { readonly heard: boolean }): boolean;
}
