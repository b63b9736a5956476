// The book's Markdown as HTML: formulas go to MathJax as they stand, and so follow the reader's notation.
import { marked } from "marked";

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const math = (name, level, start, pattern, tag, open, close) => ({
  name, level, start: (text) => text.indexOf(start),
  tokenizer: (text) => { const found = pattern.exec(text); return found && { type: name, raw: found[0], tex: found[1] }; },
  renderer: ({ tex }) => `<${tag} class="math notranslate">${open}${escaped(tex)}${close}</${tag}>`,
});
marked.use({
  extensions: [
    math("display", "block", "$$", /^\$\$([^]+?)\$\$(?:\n|$)/, "div", "\\[", "\\]"),
    math("formula", "inline", "$", /^\$([^$]+?)\$/, "span", "\\(", "\\)"),
  ],
  renderer: { html: ({ text }) => escaped(text) }, // a verdict may quote what the reader typed
});

// Fill a place with Markdown; MathJax forgets the formulas that stood there.
export function write(place, text, line = false) {
  window.MathJax?.typesetClear?.([place]);
  place.innerHTML = line ? marked.parseInline(text) : marked.parse(text);
  return place;
}

export async function typeset(places) {
  if (!window.MathJax?.startup) return;
  await MathJax.startup.promise;
  await MathJax.typesetPromise(places);
}
