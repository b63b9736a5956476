// One line at the foot of the window: what is being fetched, and how much of it is there.
const mega = (bytes) => (bytes / 1e6).toFixed(1);

export class Status {
  constructor() {
    this.box = document.createElement("div");
    this.box.className = "bp-live-status";
    this.box.hidden = true;
    // Screen readers hear the words, not each step of the bar.
    this.box.innerHTML = '<span role="status"></span> <span class="bp-bytes" aria-hidden="true"></span><progress aria-label="Fetching Python" hidden></progress>';
    [this.words, this.bytes, this.bar] = this.box.children;
    document.body.append(this.box);
  }

  // keep: true stays until the next, "soon" goes away by itself.
  say(words, keep) {
    clearTimeout(this.timer);
    this.box.hidden = false;
    this.words.textContent = words;
    this.bytes.textContent = "";
    this.bar.hidden = true;
    if (keep === "soon") this.timer = setTimeout(() => (this.box.hidden = true), 2500);
  }

  progress({ what, done, total }) {
    if (what) this.say(`Fetching ${what}`, "soon");
    this.bytes.textContent = what ? `${mega(total)} MB` : `fetched ${mega(done)} of ${mega(total)} MB`;
    this.bar.hidden = Boolean(what);
    this.bar.max = total;
    this.bar.value = done;
  }
}
