import { z } from "zod";

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]+$/u;

/** True for 1 to 64 printable characters: what devices, areas and people may be called. */
export function isName(text: string): boolean {
  return [...text].length <= 64 && printable.test(text) && text.trim() === text;
}

/** A name as it may stand on the page, made of whatever a device says: printable, at most 64 characters. */
export function toName(text: string, options: { readonly fallback: string }): string {
  const kept = [...text.slice(0, 1024)].filter((character) => printable.test(character)).slice(0, 64);
  return kept.join("").trim() || options.fallback;
}

/** Schema of a name in requests and configuration: trimmed, in Unicode's composed form. */
export const nameSchema = z
  .string()
  .max(256)
  .transform((text) => text.normalize("NFC").trim())
  .refine(isName, "1 to 64 printable characters")
  .meta({ type: "string", minLength: 1, maxLength: 64 });
