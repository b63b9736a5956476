// One line at the foot of the window: what is being fetched, and how much of it is there.
const box = Object.assign(document.createElement("div"), { className: "bp-live-status", hidden: true });
// Screen readers hear the words, not each step of the bar.
box.innerHTML = '<span role="status"></span> <span aria-hidden="true"></span><progress aria-label="Fetching Python"></progress>';
const [words, amount, bar] = box.children;
document.body.append(box);
let timer;

// An error's message with one full stop.
export const sentence = (text) => `${String(text).replace(/[.\s]+$/, "")}.`;

// With `soon` it goes away by itself.
export function say(text, soon) {
  clearTimeout(timer);
  if (soon) timer = setTimeout(() => (box.hidden = true), 2500);
  words.textContent = text;
  amount.textContent = "";
  box.hidden = false;
  bar.hidden = true;
}

export function progress({ what, done, total }) {
  const mega = (bytes) => (bytes / 1e6).toFixed(1);
  if (what) say(`Fetching ${what}`, true);
  amount.textContent = what ? `(${mega(total)} MB)` : `(fetched ${mega(done)} of ${mega(total)} MB)`;
  Object.assign(bar, { hidden: Boolean(what), max: total, value: done ?? 0 });
}
