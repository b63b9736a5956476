// Where nothing can run, the page says why. This stands in the page itself: from a file browsers load no module.
window.cannotRun = function cannotRun(why = location.protocol === "file:"
  ? "Opened from a file, this page cannot run Python: browsers allow that only at a web address. In the site's folder, python -m http.server gives it one."
  : "The program of this page could not be fetched. Reload the page to try again.") {
  if (document.readyState === "loading") return addEventListener("DOMContentLoaded", () => cannotRun(why));
  const line = Object.assign(document.createElement("p"), { className: "bp-why", textContent: why });
  document.querySelector("article h1").after(line);
  for (const place of document.querySelectorAll(".bp-demo .bp-status")) place.textContent = `${why} The demo stays as it is.`;
};
