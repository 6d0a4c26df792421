import { t } from "../language/t.ts";
import type { Quality } from "./rendition.ts";

/** What a person chooses from, in the order in which it is shown. */
export function qualityWords(): readonly { readonly quality: Quality; readonly name: string }[] {
  return [
    { quality: "auto", name: t("Automatic") },
    { quality: "small", name: t("Small") },
    { quality: "large", name: t("Large") },
  ];
}

/** What the choice is called, and what it means. */
export const sayQuality = {
  title: () => t("Picture quality"),
  help: () =>
    t(
      "Many cameras send a small picture besides the large one. Automatic shows the small one on the wall and the large one on the camera's own page, and the small one where this browser does not keep up. Small spares a slow connection.",
    ),
} as const;
