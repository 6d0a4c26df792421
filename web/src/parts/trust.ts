import { css, html, nothing, type TemplateResult } from "lit";
import type { Session } from "../api.ts";
import { at } from "../net/at.ts";
import { icon } from "./icons.ts";

/** How to make this machine, or a phone, trust the hub's certificate; in the words of the system at hand. */
export function trustSteps(session: Session | undefined): TemplateResult {
  const [system, steps] = stepsFor(navigator.userAgent);
  return html`
    <ol class="trust">
      <li><a class="button" href=${at("/ca.crt")} download="doorward-ca.crt">${icon("download")}Download the certificate</a></li>
      ${steps.map((step) => html`<li>${step}</li>`)}
      ${session?.httpsUrl ? html`<li>From then on use <a href=${session.httpsUrl}>${session.httpsUrl}</a></li>` : nothing}
    </ol>
    <p class="muted small">These are the steps for ${system}. For a phone, point its camera here:</p>
    <img class="qr" src=${at("/ca.svg")} width="160" height="160" alt="QR code of the certificate's address" />
  `;
}

/** Styles of {@link trustSteps}. */
export const trustStyles = css`
  .trust {
    display: grid;
    gap: 8px;
    padding-left: 24px;
  }
  .trust li::marker {
    color: var(--dw-muted);
  }
  .qr {
    display: block;
    background: #fff;
    border-radius: var(--dw-radius);
    padding: 8px;
    border: 1px solid var(--dw-line);
  }
`;

function stepsFor(userAgent: string): [string, readonly string[]] {
  if (/iPhone|iPad/.test(userAgent)) {
    return [
      "iPhone and iPad",
      [
        "Settings, Profile downloaded, Install",
        "Settings, General, About, Certificate Trust Settings: switch Doorward on",
      ],
    ];
  }
  if (/Android/.test(userAgent)) {
    return [
      "Android",
      ["Settings, Security, More, Install a certificate, CA certificate", "Choose the file doorward-ca.crt"],
    ];
  }
  if (/Macintosh/.test(userAgent)) {
    return [
      "the Mac",
      ["Open the file; Keychain Access adds it", "Double-click Doorward there, open Trust, choose Always Trust"],
    ];
  }
  if (/Windows/.test(userAgent)) {
    return [
      "Windows",
      ["Open the file, Install Certificate, Current User", "Place it in Trusted Root Certification Authorities"],
    ];
  }
  return [
    "this browser",
    [
      "Open the browser's settings and search for “certificates”",
      "Authorities, Import, choose doorward-ca.crt, trust it for websites",
    ],
  ];
}
