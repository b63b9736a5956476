// The page "Is my gradient right?": what the reader pastes goes to the tested Python, which says right, or which mistake.
const element = (tag, textContent, className = "") => Object.assign(document.createElement(tag), { textContent, className });
const KEY = "gradient"; // what was pasted stays here over a reload

export class Gradient {
  constructor(form, python) {
    Object.assign(this, { form, python });
    this.status = form.querySelector(".bp-status");
    this.mark = form.querySelector(".bp-mark");
    this.stopper = form.querySelector("[data-action=stop]");
    this.stopper.onclick = () => python.stop("Stopped");
    form.querySelector("fieldset").disabled = false;
    try {
      for (const [name, value] of Object.entries(JSON.parse(localStorage.getItem(KEY)) ?? {})) if (form.elements[name]) form.elements[name].value = value;
    } catch { /* nothing is kept, or it may not be */ }
    form.oninput = () => { try { localStorage.setItem(KEY, JSON.stringify(this.pasted())); } catch { /* as above */ } };
    form.onsubmit = (event) => { event.preventDefault(); this.check(); };
  }

  pasted() {
    return Object.fromEntries(new FormData(this.form));
  }

  async check() {
    if (this.form.ariaBusy === "true") return;
    const { l2, ...rest } = this.pasted();
    this.form.ariaBusy = "true";
    this.stopper.hidden = false;
    this.status.textContent = "Comparing …";
    try {
      const message = { ...rest, l2: Number(l2), notation: document.documentElement.dataset.notation };
      if (!(message.l2 >= 0)) throw new Error(`λ of L2: expected a number such as 0.01, got ${l2}`);
      this.show(await this.python.ask("gradient", { message }));
      this.status.textContent = "";
    } catch (error) {
      this.mark.replaceChildren();
      this.status.textContent = `${error.message.replace(/\.?$/, ".")} What you pasted is still here.`;
    }
    this.stopper.hidden = true;
    this.form.ariaBusy = "false";
  }

  show({ error, state, message, rows, mistakes }) {
    this.form.dataset.state = error ? "unreadable" : state;
    if (error) return this.mark.replaceChildren(element("p", `? ${error}`));
    const parts = [element("p", `${state === "right" ? "✓" : "✗"} ${message}`)];
    if (mistakes.length) {
      const list = element("ul", "");
      for (const [bug, sentence] of mistakes) {
        const item = list.appendChild(element("li", `${sentence} `));
        if (bug) item.append(Object.assign(element("a", "The bug clinic explains it."), { href: new URL("chapters/06-clinic.html", window.progress.root) }));
      }
      parts.push(element("p", mistakes.length > 1 ? "Each of these makes exactly your numbers:" : "This makes exactly your numbers:"), list);
    } else if (state === "wrong") parts.push(element("p", "No mistake that we know makes exactly these numbers."));
    this.mark.replaceChildren(...parts, element("pre", rows));
  }
}
