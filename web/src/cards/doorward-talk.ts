import { css, html, nothing } from "lit";
import type { ChannelId } from "../api.ts";
import type { Hub } from "../app/hub.ts";
import { canTalk } from "../parts/may.ts";
import { cardSentences, labels } from "../pure/card-words.ts";
import { type TargetChoice, targetChoices, targetOf } from "../pure/target.ts";
import { DwCard, instead } from "./dw-card.ts";
import { type CardEditor, makeEditor } from "./editor.ts";
import type { CardConfig } from "./home-assistant.ts";
import { plain, withoutUrgency } from "./wishes.ts";
import "../talk/dw-talk.ts";

/** Settings of {@link DoorwardTalk}. */
export interface TalkConfig extends CardConfig {
  /** Channels (`device:<id>`, `area:<name>`, `group:<name>`, `all`) that may be chosen; all without. */
  readonly targets?: readonly string[];
  readonly priority?: "normal" | "high";
  readonly urgent?: boolean;
  readonly hotkey?: boolean;
  readonly awake?: boolean;
}

/** Whom one speaks to, and what one holds to speak. */
export class DoorwardTalk extends DwCard<TalkConfig> {
  static override properties = { ...DwCard.properties, chosen: { state: true } };
  static override styles = [
    ...DwCard.styles,
    css`
      label {
        grid-template-columns: auto minmax(0, 1fr);
        align-items: center;
        gap: 12px;
      }
    `,
  ];
  /** The channel that was chosen here. */
  declare chosen: ChannelId | undefined;

  static getConfigElement(): CardEditor {
    return makeEditor(["targets", "title", "priority", "urgent", "hotkey", "awake", "hub"]);
  }

  static getStubConfig(): Omit<TalkConfig, "type"> {
    return {};
  }

  getCardSize(): number {
    return 3;
  }

  protected override renderHub(hub: Hub, config: TalkConfig) {
    const quiet = config.urgent === false;
    const devices = hub.devices.filter(canTalk).map((device) => (quiet ? withoutUrgency(device) : device));
    const house = { devices, groups: hub.groups };
    const choices = offered(targetChoices(house), config.targets);
    const to = choices.find((choice) => choice.to === this.chosen)?.to ?? choices[0]?.to;
    if (!to) return instead(cardSentences.nobodyToTalkTo);
    return html`<div class="body">
      ${choices.length > 1 ? this.#renderChoice(choices, to) : nothing}
      <dw-talk large ?hotkey=${config.hotkey} .line=${hub} .session=${plain(hub.session)} .target=${targetOf([to], house)} .priority=${config.priority === "high" ? 1 : 0}></dw-talk>
    </div>`;
  }

  #renderChoice(choices: readonly TargetChoice[], to: ChannelId) {
    return html`<label><span>${labels.to}</span><select @change=${this.#onChoice}>
      ${choices.map((choice) => html`<option value=${choice.to} ?selected=${choice.to === to}>${choice.name}</option>`)}
    </select></label>`;
  }

  #onChoice(event: Event): void {
    this.chosen = (event.target as HTMLSelectElement).value as ChannelId;
  }
}

/** In the order of the setting; what is not there is left out. */
function offered(choices: readonly TargetChoice[], wanted: readonly string[] | undefined): readonly TargetChoice[] {
  if (!wanted?.length) return choices;
  return wanted.flatMap((to) => choices.filter((choice) => choice.to === to || choice.name === to).slice(0, 1));
}

customElements.define("doorward-talk", DoorwardTalk);
