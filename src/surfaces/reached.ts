/** An address and port on which the page and the API are served. */
export interface Reached {
  readonly scheme: "http" | "https";
  /** Address of this machine; `::` and `0.0.0.0` are all of them. */
  readonly host: string;
  readonly port: number;
}
