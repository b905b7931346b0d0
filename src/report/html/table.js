// The table of all series: searched, filtered, sorted, a page at a time, so that 10,000 of them stay quick.
const data = JSON.parse(document.getElementById("data").textContent);
const el = (name, attributes, ...inside) => {
  const svg = ["svg", "g", "rect", "text", "title"].includes(name);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...inside);
  return made;
};
const duration = (ns) => {
  const size = Math.abs(ns);
  const [unit, by] = size >= 999.5e6 ? ["s", 1e9] : size >= 999.5e3 ? ["ms", 1e6] : size >= 999.5 ? ["µs", 1e3] : ["ns", 1];
  const value = ns / by;
  const digits = Number.isInteger(value) || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return value.toFixed(digits) + " " + unit;
};

{
  const PAGE = 100;
  const body = document.querySelector("#series tbody");
  const search = document.getElementById("search");
  const meaning = document.getElementById("meaning");
  const status = document.getElementById("shown");
  const [back, on] = [document.getElementById("back"), document.getElementById("on")];
  const heads = [...document.querySelectorAll("#series th")];
  // subject, package, metric, base, head, change, meaning, then what to sort by: base, head, change.
  const words = data.series.map((row) => row.slice(0, 3).join(" ").toLowerCase());
  let [sorted, falling, page] = [-1, false, 0];
  let rows = data.series.map((_, i) => i);

  const key = (row, column) => (column >= 3 && column <= 5 ? row[column + 4] : row[column]);
  const order = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows = data.series.map((_, i) => i).filter((i) =>
      (!meaning.value || data.series[i][6] === meaning.value) && wanted.every((word) => words[i].includes(word)));
    if (sorted >= 0) {
      rows.sort((a, b) => {
        const [x, y] = [key(data.series[a], sorted), key(data.series[b], sorted)];
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        const less = typeof x === "number" ? x - y : x < y ? -1 : x > y ? 1 : 0;
        return (falling ? -less : less) || a - b;
      });
    }
  };
  const show = () => {
    const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
    body.replaceChildren(...shown.map((i) => {
      const row = data.series[i];
      const cell = (n) => el("td", n >= 3 && n <= 5 ? { class: "n" } : n < 3 ? { class: "name" } : { class: row[6].replace(" ", "-") }, row[n]);
      return el("tr", {}, ...[0, 1, 2, 3, 4, 5, 6].map(cell));
    }));
    const [from, to] = [rows.length ? page * PAGE + 1 : 0, page * PAGE + shown.length];
    status.textContent = `${from} to ${to} of ${rows.length} series`;
    back.disabled = page === 0;
    on.disabled = to >= rows.length;
  };
  const again = () => { page = 0; order(); show(); };
  search.addEventListener("input", again);
  meaning.addEventListener("change", again);
  back.addEventListener("click", () => { page -= 1; show(); });
  on.addEventListener("click", () => { page += 1; show(); });
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    falling = sorted === column ? !falling : column >= 3 && column <= 5;
    sorted = column;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    again();
  }));
  document.querySelector("#all .tools").classList.remove("none");
  again();
}
