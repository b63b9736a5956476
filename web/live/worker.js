// The page's Python: Pyodide in a worker of its own, so that the page stays free while it computes.
import { loadPyodide } from "pyodide";
import files from "pyodide-files"; // sizes and digests, from tools/pyodide.py
import lock from "pyodide-lock";

const FOLDER = new URL("../pyodide/", self.location).href;
const CACHE = "backprop-pyodide";
const FIRST = ["numpy", "backprop"];
const SITE = "/lib/python3.12/site-packages";
const say = (message) => self.postMessage(message);

// What the two large files are called where they stand compressed.
const stored = (name) => (files[`${name}.gzip`] ? `${name}.gzip` : name);
// The digest makes an address whose content never changes.
const address = (name) => `${FOLDER}${name}?${files[name].sha256.slice(0, 16)}`;

const progress = { done: 0, total: 0 };
function count(bytes, total = 0) {
  progress.done += bytes;
  progress.total += total;
  say({ kind: "progress", ...progress });
}

// One file, from the reader's cache or else from the host, as a Response that streams.
async function get(name) {
  const file = stored(name);
  const cache = await self.caches?.open(CACHE).catch(() => undefined);
  let response = await cache?.match(address(file));
  if (!response) {
    count(0, files[file].bytes);
    response = await hostFetch(address(file));
    if (!response.ok) throw new Error(`${file}: the host answered ${response.status}`);
    cache?.put(address(file), response.clone()).catch(() => {});
    const counted = new TransformStream({
      transform(chunk, next) {
        count(chunk.length);
        next.enqueue(chunk);
      },
    });
    response = new Response(response.body.pipeThrough(counted));
  }
  const body = file === name ? response.body : response.body.pipeThrough(new DecompressionStream("gzip"));
  const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
  return new Response(body, { headers: { "Content-Type": type } });
}

// Pyodide asks for its files by name: they come from here, all asked for at once.
const hostFetch = self.fetch.bind(self);
const early = new Map();
for (const name of ["pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", ...FIRST.map((p) => lock.packages[p].file_name)])
  early.set(name, get(name));
self.fetch = (request, options) => {
  const url = String(request.url ?? request);
  const name = url.slice(FOLDER.length);
  if (!url.startsWith(FOLDER) || !(name in files)) return hostFetch(request, options);
  const response = early.get(name) ?? get(name);
  early.delete(name);
  return response;
};

// An import cannot wait for a promise: what a cell imports later is fetched in one go.
function fetchNow(pyodide, name) {
  const { depends, file_name } = lock.packages[name];
  for (const other of depends) fetchNow(pyodide, other);
  if (name in pyodide.loadedPackages) return;
  say({ kind: "progress", what: name, done: 0, total: files[file_name].bytes });
  const request = new XMLHttpRequest();
  request.open("GET", address(file_name), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${file_name}: the host answered ${request.status}`);
  pyodide.unpackArchive(request.response, "wheel", { extractDir: SITE });
  pyodide.loadedPackages[name] = file_name;
  const kept = new Response(request.response);
  self.caches?.open(CACHE).then((cache) => cache.put(address(file_name), kept)).catch(() => {});
}

async function start() {
  const script = URL.createObjectURL(await (await self.fetch(`${FOLDER}pyodide.asm.js`)).blob());
  self.importScripts(script);
  const pyodide = await loadPyodide({ indexURL: FOLDER, packages: FIRST });
  const modules = {};
  for (const [name, { imports }] of Object.entries(lock.packages))
    if (!(name in pyodide.loadedPackages)) for (const module of imports) modules[module] = name;
  const cells = pyodide.pyimport("backprop.demos.cells");
  const desk = pyodide.pyimport("backprop.demos.page").Desk();
  cells.prepare(pyodide.toPy(modules), (name) => fetchNow(pyodide, name));
  // Only the files of this edition are kept.
  const current = new Set(Object.keys(files).map(address));
  self.caches?.open(CACHE).then(async (cache) => {
    for (const { url } of await cache.keys()) if (!current.has(url)) cache.delete(url);
  }).catch(() => {});
  return { pyodide, cells, desk };
}

const plain = (value) => value?.toJs?.({ dict_converter: Object.fromEntries }) ?? value;
const actions = {
  cell: ({ cells }, { source, name }, emit) => cells.run(source, name, (kind, value) => emit(kind, plain(value))),
  demo: ({ desk, pyodide }, { message }) => plain(desk.handle(pyodide.toPy(message))),
};

const ready = start();
ready.then(() => say({ kind: "ready" }), (error) => say({ kind: "failed", error: String(error) }));
self.onmessage = async ({ data: { id, action, ...rest } }) => {
  const emit = (output, value) => say({ kind: "output", id, output, value });
  try {
    say({ kind: "done", id, value: actions[action](await ready, rest, emit) });
  } catch (error) {
    say({ kind: "done", id, error: String(error.message ?? error) });
  }
};
