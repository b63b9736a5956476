// The reader's own notation: sets every formula of the page in the letters of the chosen course.
// extensions/notation_switch.py writes NOTATIONS before it: {standard, macros: {name: MathJax macros}}.
/* global NOTATIONS, MathJax */
(() => {
  const { standard, macros } = NOTATIONS;
  const known = (name) => Object.hasOwn(macros, name ?? "");
  const page = document.documentElement;
  const select = document.querySelector("#bp-notation");
  const key = document.querySelector(".bp-key");

  // Without scripts formulas are plain TeX; here their letters are to be chosen.
  for (const formula of document.querySelectorAll("[data-tex]")) formula.lastChild.data = formula.dataset.tex;
  // A link's notation lasts as long as the window, a choice for good; where storage is forbidden, as long as the page.
  const storage = (use) => { try { return use(localStorage, sessionStorage); } catch { return null; } };
  const remembered = () => storage((own, lent) => lent.notation ?? own.notation);
  const remember = (name) => storage((own, lent) => delete lent.notation && (own.notation = name));
  const asked = new URLSearchParams(location.search).get("notation");
  let current = [asked, remembered(), standard].find(known);
  if (known(asked)) storage((own, lent) => (lent.notation = asked));

  // This script runs before MathJax starts, so the first paint is right already.
  if (window.MathJax?.tex) MathJax.tex.macros = macros[current];

  function showAddress() {
    const address = new URL(location);
    if (current === standard) address.searchParams.delete("notation");
    else address.searchParams.set("notation", current);
    if (address.href !== location.href) history.replaceState(history.state, "", address);
  }

  // Beside equations that the chosen course builds differently stands its own. Returns what is new.
  function showNotes() {
    for (const note of document.querySelectorAll(".bp-note")) {
      window.MathJax?.typesetClear?.([note]);
      note.remove();
    }
    const templates = document.querySelectorAll(`template.bp-form-note[data-notation="${current}"]`);
    return [...templates].map((template) => {
      template.after(template.content.cloneNode(true));
      return template.nextElementSibling;
    });
  }

  function show() {
    page.dataset.notation = current;
    if (select) select.value = current;
    for (const part of key?.querySelectorAll(".bp-key-body [data-notation]") ?? [])
      part.hidden = part.dataset.notation !== current;
    return showNotes();
  }

  // A macro is another one if its form differs, or that of a macro in its form.
  function changedSince(before) {
    const form = (name, macro) => JSON.stringify(macros[name][macro]);
    const names = Object.keys(macros[current]);
    const changed = new Set(names.filter((macro) => form(before, macro) !== form(current, macro)));
    for (let size = -1; size !== changed.size; ) {
      size = changed.size;
      for (const macro of names)
        if (macros[current][macro].toString().match(/\\[A-Za-z]+/g)?.some((m) => changed.has(m.slice(1))))
          changed.add(macro);
    }
    return changed;
  }

  function define(names) {
    const lines = [...names].map((macro) => {
      const [form, count] = [macros[current][macro]].flat();
      return `\\renewcommand{\\${macro}}${count ? `[${count}]` : ""}{${form}}`;
    });
    MathJax.tex2mml(lines.join(""));
    MathJax.texReset();
  }

  // Returns the formulas that screen readers still have to get.
  async function typeset(before, fresh) {
    if (!window.MathJax?.startup) return [];
    await MathJax.startup.promise;
    const changed = changedSince(before);
    if (changed.size) define(changed);
    const found = MathJax.startup.document;
    const old = [...found.math];
    // The notes first: to measure the text around them is cheap as long as the page is unchanged.
    if (fresh.length) await MathJax.typesetPromise(fresh);
    if (!changed.size) return [];
    const uses = new RegExp(`\\\\(?:${[...changed].join("|")})(?![A-Za-z])`);
    const others = old.filter((item) => uses.test(item.math));
    for (const item of others) item.state(MathJax._.core.MathItem.STATE.FINDMATH, false);
    // The formulas are known, and the size of the text around them; only letters change.
    found.processed.reset();
    found.processed.set("findMath");
    found.processed.set("getMetrics");
    const spoken = found.options.enableAssistiveMml;
    found.options.enableAssistiveMml = false;
    const set = MathJax._.mathjax.mathjax.handleRetriesFor(() => found.render());
    await set.finally(() => { found.options.enableAssistiveMml = spoken; });
    return spoken ? others : [];
  }

  // The MathML that screen readers read is a fifth of the time, and nobody sees it: it follows the paint.
  async function speak(items) {
    await new Promise((resolve) => setTimeout(resolve, 30)); // no animation frame comes in a hidden tab
    for (const item of items) // MathJax adds it before a formula is inserted; these are already
      Object.create(item, { state: { value: () => 0 } }).assistiveMml(MathJax.startup.document, true);
  }

  // What stands at the top of the window stays there, though formulas above it change their height.
  function holdPosition() {
    const at = document.elementFromPoint(window.innerWidth / 2, 120)?.closest("article *");
    const top = at?.getBoundingClientRect().top;
    return () => {
      if (at?.isConnected && window.scrollY > 0)
        window.scrollBy({ top: at.getBoundingClientRect().top - top, behavior: "instant" });
    };
  }

  let queue = Promise.resolve();
  function choose(name) {
    if (!known(name)) return queue;
    queue = queue.then(async () => {
      if (name === current) return;
      const before = current;
      const release = holdPosition();
      current = name;
      showAddress();
      const unspoken = await typeset(before, show());
      release();
      document.dispatchEvent(new CustomEvent("notation", { detail: current }));
      await speak(unspoken);
      document.querySelector(".bp-announce")?.replaceChildren(`Notation: ${select.selectedOptions[0].text}`);
    });
    return queue;
  }

  select?.addEventListener("change", () => { remember(select.value); choose(select.value); });
  const follow = () => choose(remembered() ?? standard);
  window.addEventListener("storage", ({ key }) => key === "notation" && storage((own, lent) => delete lent.notation && follow()));
  window.addEventListener("pageshow", (event) => event.persisted && follow());

  key?.addEventListener("toggle", () => {
    const body = key.querySelector(".bp-key-body");
    if (!key.open || body.childElementCount) return;
    body.append(key.querySelector("template").content.cloneNode(true));
    for (const part of body.querySelectorAll("[data-notation]"))
      part.hidden = part.dataset.notation !== current;
    queue = queue.then(() => window.MathJax?.startup?.promise).then(() => window.MathJax?.typesetPromise?.([body]));
  });
  const close = (event) => {
    if (!key?.open || (event.type === "click" && event.target.closest(".bp-notation"))) return;
    key.open = false;
    if (event.type === "keydown") key.querySelector("summary").focus();
  };
  document.addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && close(event));

  show();
  showAddress();
  window.notation = { choose, get name() { return current; } };
})();
