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
  event.respondWith(url.startsWith(`${scope}pyodide/`) ? keptFirst(event.request) : hostFirst(event));
});

// Storage may be full or forbidden: then nothing is kept, and the host is asked.
const open = () => caches.open(PAGES).catch(() => undefined);

// What Python loads has its digest in the address: once kept, it never changes.
async function keptFirst(request) {
  return (await caches.match(request).catch(() => undefined)) ?? fetch(request);
}

// A page changes with each edition: the kept one is for when the host cannot be reached.
async function hostFirst(event) {
  const { request } = event;
  const cache = await open();
  try {
    const response = await fetch(request);
    if (cache && response.status === 200) event.waitUntil(store(cache, request, response.clone()).catch(() => {}));
    return response;
  } catch (error) {
    const kept = (await cache?.match(request)) ?? (await cache?.match(request, { ignoreSearch: true }));
    return kept ?? Promise.reject(error);
  }
}

// Whole or not at all: of a stream, Firefox keeps the beginning when the worker ends.
async function store(cache, request, response) {
  const { headers } = response;
  await cache.put(request, new Response(await response.blob(), { headers }));
}

async function keep(addresses) {
  const cache = await open();
  if (!cache) return;
  const ours = addresses.filter((url) => url.startsWith(scope) && !url.startsWith(`${scope}pyodide/`));
  await Promise.allSettled(ours.map(async (url) => (await cache.match(url)) ?? cache.add(url)));
}
