import { at } from "../net/at.ts";

/** The one script that the page loads by its address: Trusted Types let no other through. */
const workerUrl = at("/sw.js");

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/**
 * Makes the page one that can be installed, and that says so when the hub does not answer. Where the browser has no service
 * workers, or does not trust the certificate, it goes on without.
 */
export function install(): void {
  if (!window.isSecureContext || !("serviceWorker" in navigator)) return;
  const { trustedTypes } = window as unknown as { readonly trustedTypes?: TrustedTypes };
  const createScriptURL = (url: string) => {
    if (url !== workerUrl) throw new TypeError(`not a script of this page: ${url}`);
    return url;
  };
  const url = trustedTypes?.createPolicy("doorward", { createScriptURL }).createScriptURL(workerUrl) ?? workerUrl;
  navigator.serviceWorker.register(url).catch(() => {}); // Browsers refuse it under a certificate that they do not trust.
}

/** Whether the hub has another page by now than the one that runs here; false when it does not answer. */
export async function isOutdated(): Promise<boolean> {
  const own = document.querySelector<HTMLScriptElement>('script[type="module"]');
  if (!own) return false;
  try {
    const response = await fetch(at("/"), { cache: "no-store", credentials: "same-origin" });
    const text = await response.text();
    return response.ok && text.includes("<dw-app>") && !text.includes(new URL(own.src).pathname);
  } catch {
    return false;
  }
}
