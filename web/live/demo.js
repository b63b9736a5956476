// A demo on the page: native controls, drawn at build time, that the tested Python answers.
let style; // One for all pictures: with one in each, every redraw would restyle the whole page.

export class Demo {
  constructor(figure, python) {
    Object.assign(this, { figure, python, name: figure.dataset.demo, form: figure.querySelector("form"), queue: [] });
    for (const part of ["status", "picture", "words", "link"]) this[part] = figure.querySelector(`.bp-${part}`);
    style ??= document.head.appendChild(this.picture.querySelector("style"));
    this.words.setAttribute("aria-live", "polite");
    this.form.querySelector("fieldset").disabled = false;
    this.form.onsubmit = (event) => event.preventDefault();
    this.form.oninput = ({ target }) => this.touched(target);
    // No value is returned here: `false` would undo what the key or click does by itself.
    this.form.onclick = ({ target }) => void (target.type === "button" && this.pressed(target));
    this.picture.onclick = (event) => this.picked(event);
    this.picture.onkeydown = (event) => void (["Enter", " "].includes(event.key) && this.picked(event));
    this.link.onclick = (event) => {
      event.preventDefault();
      history.replaceState(history.state, "", this.link.href);
      navigator.clipboard?.writeText(this.link.href).catch(() => {});
      this.status.textContent = "The address of this page now leads to this state.";
    };
    // In another notation the same numbers have other letters.
    document.addEventListener("notation", ({ detail }) => this.edition && figure.isConnected && this.ask({ action: "letters", notation: detail }));
    const { hash, search } = location;
    if (hash === `#demo-${this.name}` && search) this.open(search.slice(1));
  }

  // In the state that a link's query names.
  open(query) {
    this.query = query;
    this.edition = undefined;
    this.send();
  }

  touched(field) {
    const value = { checkbox: field.checked, range: field.valueAsNumber }[field.type] ?? field.value;
    if (field.type === "range") field.nextElementSibling.value = field.value;
    // Of a drag only the latest position counts.
    const last = this.queue.at(-1);
    if (last?.action === "set" && last.name === field.name) last.value = value;
    else this.ask({ action: "set", name: field.name, value });
  }

  pressed({ name, dataset }) {
    if (dataset.action === "play") return this.timer ? this.pause() : this.play();
    if (dataset.action === "stop") return this.stop();
    if (name) return this.ask({ action: "set", name, value: (dataset.pressed = Number(dataset.pressed) + 1) });
    if (dataset.action !== "advance") this.pause();
    this.ask({ action: dataset.action });
  }

  // A part of the picture that sets a control.
  picked(event) {
    const { control, value } = event.target.closest("[data-control]")?.dataset ?? {};
    if (!control) return;
    event.preventDefault();
    const field = this.form.elements.namedItem(control);
    if (field.type === "button") return field.click();
    if (field.type === "checkbox") field.checked = value.toLowerCase() === "true";
    else field.value = value;
    this.touched(field);
  }

  ask(message) {
    this.queue.push(message);
    this.send();
  }

  async send() {
    if (this.busy) return;
    this.busy = true;
    this.words.ariaBusy = "true";
    try {
      await this.python.start();
      while (this.queue.length || this.edition !== this.python.edition) {
        // A Python that was started anew does not know the demo's state.
        const known = this.edition === this.python.edition;
        const opening = { action: "open", query: this.query, notation: document.documentElement.dataset.notation };
        const message = { demo: this.name, ...(known ? this.queue.shift() : opening) };
        this.edition = this.python.edition;
        const answer = await this.python.ask("demo", { message });
        if (answer.error) this.status.textContent = answer.error;
        else this.show(answer);
        if (answer.end || answer.error) this.pause();
      }
    } catch (error) {
      this.pause();
      this.queue = [];
      this.status.textContent = `${error.message}. The demo shows what it showed last.`;
    }
    this.words.ariaBusy = "false";
    this.busy = false;
  }

  show({ svg, text, numbers, state, query }) {
    const box = this.picture.firstElementChild;
    const { control, value } = (box.contains(document.activeElement) && document.activeElement.dataset) || {};
    box.innerHTML = svg.replace(/<style>[^]*?<\/style>/, "");
    if (control) box.querySelector(`[data-control="${control}"][data-value="${CSS.escape(value)}"]`)?.focus();
    this.words.textContent = text;
    this.status.textContent = "";
    this.link.href = `${location.pathname}${query && "?"}${query}#demo-${this.name}`;
    this.query = this.shown = query;
    this.figure.numbers = numbers;
    this.figure.dataset.live = "";
    if (this.queue.length) return; // the reader has moved on: leave the controls alone
    for (const [name, value] of Object.entries(state)) {
      const field = this.form.elements.namedItem(name);
      if (field.type === "checkbox") field.checked = value;
      else if (field.type === "button") field.dataset.pressed = value;
      else if (field.value !== String(value)) field.value = value;
      if (field.type === "range") field.nextElementSibling.value = field.value;
    }
  }

  play() {
    const step = () => this.queue.length || this.ask({ action: "advance" });
    this.timer = setInterval(step, 1000 / this.figure.dataset.pace);
    this.form.querySelector("[data-action=play]").textContent = "Pause";
  }

  // Ends what Python computes, with Python; the next touch starts it anew where the picture stands.
  stop() {
    this.pause();
    this.queue = [];
    if (!this.python.waiting.size) return;
    this.query = this.shown ?? "";
    this.python.stop("Stopped");
  }

  pause() {
    if (this.timer) this.form.querySelector("[data-action=play]").textContent = "Play";
    this.timer = clearInterval(this.timer);
  }
}
