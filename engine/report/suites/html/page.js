"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const list = byId("tests");
  const tests = [...list.children].map((node, place) => ({
    node,
    place,
    took: Number(node.dataset.took),
    outcomes: node.dataset.outcome.split(" "),
    tags: node.dataset.tags ? node.dataset.tags.split("\n") : [],
    name: node.querySelector(".name").textContent,
    text: null,
  }));
  const search = byId("q");
  const tag = byId("tag");
  const sort = byId("sort");
  const buttons = [...byId("outcomes").children];
  const orders = {
    took: (one, other) => other.took - one.took || one.place - other.place,
    name: (one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : one.place - other.place),
    "": (one, other) => one.place - other.place,
  };
  let order = "";

  // All words must be there, in any order.
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcomes = buttons.filter((button) => button.ariaPressed === "true").map((button) => button.dataset.outcome);
    let shown = 0;
    for (const test of tests) {
      if (words.length && test.text === null) test.text = test.node.textContent.toLowerCase();
      const fits =
        (!outcomes.length || outcomes.some((outcome) => test.outcomes.includes(outcome))) &&
        (!tag || !tag.value || test.tags.includes(tag.value)) &&
        words.every((word) => test.text.includes(word));
      test.node.hidden = !fits;
      shown += fits;
    }
    if (sort.value !== order) {
      order = sort.value;
      // Moving thousands of elements takes seconds; telling them their place takes none.
      [...tests].sort(orders[order]).forEach((test, place) => { test.node.style.order = order ? place : ""; });
    }
    byId("none").hidden = shown > 0;
    byId("shown").textContent = shown === tests.length ? `${shown} tests` : `${shown} of ${tests.length} tests`;
  };

  const keep = () => {
    const state = new URLSearchParams();
    if (search.value) state.set("q", search.value);
    for (const button of buttons) if (button.ariaPressed === "true") state.append("outcome", button.dataset.outcome);
    if (tag && tag.value) state.set("tag", tag.value);
    if (sort.value) state.set("sort", sort.value);
    // A page that was opened from a disk may not be allowed to.
    try { history.replaceState(null, "", state.size ? `#${state}` : "#"); } catch { /* The address stays as it is. */ }
    show();
  };

  const restore = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    search.value = state.get("q") ?? "";
    const outcomes = state.getAll("outcome");
    for (const button of buttons) button.ariaPressed = String(outcomes.includes(button.dataset.outcome));
    if (tag) tag.value = [...tag.options].some((option) => option.value === state.get("tag")) ? state.get("tag") : "";
    sort.value = Object.hasOwn(orders, state.get("sort") ?? "") ? state.get("sort") ?? "" : "";
    show();
  };

  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(keep, 120); });
  for (const button of buttons) {
    button.addEventListener("click", () => { button.ariaPressed = String(button.ariaPressed !== "true"); keep(); });
  }
  if (tag) tag.addEventListener("change", keep);
  sort.addEventListener("change", keep);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", restore);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !["INPUT", "SELECT"].includes(document.activeElement.tagName)) { event.preventDefault(); search.focus(); }
  });
  byId("controls").hidden = false;
  restore();
})();
