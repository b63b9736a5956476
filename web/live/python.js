// The page's side of the worker: started once, asked in order, stopped by starting another.
export class Python {
  constructor(status) {
    this.status = status;
    this.waiting = new Map();
    this.last = 0;
    this.edition = 0;
  }

  // Resolves when Python is ready.
  start() {
    if (this.worker) return this.ready;
    this.edition += 1;
    this.status.say("Starting Python");
    this.worker = new Worker(new URL(WORKER, import.meta.url));
    this.ready = new Promise((resolve, reject) => {
      const fail = (error) => {
        this.status.say(`Python could not be started: ${error}. The page stays as it is.`, true);
        this.stop(error);
        reject(new Error(error));
      };
      this.worker.onerror = (event) => fail(event.message || "the worker was not found");
      this.worker.onmessage = ({ data }) => {
        if (data.kind === "progress") this.status.progress(data);
        else if (data.kind === "failed") fail(data.error);
        else if (data.kind === "ready") {
          this.status.say("Python is ready", "soon");
          keepForLater();
          resolve();
        } else this.answer(data);
      };
    });
    this.ready.catch(() => {}); // those who ask are told
    return this.ready;
  }

  answer({ id, kind, output, value, error }) {
    const asked = this.waiting.get(id);
    if (kind === "output") return asked?.emit?.(output, value);
    this.waiting.delete(id);
    if (error) asked?.reject(new Error(error));
    else asked?.resolve(value);
  }

  async ask(action, message, emit) {
    await this.start();
    const id = ++this.last;
    this.worker.postMessage({ id, action, ...message });
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject, emit }));
  }

  // Ends whatever runs, an endless loop too: the worker goes, and its variables with it.
  stop(reason = "stopped") {
    this.worker?.terminate();
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
    this.waiting.clear();
  }
}

// The service worker keeps the page and all it loaded; without one the page works, but not offline.
async function keepForLater() {
  try {
    await navigator.serviceWorker.register(new URL("../service-worker.js", import.meta.url));
    const registration = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    const worker = new URL(WORKER, import.meta.url).href;
    registration.active.postMessage({ keep: [location.href.split("#")[0], worker, ...loaded] });
  } catch {
    // Not over https, or forbidden by the reader.
  }
}
