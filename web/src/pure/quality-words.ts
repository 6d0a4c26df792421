import type { Quality } from "./rendition.ts";

/** What a person chooses from, in the order in which it is shown. */
export const qualityWords: readonly { readonly quality: Quality; readonly name: string }[] = [
  { quality: "auto", name: "Automatic" },
  { quality: "small", name: "Small" },
  { quality: "large", name: "Large" },
];

export const qualityTitle = "Picture quality";
export const qualityHelp =
  "Many cameras send a small picture besides the large one. Automatic shows the small one on the wall and the large one on the camera's own page, and the small one where this browser does not keep up. Small spares a slow connection.";
