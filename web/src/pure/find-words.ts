import type { SearchAnswer, StreamsAnswer } from "../../../src/surfaces/http/routes/discovery.ts";
import { t, tn } from "../language/t.ts";

/** A camera that was found. */
export type Found = SearchAnswer["found"][number];

/** What people read of a camera first: who made it and what it is, or that nothing is known. */
export function sayFound({ maker, model, name }: Pick<Found, "maker" | "model" | "name">): string {
  const rest = name ?? model;
  if (maker === undefined) return rest ?? t("A camera");
  return rest?.toLowerCase().includes(maker.toLowerCase()) ? rest : [maker, rest].filter(Boolean).join(" ");
}

/** How far a search is. */
export function saySearch({ running, networks, found }: Pick<SearchAnswer, "running" | "networks" | "found">): string {
  if (running) return t("Looking at {networks}", { networks: networks.join(", ") });
  if (networks.length === 0) return t("The hub is on no private network that it could look at.");
  if (found.length === 0) return t("Nothing was found on {networks}.", { networks: networks.join(", ") });
  return tn(found.length, "One camera was found.", "{count} cameras were found.");
}

/** Why a camera's picture was not found, and what to do. */
export function sayNoPicture(outcome: Exclude<StreamsAnswer["outcome"], "found">): string {
  switch (outcome) {
    case "password-needed":
      return t("This camera asks for a user name and password.");
    case "wrong-password":
      return t("The camera refuses this user name or password. It was tried once, so that nothing is locked.");
    case "no-path":
      return t("The camera answers, but its picture is at none of the known paths. Its manual has the address.");
    case "unreachable":
      return t("The camera does not answer any more.");
  }
}
