"""How soon a page is live, how fast a demo follows, and what is fetched; beside JupyterLite's time.

    make bench-live            or   python benchmarks/live.py [REPEATS]

"cold" is a browser that never saw the site, "cached" the same one on its next visit; each second
counts from touching a demo's slider to the picture it asked for, in a page that had come to rest.
JupyterLite's time (benchmarks/lite.py) counts from opening a notebook to the same demo's picture.
Another notation is set when all formulas of the page have its letters and the next frame is painted;
the MathML for screen readers follows right after.
Writes benchmarks/live.json.
"""

import functools
import json
import statistics
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
from tests.site.conftest import BUILT, FLAGS, Quiet
from tools import browser as browser_tool

from backprop import demos
from backprop.live import controls

PAGE = "chapters/05-worked-example.html"
DEMO = "tiny-network"
MOVES = 200
FORMULAS = ("chapters/04-four-equations.html", "chapters/07-flow.html")  # the slowest to set anew
SWITCHES = 3  # times through all notations
# From an event on a field to the new words beside the new picture, in milliseconds.
TOUCH = """async ([demo, moves]) => {
  const figure = document.querySelector(`figure[data-demo=${demo}]`);
  const words = figure.querySelector('.bp-words');
  const sliders = [...figure.querySelectorAll('input[type=range]')];
  const redrawn = () => new Promise((resolve) => new MutationObserver((_, observer) => {
    if (words.ariaBusy === 'true') return; // the state before the touch; the one asked for follows
    observer.disconnect();
    resolve();
  }).observe(words, { childList: true, characterData: true, subtree: true }));
  const times = [];
  for (let move = 0; move < moves; move++) {
    const slider = sliders[move % sliders.length];
    const steps = Math.round((slider.max - slider.min) / slider.step);
    slider.value = Number(slider.min) + ((7 * move + 3) % (steps + 1)) * slider.step;
    const start = performance.now(), done = redrawn();
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await done;
    times.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  return times;
}"""

# From choosing a notation to the painted page, in milliseconds.
SWITCH = """name => new Promise((resolve) => {
  const select = document.querySelector('#bp-notation'), start = performance.now();
  document.addEventListener('notation', () => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel(); // its message comes after the paint
    port1.onmessage = () => resolve(performance.now() - start);
    port2.postMessage(0);
  }), { once: true });
  select.value = name;
  select.dispatchEvent(new Event('change', { bubbles: true }));
})"""


class Counting(Quiet):
    """A file server that adds up what it sends."""

    def send_head(self):
        file = super().send_head()
        if hasattr(file, "fileno"):
            self.server.sent[urlsplit(self.path).path] = file.seek(0, 2)
            file.seek(0)
        return file


def serve():
    """The built site on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Counting, directory=str(BUILT)))
    server.sent = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def rest(page, address):
    """Open a page and wait until nothing moves."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)


def first_redraw(chromium):
    """Seconds from touch to redraw, cold and cached, and the bytes sent before and after."""
    server, found = serve(), {}
    address = f"http://127.0.0.1:{server.server_port}/{PAGE}"
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    for state in ("cold", "cached"):
        page = context.new_page()
        rest(page, address)
        before = sum(server.sent.values())
        found[state] = page.evaluate(TOUCH, [DEMO, 1])[0] / 1000
        page.wait_for_timeout(2000)
        found[f"{state} bytes"] = sum(server.sent.values()) - before
        if state == "cold":
            found["bytes before"] = before
        page.close()
    context.close()
    server.shutdown()
    return found


def moves(chromium):
    """For each demo with a slider: the 50th and 95th percentile from a move to the redraw, in ms."""
    server, found = serve(), {}
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    for path in sorted((BUILT / "chapters").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        for name in demos.ALL:
            sliders = [c for c in demos.named(name).controls if isinstance(c, controls.Slider)]
            if f'data-demo="{name}"' not in text or name in found or not sliders:
                continue
            page = context.new_page()
            rest(page, f"http://127.0.0.1:{server.server_port}/chapters/{path.name}")
            page.evaluate(TOUCH, [name, 5])
            times = sorted(page.evaluate(TOUCH, [name, MOVES]))
            found[name] = {"p50": times[MOVES // 2], "p95": times[int(0.95 * MOVES)]}
            page.close()
    context.close()
    server.shutdown()
    return found


def switches(chromium):
    """For the pages with most to set anew: the median and the worst time of another notation, in ms."""
    server, found = serve(), {}
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    for path in FORMULAS:
        page = context.new_page()
        rest(page, f"http://127.0.0.1:{server.server_port}/{path}")
        names = page.locator("#bp-notation option").evaluate_all("all => all.map(one => one.value)")
        times = []
        for name in SWITCHES * [*names[1:], names[0]]:
            times.append(page.evaluate(SWITCH, name))
            page.wait_for_timeout(400)  # what the theme does later is not part of the next one
        found[Path(path).stem] = {
            "formulas": page.locator("article mjx-container").count(),
            "median": round(statistics.median(times)),
            "worst": round(max(times)),
        }
        page.evaluate("localStorage.removeItem('notation')")
        page.close()
    context.close()
    server.shutdown()
    return found


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    lite = None
    if (BUILT / "lite").exists():
        import lite
    runs, others = [], {"cold": [], "cached": []}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_tool.find(), args=FLAGS)
        following, notations = moves(chromium), switches(chromium)
        chromium.close()
    for _ in range(repeats):  # interleaved, so that a busy machine slows both alike
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser_tool.find(), args=FLAGS)
            runs.append(first_redraw(chromium))
            chromium.close()
        if lite:
            for state, seconds in lite.measure(1).items():
                others[state] += seconds
    result = {"seconds to the first redraw": {}, "bytes": {}, "ms from a move to the redraw": {}}
    for state in ("cold", "cached"):
        ours = statistics.median(run[state] for run in runs)
        entry = {"page": round(ours, 2)}
        if lite:
            theirs = statistics.median(others[state])
            entry |= {"JupyterLite": round(theirs, 2), "ratio": round(ours / theirs, 3)}
        result["seconds to the first redraw"][state] = entry
        result["bytes"][f"going live, {state}"] = runs[-1][f"{state} bytes"]
    result["bytes"]["before, not compressed"] = runs[-1]["bytes before"]
    for name, times in following.items():
        result["ms from a move to the redraw"][name] = {key: round(ms, 1) for key, ms in times.items()}
    result["ms to set another notation"] = notations
    text = json.dumps(result, indent=1)
    (ROOT / "benchmarks" / "live.json").write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
