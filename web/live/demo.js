// A demo on the page: native controls, drawn at build time, that the tested Python answers.
let shared;

export class Demo {
  constructor(figure, python) {
    this.figure = figure;
    this.python = python;
    this.name = figure.dataset.demo;
    this.form = figure.querySelector("form");
    this.status = figure.querySelector(".bp-status");
    this.picture = figure.querySelector(".bp-picture");
    this.words = figure.querySelector(".bp-words");
    this.link = figure.querySelector(".bp-link");
    this.queue = [];
    this.words.setAttribute("aria-live", "polite");
    // One style for all pictures: with one in each, every redraw would restyle the whole page.
    const style = this.picture.querySelector("style");
    if (style && !document.head.contains(shared)) document.head.append((shared = style));
    figure.querySelector("fieldset").disabled = false;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", ({ target }) => this.touched(target));
    this.form.addEventListener("click", ({ target }) => this.clicked(target));
    this.picture.addEventListener("click", (event) => this.picked(event));
    this.picture.addEventListener("keydown", (event) => ["Enter", " "].includes(event.key) && this.picked(event));
    this.link.addEventListener("click", (event) => {
      event.preventDefault();
      history.replaceState(history.state, "", this.link.href);
      navigator.clipboard?.writeText(this.link.href).catch(() => {});
      this.status.textContent = "The address of this page now leads to this state.";
    });
    // In another notation the same numbers have other letters.
    document.addEventListener("notation", () => this.edition && this.open(this.query));
    const here = new URL(location.href);
    if (here.hash === `#demo-${this.name}` && here.search) this.open(here.search.slice(1));
  }

  // In the state that a link's query names.
  open(query = "") {
    this.query = query;
    this.edition = undefined;
    this.send();
  }

  touched(field) {
    if (!field.name) return;
    const value = field.type === "checkbox" ? field.checked : field.type === "range" ? field.valueAsNumber : field.value;
    if (field.type === "range") field.nextElementSibling.value = field.value;
    this.set(field.name, value);
  }

  clicked(button) {
    if (button.type !== "button") return;
    const { action, pressed } = button.dataset;
    if (action === "play") return this.playing ? this.pause() : this.play();
    if (action) {
      if (action !== "advance") this.pause();
      this.ask({ action });
    } else {
      button.dataset.pressed = Number(pressed) + 1;
      this.set(button.name, Number(pressed) + 1);
    }
  }

  // A part of the picture that sets a control.
  picked(event) {
    const part = event.target.closest("[data-control]");
    if (!part) return;
    event.preventDefault();
    const { control, value } = part.dataset;
    const field = this.form.elements[control];
    if (field.type === "button") return field.click();
    if (field.type === "checkbox") field.checked = value === "true" || value === "True";
    else field.value = value;
    this.touched(field);
  }

  set(name, value) {
    // Of a drag only the latest position counts.
    const last = this.queue.at(-1);
    if (last?.action === "set" && last.name === name) last.value = value;
    else this.ask({ action: "set", name, value });
  }

  ask(message) {
    this.queue.push(message);
    this.send();
  }

  // A Python that was started anew does not know the demo's state.
  opening() {
    this.edition = this.python.edition;
    return { action: "open", query: this.query ?? "", notation: document.documentElement.dataset.notation };
  }

  async send() {
    if (this.busy) return;
    this.busy = true;
    this.words.ariaBusy = "true";
    try {
      await this.python.start();
      while (this.queue.length || this.edition !== this.python.edition) {
        const message = this.edition === this.python.edition ? this.queue.shift() : this.opening();
        const answer = await this.python.ask("demo", { message: { demo: this.name, ...message } });
        if (answer.error) this.status.textContent = answer.error;
        else this.show(answer);
        if (answer.end || answer.error) this.pause();
      }
    } catch (error) {
      this.pause();
      this.status.textContent = `${error.message}. The demo shows what it showed last.`;
      this.queue = [];
    }
    this.words.ariaBusy = "false";
    this.busy = false;
  }

  show({ svg, text, numbers, state, query }) {
    const box = this.picture.firstElementChild;
    const focused = box.contains(document.activeElement) && document.activeElement.dataset;
    box.innerHTML = svg.replace(/<style>[^]*?<\/style>/, "");
    if (focused?.control)
      box.querySelector(`[data-control="${focused.control}"][data-value="${CSS.escape(focused.value)}"]`)?.focus();
    this.words.textContent = text;
    this.status.textContent = "";
    this.link.href = `${location.pathname}${query ? `?${query}` : ""}#demo-${this.name}`;
    this.query = query;
    this.figure.numbers = numbers;
    this.figure.dataset.live = "";
    if (this.queue.length) return; // the reader has moved on: leave the controls alone
    for (const [name, value] of Object.entries(state)) {
      const field = this.form.elements[name];
      if (field.type === "checkbox") field.checked = value;
      else if (field.type === "button") field.dataset.pressed = value;
      else if (String(field.value) !== String(value)) field.value = value;
      if (field.type === "range") field.nextElementSibling.value = field.value;
    }
  }

  play() {
    const step = () => this.queue.length || this.ask({ action: "advance" });
    this.playing = setInterval(step, 1000 / Number(this.figure.dataset.pace));
    this.form.querySelector("[data-action=play]").textContent = "Pause";
    step();
  }

  pause() {
    if (!this.playing) return;
    clearInterval(this.playing);
    this.playing = undefined;
    this.form.querySelector("[data-action=play]").textContent = "Play";
  }
}
