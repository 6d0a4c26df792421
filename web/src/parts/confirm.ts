import { css, html, type TemplateResult } from "lit";
import { t } from "../language/t.ts";

/** What {@link confirmDialog} asks. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** The word on the button that does it. */
  readonly yes: string;
  readonly onYes: () => void;
  readonly onClose: () => void;
}

/** A dialog that asks before something is lost; show it with `showModal` (see {@link showDialogs}). */
export function confirmDialog(question: Question): TemplateResult {
  return html`<dialog aria-labelledby="question" @close=${question.onClose}>
    <h2 id="question">${question.title}</h2>
    <p class="muted">${question.text}</p>
    <form method="dialog" class="row ends">
      <button autofocus>${t("Cancel")}</button>
      <button class="danger" @click=${question.onYes}>${question.yes}</button>
    </form>
  </dialog>`;
}

/** Opens every dialog in a root that is drawn but not open yet. */
export function showDialogs(root: ParentNode): void {
  for (const dialog of root.querySelectorAll("dialog")) if (!dialog.open) dialog.showModal();
}

/** Styles of dialogs. */
export const dialogStyles = css`
  dialog {
    width: min(480px, calc(100vw - 32px));
    max-height: calc(100dvh - 32px);
    overflow: auto;
    padding: 24px;
    border: 1px solid var(--dw-line);
    border-radius: var(--dw-radius);
    background: var(--dw-surface);
    color: var(--dw-text);
  }
  .top {
    display: flex;
    align-items: start;
    justify-content: space-between;
    gap: 12px;
  }
  .top .icon {
    margin: -8px -12px 0 0;
  }
  dialog[open] {
    display: grid;
    gap: 16px;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 0.5);
  }
  dialog .ends {
    display: flex;
    justify-content: flex-end;
    gap: 8px;
  }
  dialog.wide {
    width: min(760px, calc(100vw - 32px));
  }
`;
