import { html, nothing } from "lit";
import { t } from "../language/t.ts";
import { sayLast } from "../pure/age-words.ts";
import { sayTaken } from "../pure/picture-words.ts";
import { sayMissing, type Told } from "../pure/words.ts";
import type { StillPicture } from "./still-pictures.ts";

/** A single picture in place of the live one, with why and how old it is. */
export function renderStill(
  still: StillPicture,
  { label, detail, nowMs }: { readonly label: string; readonly detail: string | undefined; readonly nowMs: number },
) {
  return html`
    <img src=${still.url} alt=${label ? t("Picture of {label}", { label }) : t("Picture")} />
    <p class="missing">${detail} <span class="age">${sayTaken(nowMs - still.takenMs)}</span></p>
  `;
}

/** The last picture of a camera, greyed, behind what is said of it; its age says what it is. */
export function renderLast({ url }: StillPicture) {
  return html`<img class="last" src=${url} alt="" />`;
}

/** How old the last picture is, in words. */
export function renderLastAge({ takenMs }: StillPicture, nowMs: number) {
  return html`<p class="age">${sayLast(nowMs - takenMs)}</p>`;
}

/** What does not come with a picture that is shown well. */
export function renderMissing(device: Told | undefined) {
  const missing = sayMissing(device);
  return missing === undefined ? nothing : html`<p class="missing">${missing}</p>`;
}
