import { css, html, nothing, type TemplateResult } from "lit";
import type { Fault } from "../api.ts";
import { tn, told } from "../language/t.ts";
import { type FaultPlace, splitPlaces } from "../pure/fault-words.ts";
import { icon } from "./icons.ts";

/** What is wrong with the hub, with what to do about it and where: each place in a line of its own. */
export function faultBanner({ what, advice, places = [] }: Fault): TemplateResult {
  const { first, more } = splitPlaces(places);
  return html`<div class="banner fault" role="alert">${icon("warn")}<div>
    <p><strong>${told(what)}.</strong> ${told(advice)}</p>
    ${first.length > 0 ? renderPlaces(first) : nothing}
    ${more.length > 0 ? html`<details><summary>${tn(more.length, "{count} more", "{count} more")}</summary>${renderPlaces(more)}</details>` : nothing}
  </div></div>`;
}

function renderPlaces(places: readonly FaultPlace[]) {
  return html`<ul>${places.map(({ file, words }) => html`<li>${file ? html`<code>${file}</code> ` : nothing}${words}</li>`)}</ul>`;
}

/** Styles of {@link faultBanner}. */
export const faultStyles = css`
  .fault {
    align-items: start;
    max-height: 40vh;
    overflow: auto;
  }
  .fault > div {
    min-width: 0;
  }
  .fault ul {
    list-style: none;
  }
  .fault li {
    margin-top: 4px;
    overflow-wrap: anywhere;
  }
  .fault code {
    font-weight: 600;
  }
  .fault summary {
    min-height: var(--dw-touch, 40px);
    align-content: center;
    cursor: pointer;
  }
`;
