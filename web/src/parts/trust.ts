import { css, html, nothing, type TemplateResult } from "lit";
import type { Session } from "../api.ts";
import { t } from "../language/t.ts";
import { at } from "../net/at.ts";
import { icon } from "./icons.ts";

/** How to make this machine, or a phone, trust the hub's certificate; in the words of the system at hand. */
export function trustSteps(session: Session | undefined): TemplateResult {
  const [system, steps] = stepsFor(navigator.userAgent);
  return html`
    <ol class="trust">
      <li><a class="button" href=${at("/ca.crt")} download="doorward-ca.crt">${icon("download")}${t("Download the certificate")}</a></li>
      ${steps.map((step) => html`<li>${step}</li>`)}
      ${session?.httpsUrl ? html`<li>${t("From then on use")} <a href=${session.httpsUrl}>${session.httpsUrl}</a></li>` : nothing}
    </ol>
    <p class="muted small">${t("These are the steps for {system}. For a phone, point its camera here:", { system })}</p>
    <img class="qr" src=${at("/ca.svg")} width="160" height="160" alt=${t("QR code of the certificate's address")} />
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
      t("iPhone and iPad"),
      [
        t("Settings, Profile downloaded, Install"),
        t("Settings, General, About, Certificate Trust Settings: switch Doorward on"),
      ],
    ];
  }
  if (/Android/.test(userAgent)) {
    return [
      t("Android"),
      [t("Settings, Security, More, Install a certificate, CA certificate"), t("Choose the file doorward-ca.crt")],
    ];
  }
  if (/Macintosh/.test(userAgent)) {
    return [
      t("the Mac"),
      [t("Open the file; Keychain Access adds it"), t("Double-click Doorward there, open Trust, choose Always Trust")],
    ];
  }
  if (/Windows/.test(userAgent)) {
    return [
      t("Windows"),
      [t("Open the file, Install Certificate, Current User"), t("Place it in Trusted Root Certification Authorities")],
    ];
  }
  return [
    t("this browser"),
    [
      t("Open the browser's settings and search for “certificates”"),
      t("Authorities, Import, choose doorward-ca.crt, trust it for websites"),
    ],
  ];
}
