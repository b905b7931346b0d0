// The differential flame graph of waits. A box is as wide as the greater of both sides; red waits longer, blue shorter.
//
//   ┌──────────────── all ────────────────┐
//   │ TestLoadAll         │ loadAll.func1 │      outermost function on top
//   │ loadAll             │ DB.Get        │
//   └─────────────────────┴───────────────┘      click or Enter: that box as wide as the picture
if (data.waits.length) {
  const svg = document.getElementById("flame");
  const told = document.getElementById("flame-told");
  const ROW = 20;
  const node = (name, place, up) => ({ name, place, up, base: 0, head: 0, width: 0, below: new Map() });
  const root = node("all waits", "", null);
  for (const [state, frames, base, head] of data.waits) {
    let at = root;
    const path = [...frames, [state, ""]];
    const size = Math.max(base, head);
    for (const one of [null, ...path]) {
      if (one) {
        const key = one[0];
        if (!at.below.has(key)) at.below.set(key, node(one[0], one[1], at));
        at = at.below.get(key);
      }
      at.base += base;
      at.head += head;
      at.width += size;
    }
  }
  let zoomed = root;
  const shade = (n) => {
    const part = (n.head - n.base) / Math.max(n.base, n.head, 1);
    const step = Math.abs(part) < 0.05 ? 0 : Math.abs(part) < 0.2 ? 1 : Math.abs(part) < 0.5 ? 2 : 3;
    return "d" + (part < 0 ? -step : step);
  };
  const say = (n) => {
    const by = n.base > 0 ? ` (${n.head >= n.base ? "+" : ""}${Math.round((n.head / n.base - 1) * 100)} %)` : " (new)";
    return `${n.name}${n.place ? "  " + n.place : ""}\n${duration(n.base)} → ${duration(n.head)} a run${by}`;
  };
  const draw = () => {
    const full = svg.clientWidth || 600;
    const boxes = [];
    let deepest = 0;
    const put = (n, x, width, row, above) => {
      if (width < 1) return;
      deepest = Math.max(deepest, row);
      const box = el("rect", {
        x: x.toFixed(1), y: row * ROW, width: width.toFixed(1), height: ROW - 1, class: "cell " + shade(n), tabindex: n === zoomed ? 0 : -1,
        role: "button", "aria-label": say(n),
      }, el("title", {}, say(n)));
      box.node = n;
      boxes.push(box);
      const letters = Math.floor((width - 8) / 7.3);
      if (letters > 3) boxes.push(el("text", { x: (x + 4).toFixed(1), y: row * ROW + 14 }, n.name.length > letters ? n.name.slice(0, letters - 1) + "…" : n.name));
      if (above) return;
      let left = x;
      const below = [...n.below.values()].sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1));
      for (const one of below) {
        const part = width * one.width / n.width;
        put(one, left, part, row + 1, false);
        left += part;
      }
    };
    const above = [];
    for (let n = zoomed.up; n; n = n.up) above.unshift(n);
    above.forEach((n, row) => put(n, 0, full, row, true));
    put(zoomed, 0, full, above.length, false);
    svg.replaceChildren(...boxes);
    svg.setAttribute("height", (deepest + 1) * ROW);
  };
  const zoom = (n) => {
    zoomed = n;
    told.textContent = say(n);
    draw();
  };
  svg.addEventListener("click", (event) => event.target.node && zoom(event.target.node));
  svg.addEventListener("keydown", (event) => {
    const boxes = [...svg.querySelectorAll(".cell")];
    const at = boxes.indexOf(document.activeElement);
    if (at < 0) return;
    const n = boxes[at].node;
    const go = (to) => {
      const box = boxes.find((b) => b.node === to);
      if (box) { box.focus(); told.textContent = say(to); }
    };
    const beside = (step) => {
      const all = n.up ? [...n.up.below.values()].sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1)) : [n];
      return all[all.indexOf(n) + step];
    };
    const first = [...n.below.values()].sort((a, b) => b.width - a.width)[0];
    const keys = {
      ArrowDown: () => first && go(first), ArrowUp: () => n.up && go(n.up), ArrowRight: () => go(beside(1)), ArrowLeft: () => go(beside(-1)),
      Enter: () => { zoom(n); svg.querySelectorAll(".cell").forEach((b) => b.node === n && b.focus()); }, Escape: () => zoom(root),
    };
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
  });
  document.getElementById("flame-part").classList.remove("none");
  zoom(root);
  new ResizeObserver(() => draw()).observe(svg.parentElement);
}
