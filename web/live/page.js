// Makes a page live: its demos at the first touch, its code cells when the reader asks for it.
import { Demo } from "./demo.js";
import { Python } from "./python.js";
import { Status } from "./status.js";

const able = typeof Worker === "function" && typeof WebAssembly === "object" && typeof DecompressionStream === "function";
const status = new Status();
const python = new Python(status);

function adopt(root) {
  return [...root.querySelectorAll("figure[data-demo] form")].map((form) => new Demo(form.closest("figure"), python));
}

// Python may be fetched ahead where that costs the reader nothing, and only for one who reads on.
function fetchAhead(demos) {
  const { saveData, effectiveType, type } = navigator.connection ?? { saveData: true };
  if (saveData || effectiveType !== "4g" || type === "cellular") return;
  const seen = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
      seen.unobserve(target);
      requestIdleCallback(() => demos.find((demo) => demo.figure === target).send());
    }
  });
  addEventListener("scroll", () => demos.forEach(({ figure }) => seen.observe(figure)), { once: true });
}

function offerCells() {
  const data = document.getElementById("bp-cells");
  if (!data) return;
  const bar = document.createElement("div");
  bar.className = "bp-live-bar";
  bar.innerHTML = '<button type="button">Run this page live</button>';
  document.querySelector("article h1").after(bar);
  bar.firstChild.addEventListener("click", async ({ target }) => {
    target.disabled = true;
    python.start();
    const { Cells } = await import("./cells.js");
    new Cells(JSON.parse(data.textContent), bar, python, status, adopt);
  });
}

if (able) {
  fetchAhead(adopt(document));
  offerCells();
} else {
  for (const place of document.querySelectorAll(".bp-demo .bp-status"))
    place.textContent = "This browser cannot run Python (it lacks WebAssembly or workers), so the demo stays in its first state.";
}
