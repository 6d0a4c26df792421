import { type ChildProcess, fork } from "node:child_process";
import { confine } from "./confine.ts";

/** What a child tells its parent's end. */
export interface ChildListener<FromChild> {
  /** Called once, when the child can be spoken to. */
  onReady(): void;
  onMessage(message: FromChild): void;
}

/** The parent's end of one child process, whatever language it speaks. The child ends when `end` is called. */
export interface ChildLink<ToChild, FromChild> {
  readonly child: ChildProcess;
  /** Begins to hear the child. Called once, at once. */
  listen(listener: ChildListener<FromChild>): void;
  /** Sends a message; `onSent` is called when it has left this process. False when the child hears nothing any more. */
  post(message: ToChild, onSent?: () => void): boolean;
  /** Whether the running child keeps this process alive. */
  hold(how: "alive" | "loose"): void;
  /** Tells the child that it is not needed any more. */
  end(): void;
}

/** Options of {@link forkChild}. */
export interface ForkOptions {
  readonly module: URL;
  readonly execArgv?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Starts a child that runs a module of ours and speaks by structured clone. */
export function forkChild<ToChild extends object, FromChild extends object>(
  options: ForkOptions,
): ChildLink<ToChild, FromChild> {
  const { execArgv, env } = confine();
  const child = fork(options.module, [], {
    serialization: "advanced",
    execArgv: [...execArgv, ...(options.execArgv ?? [])],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...env, ...options.env },
  });
  return {
    child,
    listen: ({ onReady, onMessage }) => {
      child.once("message", () => {
        child.on("message", (message) => onMessage(message as FromChild));
        onReady();
      });
    },
    post: (message, onSent) => {
      if (!child.connected) return false;
      child.send(message, undefined, {}, () => onSent?.());
      return true;
    },
    hold: (how) => {
      if (how === "alive") child.channel?.ref();
      else child.channel?.unref();
    },
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}
