import type { ChildProcess } from "node:child_process";

export declare const keptDir: string;
export declare const integrationDir: string;
export declare const peerCommands: {
  readonly install: readonly string[];
  readonly run: readonly string[];
  readonly kit: readonly string[];
};
export declare function whatHinders(): string | undefined;
export declare function beginInstall(options?: { readonly aside?: boolean }): {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly skipped?: string; readonly failed?: string }>;
};
export declare function installed(): Promise<string | undefined>;
