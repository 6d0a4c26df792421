import { css, html, LitElement } from "lit";
import { t } from "../language/t.ts";
import { Keys } from "../parts/keys.ts";
import { base, page, tones } from "../parts/styles.ts";
import { keyMap } from "../pure/keys.ts";

const states = [
  ["live", t("Live"), t("What you see is what happens.")],
  ["waiting", t("Connecting"), t("The hub is reaching the camera.")],
  ["waiting", t("Waiting for a key frame"), t("The camera answers; its next whole picture is on the way.")],
  [
    "trouble",
    t("No picture for 12 s"),
    t("The camera sends nothing; the last picture is greyed so that it does not look live."),
  ],
  [
    "trouble",
    t("Wrong password"),
    t("The camera refused the name or the password; an administrator can give another."),
  ],
  ["trouble", t("Not connected"), t("The camera cannot be reached; the reason and the next try stand beside it.")],
  ["trouble", t("This browser can't show H.265"), t("The camera's picture needs a decoder that this browser lacks.")],
  ["quiet", t("Ready"), t("Nobody watches, so the camera is left alone; it connects when somebody looks.")],
] as const;

/** How to use it: the keys, and what each state means. */
export class DwHelp extends LitElement {
  static override styles = [
    base,
    page,
    tones,
    css`
      :host {
        max-width: 760px;
      }
      section {
        padding: 24px;
        margin-bottom: 16px;
      }
      h2 {
        margin-bottom: 12px;
      }
      dl {
        display: grid;
        grid-template-columns: minmax(112px, auto) 1fr;
        gap: 12px 24px;
        align-items: baseline;
      }
      dt {
        font-weight: 600;
      }
      kbd {
        display: inline-block;
        min-width: 28px;
        padding: 2px 8px;
        border: 1px solid var(--dw-control);
        border-radius: 6px;
        background: var(--dw-bg);
        font: 600 var(--dw-13) / 1.5 var(--dw-font);
        text-align: center;
      }
      p + p {
        margin-top: 8px;
      }
      @media (max-width: 640px) {
        section {
          padding: 16px;
        }
        .states {
          grid-template-columns: 1fr;
          gap: 0;
        }
        .states dd {
          margin-bottom: 12px;
        }
      }
    `,
  ];

  constructor() {
    super();
    new Keys(this, (action) => {
      if (action.action !== "back") return false;
      history.back();
      return true;
    });
  }

  protected override render() {
    return html`
      <header><h1>${t("Help")}</h1></header>
      <section class="panel">
        <h2>${t("Talking")}</h2>
        <p>${t("Hold anywhere on the talk bar and speak; let go when you have finished. When it turns green you are heard.")}</p>
        <p>${t("If somebody else is speaking, keep holding: your turn comes by itself.")}</p>
      </section>
      <section class="panel">
        <h2>${t("Keys")}</h2>
        <dl>${keyMap.map(({ keys, does }) => html`<dt>${keys.map((key) => (key === "–" ? " – " : html`<kbd>${key}</kbd>`))}</dt><dd>${does}</dd>`)}</dl>
      </section>
      <section class="panel">
        <h2>${t("What a camera says")}</h2>
        <dl class="states">${states.map(([tone, text, meaning]) => html`<dt><span class="state" data-tone=${tone}>${text}</span></dt><dd>${meaning}</dd>`)}</dl>
      </section>
    `;
  }
}

customElements.define("dw-help", DwHelp);
