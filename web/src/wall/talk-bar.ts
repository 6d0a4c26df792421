import { html, nothing } from "lit";
import type { Hub } from "../app/hub.ts";
import { t } from "../language/t.ts";
import { icon } from "../parts/icons.ts";
import { canTalk } from "../parts/may.ts";
import { type Target, type TargetHouse, targetChoices } from "../pure/target.ts";

/** What the bar shows, and what it does. */
export interface TalkBar {
  readonly hub: Hub;
  readonly house: TargetHouse;
  readonly target: Target;
  /** Several devices are being chosen. */
  readonly several: boolean;
  /** On a wall tablet. */
  readonly large: boolean;
  readonly onTarget: (event: Event) => void;
  readonly onToggle: (id: string, on: boolean) => void;
  readonly onDone: () => void;
  readonly onSheet: (sheet: "tell" | "talks") => void;
  readonly onTalking: (event: CustomEvent<boolean>) => void;
}

/** The wall's bar to talk: to whom, ring and announce, and the button that is held. */
export function talkBar(bar: TalkBar) {
  const { hub, target, several, large } = bar;
  return html`<div class="bar">
    <div class="whom">
      ${chooser(bar)}
      <button class="tool" aria-label=${t("Ring or announce")} title=${t("Ring, announce a text, play a chime")} @click=${() => bar.onSheet("tell")}>${icon("bellRing")}</button>
      <button class="tool" aria-label=${t("Last talks")} title=${t("Last talks")} @click=${() => bar.onSheet("talks")}>${icon("history")}</button>
    </div>
    <dw-talk hotkey ready ?large=${large} .line=${hub} .session=${hub.session} .target=${target} @dw-talking=${bar.onTalking} @dw-said=${hub.onSaid}></dw-talk>
    ${several ? severalOf(bar) : nothing}
  </div>`;
}

function chooser({ house, target, several, onTarget }: TalkBar) {
  const choices = targetChoices(house);
  const [mute] = target.devices.filter((device) => !canTalk(device));
  const one = !several && target.to.length === 1 ? target.to[0] : undefined;
  const options = (kind: string, label: string) => {
    const some = choices.filter((choice) => choice.kind === kind);
    if (some.length === 0) return nothing;
    return html`<optgroup label=${label}>${some.map(({ to, name }) => html`<option value=${to} ?selected=${to === one}>${name}</option>`)}</optgroup>`;
  };
  return html`<label class="target">
    <span>${t("Talk to")}</span>
    <select @change=${onTarget}>
      ${options("all", t("All"))} ${options("area", t("Areas"))} ${options("group", t("Groups"))} ${options("device", t("Devices"))}
      ${mute ? html`<option selected disabled>${mute.name}</option>` : nothing}
      ${choices.length > 2 ? html`<option value="several" ?selected=${one === undefined}>${one === undefined ? target.name : t("Several…")}</option>` : nothing}
    </select>
  </label>`;
}

function severalOf({ house, target, onToggle, onDone }: TalkBar) {
  return html`<fieldset class="several">
    <legend>${t("Talk to several")}</legend>
    ${house.devices.map(
      ({ id, name }) =>
        html`<label><input type="checkbox" .checked=${target.devices.some((device) => device.id === id)} @change=${(event: Event) => onToggle(id, (event.target as HTMLInputElement).checked)} />${name}</label>`,
    )}
    <button class="ghost" @click=${onDone}>${icon("check")}${t("Done")}</button>
  </fieldset>`;
}
