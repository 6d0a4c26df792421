import { t } from "../language/t.ts";

/** Which browser it is, the first that fits: others call themselves by the names of those below, too. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** A browser by what it calls itself (User-Agent): "Firefox, Android". What is none of those known says its first word. */
export function sayBrowser(userAgent: string | undefined): string {
  if (!userAgent) return t("A browser");
  const named = [browsers, systems].flatMap((known) => known.find(([pattern]) => pattern.test(userAgent))?.[1] ?? []);
  return named.join(", ") || (/^[\w.-]{1,40}/.exec(userAgent)?.[0] ?? t("A browser"));
}
