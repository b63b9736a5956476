import js from "@eslint/js";
import globals from "globals";

const { browser, node, serviceworker, worker } = globals;

export default [
  js.configs.recommended,
  { rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" } },
  { files: ["notation.js", "progress.js"], languageOptions: { sourceType: "script", globals: browser } },
  // build.mjs puts the worker's address in the place of WORKER.
  { files: ["live/*.js"], languageOptions: { globals: { ...browser, MathJax: "readonly", WORKER: "readonly" } } },
  { files: ["live/*worker.js"], languageOptions: { globals: { ...worker, ...serviceworker } } },
  { files: ["*.mjs"], languageOptions: { globals: node } },
];
