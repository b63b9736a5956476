// Makes a page live: its demos at the first touch, its code cells when the reader asks for it.
import { Demo } from "./demo.js";
import { Python } from "./python.js";

const python = new Python();
const adopt = (root) => {
  exercises(root);
  return [...root.querySelectorAll("figure[data-demo]:has(form)")].map((figure) => new Demo(figure, python));
};

async function exercises(root) {
  const sections = root.querySelectorAll("[data-exercise]");
  if (!sections.length) return;
  const { Exercise } = await import("./exercise.js");
  for (const section of sections) new Exercise(section, python);
}

// Python may be fetched ahead where that costs the reader nothing, and only for one who reads on.
function fetchAhead(demos) {
  const { saveData, effectiveType, type } = navigator.connection ?? { saveData: true };
  if (saveData || effectiveType !== "4g" || type === "cellular") return;
  const seen = new IntersectionObserver((entries) => {
    const inView = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target);
    for (const demo of demos.filter(({ figure }) => inView.includes(figure))) {
      seen.unobserve(demo.figure);
      // After a failure the reader decides when to try again.
      requestIdleCallback(() => python.edition || demo.send());
    }
  });
  addEventListener("scroll", () => demos.forEach(({ figure }) => seen.observe(figure)), { once: true });
}

function offerCells(data) {
  const bar = Object.assign(document.createElement("div"), { className: "bp-live-bar" });
  bar.innerHTML = '<button type="button">Run this page live</button>';
  document.querySelector("article h1").after(bar);
  bar.firstChild.onclick = async ({ target }) => {
    target.disabled = true;
    python.start();
    const { Cells } = await import("./cells.js");
    new Cells(JSON.parse(data.textContent), bar, python, adopt);
  };
}

const cells = document.getElementById("bp-cells");
if (window.Worker && window.WebAssembly && window.DecompressionStream) {
  fetchAhead(adopt(document));
  if (cells) offerCells(cells);
  const practice = document.getElementById("bp-practice");
  if (practice) import("./practice.js").then(({ Practice }) => new Practice(practice, python));
} else {
  window.cannotRun("This browser cannot run Python: it lacks WebAssembly, workers or decompression.");
}
