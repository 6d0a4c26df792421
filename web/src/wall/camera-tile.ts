import { html, nothing } from "lit";
import type { PageDevice } from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { toggleFullScreen } from "../parts/keys.ts";
import { canTalk, isAudible } from "../parts/may.ts";
import { href } from "../pure/route.ts";
import { favouritesAfter } from "../pure/wall-order.ts";
import type { Arranging } from "./arranging.ts";
import "../player/dw-player.ts";

/** One camera of the wall, and what can be done with it there. */
export interface CameraTile {
  readonly device: PageDevice;
  /** Its place among the cameras, from 0: keys choose the first nine. */
  readonly index: number;
  readonly hub: Hub;
  readonly arranging: Arranging;
  readonly chosen: boolean;
  /** Its sound is on. */
  readonly heard: boolean;
  /** The bar speaks to it. */
  readonly isTarget: boolean;
  /** What talks of this page's are called. */
  readonly own: string | undefined;
  readonly onChoose: () => void;
  readonly onListen: (on: boolean) => void;
}

/** The picture with its name and state; a way to its page, or, while the wall is arranged, the grip by which it is moved. */
export function cameraTile(tile: CameraTile) {
  const { device, arranging, hub, heard, onListen } = tile;
  const { id, name, speaker } = device;
  const holder = speaker?.holder;
  const marks = [
    "tile",
    ...(tile.chosen ? ["chosen"] : []),
    ...(holder ? ["speaking"] : []),
    ...(id === arranging.dragged ? ["dragged"] : []),
  ];
  // A property: the page's policy allows no style in its markup.
  const place = arranging.active ? `order: ${arranging.placeOf(id)}` : "";
  return html`<li class=${marks.join(" ")} data-id=${id} .style=${place}>
    <dw-player src="/whep/${encodeURIComponent(id)}" label=${name} fit="cover" ?muted=${!heard} .looks=${hub.looks} .device=${device}
      @dw-sound-refused=${() => onListen(false)}></dw-player>
    ${arranging.active ? grips(tile) : wayIn(tile)}
    ${holder ? html`<span class="who">${holder.name === tile.own ? t("You are speaking") : t("{name} is speaking", { name: holder.name })}</span>` : nothing}
    ${arranging.active ? nothing : tools(tile)}
  </li>`;
}

function wayIn({ device: { id, name }, index }: CameraTile) {
  const title =
    index < 9 ? t("Open {name} (key {number} chooses it)", { name, number: index + 1 }) : t("Open {name}", { name });
  return html`<a href=${href({ screen: "camera", id })} aria-label=${t("Open {name}", { name })} title=${title}></a>`;
}

function tools({ device, heard, isTarget, onChoose, onListen }: CameraTile) {
  const label = heard ? t("Sound of {name} off", { name: device.name }) : t("Sound of {name}", { name: device.name });
  return html`<div class="tools">
    ${canTalk(device) && !isTarget ? html`<button class="far" @click=${onChoose}>${icon("mic")}${t("Talk here")}</button>` : nothing}
    ${
      isAudible(device)
        ? html`<button class="near" aria-pressed=${heard} aria-label=${label} title=${label} @click=${() => onListen(!heard)}>${icon(heard ? "sound" : "soundOff")}</button>`
        : nothing
    }
    <button class="far" @click=${(event: Event) => toggleFullScreen((event.currentTarget as Element).closest(".tile") as Element)}>${icon("full")}${t("Full screen")}</button>
  </div>`;
}

function grips({ device: { id, name }, arranging, hub }: CameraTile) {
  const { favourites } = hub.wall;
  return html`<div class="grips">
    <button class="grip" aria-label=${t("Move {name}", { name })} title=${t("Drag, or move with the arrow keys")}
      @pointerdown=${(event: PointerEvent) => arranging.onDown(event, id)} @pointermove=${arranging.onMove}
      @pointerup=${arranging.onDrop} @pointercancel=${arranging.onCancel}
      @keydown=${(event: KeyboardEvent) => arranging.onKey(event, id)}>${icon("grip")}</button>
    <button class="star" aria-pressed=${favourites.includes(id)} aria-label=${t("Favourite: {name}", { name })} title=${t("Favourites stand first")}
      @click=${() => arranging.change({ favourites: favouritesAfter(favourites, id) })}>${icon("star")}</button>
  </div>`;
}
