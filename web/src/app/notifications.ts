import { call } from "../api.ts";
import { t } from "../language/t.ts";

/** A browser that takes notifications for this person. */
export interface Notified {
  readonly id: string;
  readonly name: string;
  readonly addedMs: number;
  readonly takenMs?: number;
  readonly failed?: string;
}

/** GET `/api/v1/push`. */
export interface PushState {
  readonly available: boolean;
  readonly key: string;
  readonly subscriptions: readonly Notified[];
}

const wantedKey = "dw-notifications";
const idKey = "dw-notifications-id";

/** True where this browser can take notifications at all. */
export function canNotify(): boolean {
  return window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window;
}

/** Follows a notification that was tapped into the open page. */
export function followNotifications(): void {
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    const path: unknown = data?.open;
    if (typeof path === "string" && path.startsWith("/#/")) location.hash = path.slice(1);
  });
}

/** The browser may have another address for notifications by now: the hub is told it at each opening. */
export async function renewNotifications(): Promise<void> {
  if (!canNotify() || Notification.permission !== "granted" || localStorage.getItem(wantedKey) === null) return;
  await subscribe(localStorage.getItem(wantedKey) ?? t("Browser")).catch(() => {}); // The settings say what is wrong.
}

/** Asks the person, the browser and the hub; throws with a sentence when one of them says no. */
export async function subscribe(name: string): Promise<Notified> {
  const state = await call<PushState>("GET", "/api/v1/push");
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Error(
      t("This browser does not let the page notify you: allow notifications in its settings of this site."),
    );
  }
  const worker = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: state.key };
  const subscription = await worker.pushManager.subscribe(options).catch(async (error: unknown) => {
    // One with a key of an earlier hub stands in the way.
    const old = await worker.pushManager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return worker.pushManager.subscribe(options);
  });
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh, auth } = keys ?? {};
  const added = await call<Notified>("POST", "/api/v1/push", { body: { endpoint, keys: { p256dh, auth }, name } });
  localStorage.setItem(wantedKey, name);
  localStorage.setItem(idKey, added.id);
  return added;
}

/** Whether that is this browser. */
export function isOwn({ id }: Pick<Notified, "id">): boolean {
  return localStorage.getItem(idKey) === id;
}

/** This browser takes none any more. */
export async function unsubscribe(): Promise<void> {
  localStorage.removeItem(wantedKey);
  localStorage.removeItem(idKey);
  const worker = canNotify() ? await navigator.serviceWorker.getRegistration() : undefined;
  await (await worker?.pushManager.getSubscription())?.unsubscribe();
}
