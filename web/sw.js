// The service worker of the installed page. It keeps no page, script or answer of the hub: whatever can be had is had from the
// hub, so that an old page never meets a new hub. It keeps only what says that the hub does not answer.
const cacheName = "doorward-%BUILD%";
// Below where the hub stands on this site: the root, or where a proxy shows it.
const at = (path) => new URL(path, self.registration.scope).pathname;
const kept = ["offline.html", "offline.css", "offline.js", "icon.svg"].map(at);

self.addEventListener("install", (event) => {
  const fresh = kept.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(
    caches
      .open(cacheName)
      .then((cache) => cache.addAll(fresh))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name !== cacheName));
  event.waitUntil(
    old.then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = request.mode === "navigate" ? at("offline.html") : new URL(request.url).pathname;
  if (request.method !== "GET" || !kept.includes(path)) return;
  event.respondWith(fetch(request).catch(() => caches.match(path, { cacheName })));
});

// Each message of the hub shows a notification: browsers ask for that. All about one call replace each other.
self.addEventListener("push", (event) => {
  const { type, call, title, text, untilMs } = event.data?.json() ?? {};
  const rings = type === "ring" && Date.now() < untilMs;
  const shown = self.registration.showNotification(title ?? "Doorward", {
    body: type === "ring" && !rings ? "missed call" : (text ?? ""),
    tag: call ?? "doorward",
    icon: at("icon-192.png"),
    data: { call, rings },
    renotify: rings,
    requireInteraction: rings,
    vibrate: rings ? [300, 150, 300, 150, 300] : undefined,
    actions: rings ? [{ action: "answer", title: "Answer" }] : [],
  });
  // The visitor hears a ringing tone once somebody's device rings.
  const told = rings && shown.then(() => confirm(call));
  event.waitUntil(Promise.all([shown, told]));
});

function confirm(call) {
  const path = `api/v1/calls/${encodeURIComponent(call)}/confirm`;
  return fetch(at(path), { method: "POST", headers: { "x-doorward": "1" }, credentials: "same-origin" }).catch(
    () => {},
  );
}

// One tap leads to the call: into the page that is open, or a new one.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { call } = event.notification.data ?? {};
  const path = call ? `/#/call/${encodeURIComponent(call)}${event.action === "answer" ? "?answer" : ""}` : "/#/calls";
  event.waitUntil(open(path));
});

async function open(path) {
  const pages = await self.clients.matchAll({ type: "window" });
  const page = pages.find(({ url }) => new URL(url).pathname === at("."));
  if (!page) return self.clients.openWindow(at(".") + path.slice(1));
  await page.focus();
  page.postMessage({ open: path });
}
