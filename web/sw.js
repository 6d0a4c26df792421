// The service worker of the installed page. It keeps no page, script or answer of the hub: whatever can be had is had from the
// hub, so that an old page never meets a new hub. It keeps only what says that the hub does not answer.
const cacheName = "doorward-%BUILD%";
const kept = ["/offline.html", "/offline.css", "/offline.js", "/icon.svg"];

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
  const path = request.mode === "navigate" ? "/offline.html" : new URL(request.url).pathname;
  if (request.method !== "GET" || !kept.includes(path)) return;
  event.respondWith(fetch(request).catch(() => caches.match(path, { cacheName })));
});
