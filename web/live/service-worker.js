// Keeps what a live page has fetched, so that the next visit needs no network.
const PAGES = "backprop-pages";
const { scope } = self.registration;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => event.waitUntil(keep(event.data.keep)));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  // JupyterLite has a service worker of its own.
  if (method !== "GET" || !url.startsWith(scope) || url.startsWith(`${scope}lite/`)) return;
  event.respondWith(url.startsWith(`${scope}pyodide/`) ? keptFirst(event.request) : hostFirst(event.request));
});

// Storage may be full or forbidden: then nothing is kept, and the host is asked.
const open = () => caches.open(PAGES).catch(() => undefined);

// What Python loads has its digest in the address: once kept, it never changes.
async function keptFirst(request) {
  return (await caches.match(request).catch(() => undefined)) ?? fetch(request);
}

// A page changes with each edition: the kept one is for when the host cannot be reached.
async function hostFirst(request) {
  const cache = await open();
  try {
    const response = await fetch(request);
    if (response.status === 200) cache?.put(request, response.clone()).catch(() => {});
    return response;
  } catch (error) {
    const kept = (await cache?.match(request)) ?? (await cache?.match(request, { ignoreSearch: true }));
    return kept ?? Promise.reject(error);
  }
}

async function keep(addresses) {
  const cache = await open();
  if (!cache) return;
  const ours = addresses.filter((url) => url.startsWith(scope) && !url.startsWith(`${scope}pyodide/`));
  await Promise.allSettled(ours.map(async (url) => (await cache.match(url)) ?? cache.add(url)));
}
