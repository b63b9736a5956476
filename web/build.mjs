// Bundles what the pages load into _build/vendor/live, and the service worker into the site's root.
// A bundle is called by its digest, so that a browser never takes an old one.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = fileURLToPath(new URL(".", import.meta.url));
const vendor = join(web, "..", "_build", "vendor");
const live = join(vendor, "live");
const common = {
  bundle: true,
  minify: true,
  target: ["es2022"],
  legalComments: "linked",
  logLevel: "warning",
};

rmSync(live, { recursive: true, force: true });
const worker = await build({
  ...common,
  entryPoints: [join(web, "live", "worker.js")],
  outdir: live,
  entryNames: "[name]-[hash]",
  format: "iife",
  external: ["node:*", "ws"],
  alias: {
    "pyodide-files": join(vendor, "pyodide", "files.json"),
    "pyodide-lock": join(vendor, "pyodide", "pyodide-lock.json"),
  },
  metafile: true,
});
const name = Object.keys(worker.metafile.outputs).map((path) => path.split("/").pop()).find((path) => path.endsWith(".js"));
await build({
  ...common,
  entryPoints: [join(web, "live", "page.js")],
  outdir: live,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  format: "esm",
  splitting: true,
  define: { WORKER: JSON.stringify(name) },
});
await build({ ...common, entryPoints: [join(web, "live", "service-worker.js")], outdir: vendor, format: "iife" });
