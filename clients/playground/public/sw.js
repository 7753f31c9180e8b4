// The service worker: the page opens without a network. It stores the document and the files that it names. Requests
// for data are not its business.
const name = 'page';

self.addEventListener('install', event => {
  self.skipWaiting();
  event.waitUntil(refresh());
});

self.addEventListener('activate', event => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', event => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  const scope = new URL(self.registration.scope).pathname;
  if (request.mode === 'navigate' && pathname === scope) event.respondWith(page(event));
  else if (request.method === 'GET' && pathname.startsWith(`${scope}assets/`)) event.respondWith(asset(request));
});

/** The document from the network, otherwise the stored one. */
async function page(event) {
  try {
    const response = await fetch(event.request);
    if (response.ok) event.waitUntil(store(response.clone()));
    return response;
  } catch {
    return (await caches.match('./')) || Response.error();
  }
}

/** The name of an asset changes with its content, so a stored one is never stale. */
async function asset(request) {
  return (await caches.match(request.url)) || fetch(request);
}

async function refresh() {
  await store(await fetch('./', { cache: 'no-cache' }));
}

/**
 * Stores the document with all files that it names, and those that its program loads later, and drops files of earlier
 * documents.
 */
async function store(response) {
  const text = await response.clone().text();
  const cache = await caches.open(name);
  const files = new Set(Array.from(text.matchAll(/(?:href|src)="(\.\/[^"]+)"/g), ([, file]) => file));
  // A program names its other parts beside itself. The set grows while they are read.
  for (const file of files) {
    await cache.add(file);
    if (!file.endsWith('.js')) continue;
    const code = await (await cache.match(file)).text();
    for (const [, part] of code.matchAll(/["'`]\.\/([\w-]+\.js)["'`]/g)) files.add(`./assets/${part}`);
  }
  await cache.put('./', response);
  const current = new Set([...files, './'].map(file => new URL(file, self.registration.scope).href));
  for (const stored of await cache.keys()) if (!current.has(stored.url)) await cache.delete(stored);
}
