import { html, nothing } from "lit";
import type { PageDevice } from "../api.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { may } from "../parts/may.ts";
import { href } from "../pure/route.ts";
import { sayRoom } from "../pure/station-words.ts";
import { timer } from "../pure/words.ts";

/** One room of the wall, and what can be done with it there. */
export interface RoomTile {
  readonly device: PageDevice;
  readonly nowMs: number;
  /** The bar speaks to it. */
  readonly meant: boolean;
  /** What talks of this page's are called. */
  readonly own: string | undefined;
  readonly onMore: () => void;
  readonly onHold: (event: PointerEvent) => void;
  readonly onHoldKey: (event: KeyboardEvent) => void;
  readonly onLetGo: () => void;
  readonly onPick: (event: MouseEvent) => void;
}

/** A device without a picture: who it is, whether it hears, and a button to hold. */
export function roomTile({ device, nowMs, meant, own, onMore, onHold, onHoldKey, onLetGo, onPick }: RoomTile) {
  const { id, name, area, speaker } = device;
  const { tone, text } = sayRoom(device, nowMs);
  const holder = speaker?.holder;
  const mark = holder ? "sound" : speaker?.doNotDisturb ? "moon" : speaker?.muted ? "soundOff" : undefined;
  return html`<li class="room ${meant ? "meant" : ""}" data-id=${id} data-tone=${tone}>
    <a href=${href({ screen: "room", id })}>
      <strong>${name}</strong>
      <span class="said">
        ${mark ? icon(mark) : nothing}<span class="text">${holder && holder.name === own ? t("you are speaking") : text}</span>
        ${holder ? html`<span class="for">${timer(nowMs - holder.sinceMs)}</span>` : area ? html`<span class="area">${area}</span>` : nothing}
      </span>
    </a>
    <button class="more" aria-label=${t("More about {name}", { name })} title=${t("Loudness, mute, do not disturb")} @click=${onMore}>${icon("dots")}</button>
    ${
      may(device, "talk") && tone !== "speaking" && speaker
        ? html`<button class="ptt" aria-label=${t("Hold to talk to {name}", { name })} title=${t("Hold to talk")}
            @pointerdown=${onHold}
            @pointerup=${onLetGo} @pointercancel=${onLetGo} @lostpointercapture=${onLetGo}
            @contextmenu=${(event: Event) => event.preventDefault()}
            @keydown=${onHoldKey} @keyup=${onLetGo}
            @click=${onPick}>${icon("mic")}</button>`
        : nothing
    }
  </li>`;
}
