// The page's side of the worker: started once, asked in order, stopped by starting another.
import { progress, say, sentence } from "./status.js";

const WORKER_ADDRESS = new URL(WORKER, import.meta.url);

export class Python {
  waiting = new Map();
  asked = 0;
  edition = 0; // counts the workers: each knows nothing of the one before

  // Resolves when Python is ready.
  start() {
    if (this.worker) return this.ready;
    this.edition += 1;
    say("Starting Python");
    this.worker = new Worker(WORKER_ADDRESS);
    this.ready = new Promise((resolve, reject) => {
      const fail = (reason) => {
        say(`Python could not be started: ${sentence(reason)} The page stays as it is; touch a demo or run a cell to try again.`);
        this.stop(reason);
        reject(new Error(reason));
      };
      this.worker.onerror = ({ message }) => fail(message || "its program could not be fetched");
      this.worker.onmessage = ({ data }) => {
        if (data.kind === "progress") return progress(data);
        if (data.kind === "failed") return fail(data.error);
        if (data.kind !== "ready") return this.answered(data);
        say("Python is ready", true);
        keepForLater().catch(() => {});
        resolve();
      };
    });
    this.ready.catch(() => {}); // those who ask are told
    return this.ready;
  }

  async ask(action, message, emit) {
    await this.start();
    const id = ++this.asked;
    this.worker.postMessage({ id, action, ...message });
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject, emit }));
  }

  answered({ id, kind, output, value, error }) {
    const { resolve, reject, emit } = this.waiting.get(id);
    if (kind === "output") return emit(output, value);
    this.waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(value);
  }

  // Ends whatever runs, an endless loop too: the worker goes, and its variables with it.
  stop(reason) {
    if (this.worker) this.worker.onmessage = this.worker.onerror = null; // it may have spoken already
    this.worker?.terminate();
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
    this.waiting.clear();
  }
}

// The service worker keeps the page and all it loaded. Without one, as over http, in private windows or where
// storage is forbidden, the page works, but not offline.
async function keepForLater() {
  const workers = navigator.serviceWorker;
  await workers.register(new URL("../service-worker.js", import.meta.url));
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const keep = [location.href.split("#")[0], WORKER_ADDRESS.href, ...loaded];
  (await workers.ready).active.postMessage({ keep });
}
