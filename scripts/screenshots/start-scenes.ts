import { goodInvitation } from "../../test/e2e/page-server.ts";
import { type Scene, shown } from "./scene.ts";

/** Before somebody is in: set-up, log-in, an invitation. */
export const startScenes: readonly Scene[] = [
  { name: "setup-1-code", path: "/#/setup", server: () => ({ session: newHub() }), prepare: shown("dw-setup form") },
  {
    name: "setup-2-administrator",
    path: "/#/setup?code=ABCD-EFGH-JKLM",
    server: () => ({ session: newHub() }),
    prepare: shown("dw-setup form"),
  },
  {
    name: "setup-3-certificate",
    path: "/#/setup?code=ABCD-EFGH-JKLM",
    server: () => ({ session: newHub() }),
    prepare: async (page, server) => {
      if (server) server.session = { ...server.session, ...newHub() };
      await page.reload();
      await page.getByLabel("Your name").fill("Anna");
      await page.getByLabel("Password").fill("correct horse");
      await page.getByRole("button", { name: "Go on" }).click();
      await page.locator("dw-setup .qr").waitFor();
    },
  },
  { name: "login", path: "/", server: () => ({ session: { user: undefined } }), prepare: shown("dw-login form") },
  {
    name: "login-wrong",
    path: "/",
    server: () => ({ session: { user: undefined, secure: false, httpsUrl: "https://doorward.local:8443/" } }),
    prepare: async (page) => {
      await page.getByLabel("Name").fill("Anna");
      await page.getByLabel("Password").fill("wrong horse");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.locator("dw-login .wrong").waitFor();
    },
  },
  {
    name: "invited",
    path: `/#invite=${goodInvitation}`,
    server: () => ({ session: { user: undefined } }),
    prepare: shown("dw-invited form"),
  },
  {
    name: "invited-over",
    path: "/#invite=dwi_used",
    server: () => ({ session: { user: undefined } }),
    prepare: shown("dw-invited a, dw-invited button"),
  },
  { name: "offline", path: "/offline.html", server: () => ({}), prepare: shown("h1") },
];

function newHub() {
  return { setupNeeded: true, user: undefined, httpsUrl: "https://doorward.local:8443/" };
}
