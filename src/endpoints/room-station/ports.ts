/** Where a station's words come from: 16 kHz, mono, frames of 20 ms. */
export interface Microphone extends AsyncDisposable {
  /** Gives frames until disposed. */
  capture(give: (frame: Int16Array) => void): Disposable;
  /** The words begin now: a file begins here, a microphone goes on. */
  begin(): void;
}

/** Where a station's sound goes. */
export interface Loudspeaker extends AsyncDisposable {
  /** One frame, each 20 ms; `heard` is false for silence that only fills the time. False when it is not taken in time. */
  write(frame: Int16Array, how: { readonly heard: boolean }): boolean;
}

/** How a station says something over MQTT. Nobody hears it while there is no connection. */
export type Publish = (topic: string, payload: string, how: { readonly retain: boolean }) => void;
