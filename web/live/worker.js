// The page's Python: Pyodide in a worker of its own, so that the page stays free while it computes.
import { loadPyodide } from "pyodide";
import files from "pyodide-files"; // sizes and digests, from tools/pyodide.py
import { packages } from "pyodide-lock";

const FOLDER = new URL("../pyodide/", self.location).href;
const SITE = "/lib/python3.12/site-packages";
const FIRST = ["numpy", "backprop"];
// Fetched when a cell first imports it. Other packages lie there for JupyterLite: the page has no widgets.
const LATER = "matplotlib";
const CORE = ["pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"];
// The digest makes an address whose content never changes.
const address = (name) => `${FOLDER}${name}?${files[name].sha256.slice(0, 16)}`;
const say = (message) => self.postMessage(message);
const failed = (error) => say({ kind: "failed", error: String(error.message ?? error) });

// What was fetched stays in the reader's browser; where that is forbidden or full, nothing is kept.
const cache = (async () => self.caches.open("backprop-pyodide"))().catch(() => undefined);
const keep = async (name, response) => (await cache)?.put(address(name), response).catch(() => {});

const progress = { kind: "progress", done: 0, total: 0 };
function count(bytes, total) {
  progress.done += bytes;
  progress.total += total;
  say(progress);
}

// Firefox and WebKit run no script, and no browser streams into WebAssembly, without its type.
const TYPES = { js: "text/javascript", wasm: "application/wasm" };

// Half a file is an error: it is neither used nor kept.
function whole(file, stream, arrived) {
  let missing = files[file].bytes;
  const { readable, writable } = new TransformStream({
    transform(chunk, controller) {
      missing -= chunk.length;
      arrived(chunk.length);
      controller.enqueue(chunk);
    },
    flush() {
      if (missing) throw new Error();
    },
  });
  // Pyodide would wait for ever.
  stream.pipeTo(writable).catch(() => failed(`only a part of ${file} arrived`));
  return readable;
}

// One file, from the reader's cache or else from the host, as a Response that streams.
const hostFetch = self.fetch.bind(self);
async function get(name) {
  const packed = `${name}.gzip` in files;
  const file = packed ? `${name}.gzip` : name;
  const kept = await cache;
  let { body } = (await kept?.match(address(file)).catch(() => undefined)) ?? {};
  if (!body) {
    count(0, files[file].bytes);
    const response = await hostFetch(address(file));
    if (!response.ok) throw new Error(`${file}: the host answered ${response.status}`);
    body = whole(file, response.body, (bytes) => count(bytes, 0));
    if (kept) {
      const [used, stored] = body.tee();
      keep(file, new Response(stored));
      body = used;
    }
  }
  if (packed) body = body.pipeThrough(new DecompressionStream("gzip"));
  const type = TYPES[name.split(".").pop()] ?? "application/octet-stream";
  return new Response(body, { headers: { "Content-Type": type } });
}

// Pyodide asks for its files by name: they come from here, the first ones asked for all at once.
const early = new Map([...CORE, ...FIRST.map((name) => packages[name].file_name)].map((name) => [name, get(name)]));
self.fetch = (request, options) => {
  const name = String(request.url ?? request).replace(FOLDER, "");
  return name in files ? (early.get(name) ?? get(name)) : hostFetch(request, options);
};

// An import cannot wait for a promise: what a cell imports later is fetched in one go.
function fetchNow(pyodide, name) {
  const { depends, file_name } = packages[name];
  for (const other of depends) fetchNow(pyodide, other);
  if (name in pyodide.loadedPackages) return;
  say({ kind: "progress", what: name, total: files[file_name].bytes });
  const request = new XMLHttpRequest();
  request.open("GET", address(file_name), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${file_name}: the host answered ${request.status}`);
  if (request.response.byteLength !== files[file_name].bytes) throw new Error(`only a part of ${file_name} arrived`);
  pyodide.unpackArchive(request.response, "wheel", { extractDir: SITE });
  pyodide.loadedPackages[name] = file_name;
  keep(file_name, new Response(request.response));
}

async function start() {
  self.importScripts(URL.createObjectURL(await (await self.fetch(`${FOLDER}pyodide.asm.js`)).blob()));
  const pyodide = await loadPyodide({ indexURL: FOLDER, packages: FIRST });
  const needed = (name) => [name, ...packages[name].depends.flatMap(needed)];
  const modules = Object.fromEntries(needed(LATER).flatMap((name) => packages[name].imports.map((module) => [module, name])));
  const cells = pyodide.pyimport("backprop.demos.cells");
  cells.prepare(pyodide.toPy(modules), (name) => fetchNow(pyodide, name));
  const desk = pyodide.pyimport("backprop.demos.page").Desk();
  const exercises = () => pyodide.pyimport("backprop.exercises.page");
  forget(await cache);
  return { pyodide, cells, desk, exercises };
}

// Only the files of this edition are kept.
async function forget(kept) {
  const current = new Set(Object.keys(files).map(address));
  for (const { url } of (await kept?.keys()) ?? []) if (!current.has(url)) kept.delete(url);
}

const plain = (value) => value?.toJs?.({ dict_converter: Object.fromEntries }) ?? value;
const actions = {
  cell: ({ cells }, { source, name }, emit) => cells.run(source, name, (kind, value) => emit(kind, plain(value))),
  demo: ({ desk, pyodide }, { message }) => plain(desk.handle(pyodide.toPy(message))),
  exercise: ({ exercises, pyodide }, { message }) => plain(exercises().handle(pyodide.toPy(message))),
};
const ready = start();
ready.then(() => say({ kind: "ready" }), failed);
for (const file of early.values()) file.catch(failed); // Pyodide would wait for ever
self.onmessage = async ({ data: { id, action, ...rest } }) => {
  try {
    const emit = (output, value) => say({ kind: "output", id, output, value });
    say({ kind: "done", id, value: actions[action](await ready, rest, emit) });
  } catch (error) {
    say({ kind: "done", id, error: String(error.message ?? error) });
  }
};
