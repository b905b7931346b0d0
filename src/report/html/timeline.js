// The slowest test or task of both sides, one above the other, on one scale of time.
//
// Keys as in trace viewers: w and s zoom, a and d move, f fits the selection, m marks it. A click tells of one span,
// clicks with shift add spans up.
if (data.timelines.length) {
  const part = document.getElementById("timeline-part");
  const choice = document.getElementById("timeline-choice");
  const told = document.getElementById("timeline-told");
  const views = ["base", "head"].map((side) => ({ side, canvas: document.getElementById("timeline-" + side) }));
  const [ROW, TOP] = [18, 20];
  const colours = {
    exec: "--exec", runnable: "--runnable", syscall: "--syscall", sync: "--sync", send: "--send", receive: "--receive",
    select: "--select", sleep: "--sleep", network: "--network", other: "--other",
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let [line, from, to, end] = [null, 0, 1, 1];
  let [selected, marks, mouse] = [[], [], null];

  const tracks = (side) => line[side];
  const draw = () => {
    const ratio = window.devicePixelRatio || 1;
    for (const { side, canvas } of views) {
      canvas.classList.toggle("none", !tracks(side).length);
      if (!tracks(side).length) continue;
      const width = canvas.clientWidth;
      const height = TOP + Math.max(1, tracks(side).length) * ROW;
      canvas.width = width * ratio;
      canvas.height = height * ratio;
      const pen = canvas.getContext("2d");
      pen.scale(ratio, ratio);
      pen.font = "12px ui-monospace, monospace";
      const x = (ns) => ((ns - from) / (to - from)) * width;
      pen.fillStyle = colour("--soft");
      pen.fillText(`${side}: ${duration(from)}`, 4, 14);
      const last = duration(to);
      pen.fillText(last, width - pen.measureText(last).width - 4, 14);
      for (const [start, stop] of marks) {
        pen.fillStyle = colour("--mark");
        pen.fillRect(x(start), 0, Math.max(1, x(stop) - x(start)), height);
      }
      tracks(side).forEach(([goroutine, start, spans], row) => {
        const y = TOP + row * ROW;
        for (const span of spans) {
          const [a, b] = [x(span[0]), x(span[0] + span[1])];
          if (b < 0 || a > width) continue;
          pen.fillStyle = colour(colours[span[5]]);
          pen.fillRect(Math.max(0, a), y + 2, Math.max(0.6, Math.min(width, b) - Math.max(0, a)), ROW - 4);
        }
        for (const pick of selected.filter((s) => s.side === side && s.row === row)) {
          const [a, b] = [x(pick.span[0]), x(pick.span[0] + pick.span[1])];
          pen.strokeStyle = colour("--ink");
          pen.lineWidth = 2;
          pen.strokeRect(a, y + 1, Math.max(2, b - a), ROW - 2);
        }
        // Names stand on paper, whatever is behind them.
        const name = `G${goroutine} ${start}`.slice(0, Math.floor(width / 25));
        pen.globalAlpha = 0.85;
        pen.fillStyle = colour("--paper");
        pen.fillRect(0, y + 2, pen.measureText(name).width + 8, ROW - 4);
        pen.globalAlpha = 1;
        pen.fillStyle = colour("--ink");
        pen.fillText(name, 4, y + 13);
      });
    }
  };
  const tell = () => {
    if (!selected.length) {
      told.textContent = "Nothing is selected.";
    } else if (selected.length === 1) {
      const { side, track, span } = selected[0];
      const stack = span[3].length ? "\n" + span[3].map((f) => "  " + f).join("\n") : "";
      const waker = span[4] ? `\nwoken by ${span[4]}` : "";
      told.textContent = `${side}: goroutine ${track[0]}, started in ${track[1]}\n${span[2]} for ${duration(span[1])}, from ${duration(span[0])}${waker}${stack}`;
    } else {
      const sums = new Map();
      let all = 0;
      for (const { span } of selected) {
        sums.set(span[2], (sums.get(span[2]) || 0) + span[1]);
        all += span[1];
      }
      const lines = [...sums].sort((a, b) => b[1] - a[1]).map(([state, ns]) => `  ${state}: ${duration(ns)}`);
      told.textContent = `${selected.length} spans, ${duration(all)} in all\n${lines.join("\n")}`;
    }
  };
  const bounds = (a, b) => {
    const width = Math.min(Math.max(b - a, 10), end);
    from = Math.max(0, Math.min(a, end - width));
    to = from + width;
    draw();
  };
  const reach = () => {
    const starts = selected.map((s) => s.span[0]);
    const stops = selected.map((s) => s.span[0] + s.span[1]);
    return [Math.min(...starts), Math.max(...stops)];
  };
  const zoom = (by) => {
    const at = mouse === null ? (from + to) / 2 : mouse;
    bounds(at - (at - from) * by, at + (to - at) * by);
  };
  const keys = {
    w: () => zoom(0.6), s: () => zoom(1 / 0.6), a: () => bounds(from - (to - from) * 0.2, to - (to - from) * 0.2),
    d: () => bounds(from + (to - from) * 0.2, to + (to - from) * 0.2),
    f: () => { if (selected.length) { const [a, b] = reach(); bounds(a - (b - a) * 0.1, b + (b - a) * 0.1); } else bounds(0, end); },
    m: () => { if (selected.length) { marks.push(reach()); draw(); } },
    0: () => bounds(0, end), Escape: () => { selected = []; marks = []; tell(); bounds(0, end); },
  };
  for (const view of views) {
    const { side, canvas } = view;
    const when = (event) => from + ((event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth) * (to - from);
    canvas.addEventListener("keydown", (event) => {
      const act = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
      if (act) { act(); event.preventDefault(); }
    });
    canvas.addEventListener("mousemove", (event) => { mouse = when(event); });
    canvas.addEventListener("mouseleave", () => { mouse = null; });
    canvas.addEventListener("click", (event) => {
      canvas.focus();
      const row = Math.floor((event.clientY - canvas.getBoundingClientRect().top - TOP) / ROW);
      const track = tracks(side)[row];
      const at = when(event);
      const near = (to - from) / canvas.clientWidth;
      const span = track && track[2].find((s) => s[0] - near <= at && at <= s[0] + s[1] + near);
      if (!event.shiftKey) selected = [];
      if (span) {
        const before = selected.length;
        selected = selected.filter((s) => s.span !== span);
        if (selected.length === before) selected.push({ side, row, track, span });
      }
      tell();
      draw();
    });
  }
  const pick = (i) => {
    line = data.timelines[i];
    end = Math.max(1, ...["base", "head"].flatMap((side) => tracks(side).flatMap((t) => t[2].map((s) => s[0] + s[1]))));
    [selected, marks] = [[], []];
    tell();
    bounds(0, end);
  };
  choice.addEventListener("change", () => pick(Number(choice.value)));
  part.classList.remove("none");
  pick(0);
  new ResizeObserver(() => draw()).observe(part);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
}
