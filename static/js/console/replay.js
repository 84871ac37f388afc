// Draws the rows of the table on one axis of time, and plays them. The table has all of it in words.
const SVG = "http://www.w3.org/2000/svg";
const LANE_HEIGHT = 30;
const AXIS_HEIGHT = 26;
// At least so many pixels for a second: a long visit scrolls.
const NARROWEST = 3;
const LETTERS_WIDTH = 12;

const root = document.querySelector("[data-replay]");

function start() {
  const drawing = root.querySelector("[data-drawing]");
  const facts = JSON.parse(drawing.dataset.drawing);
  const rows = [...document.querySelectorAll("[data-rows] tr")].map(readRow);
  const axis = makeAxis(facts);
  root.hidden = false;
  const seek = root.querySelector("[data-seek]");
  seek.max = String(Math.ceil(axis.end));
  const view = draw(drawing, facts, rows, axis);
  play(drawing, rows, axis, view, seek);
}

function readRow(row) {
  const { at, until, lane, kind, trial, images } = row.dataset;
  return {
    element: row,
    at: Number(at),
    until: until === "" ? null : Number(until),
    lane,
    kind,
    trial: trial === "" ? null : Number(trial),
    label: images,
    words: row.lastElementChild.textContent.trim(),
  };
}

// Between seconds since arrival and seconds on the axis, on which long times without an event are short.
function makeAxis({ end, gaps, short }) {
  // Pieces of the axis: where each begins in real time and on the axis, and its lengths there.
  const pieces = [];
  let real = 0;
  let place = 0;
  const piece = (until, length) => {
    if (until > real) pieces.push({ real, place, lasts: until - real, length });
    place += length;
    real = until;
  };
  for (const [begin, stop] of gaps) {
    piece(begin, begin - real);
    piece(stop, short);
  }
  piece(end, end - real);
  const toAxis = (seconds) => {
    const here = pieces.findLast((each) => each.real <= seconds);
    return here ? here.place + (Math.min(seconds - here.real, here.lasts) * here.length) / here.lasts : 0;
  };
  const toReal = (at) => {
    const here = pieces.findLast((each) => each.place <= at);
    return here ? here.real + (Math.min(at - here.place, here.length) * here.lasts) / here.length : 0;
  };
  return { toAxis, toReal, end: place, gaps: gaps.map((gap) => gap.map(toAxis)) };
}

const clock = (seconds) => {
  const whole = Math.floor(seconds);
  const two = (number) => String(number % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${two(whole)}` : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(whole)}`;
};

function add(parent, name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  parent.append(element);
  return element;
}

function draw(drawing, facts, rows, axis) {
  const scale = Math.max(NARROWEST, (drawing.clientWidth - 2 * LETTERS_WIDTH) / Math.max(1, axis.end));
  const x = (seconds) => LETTERS_WIDTH + axis.toAxis(seconds) * scale;
  const height = AXIS_HEIGHT + facts.lanes.length * LANE_HEIGHT;
  const width = Math.ceil(axis.end * scale + 2 * LETTERS_WIDTH);
  const svg = add(drawing, "svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  const top = new Map(facts.lanes.map(([key], index) => [key, AXIS_HEIGHT + index * LANE_HEIGHT]));
  for (const y of top.values()) add(svg, "line", { class: "lane", x1: 0, x2: width, y1: y, y2: y });
  for (const [from, to] of axis.gaps) {
    const place = { x: LETTERS_WIDTH + from * scale, width: (to - from) * scale };
    add(svg, "rect", { class: "gap", ...place, y: 0, height });
    add(svg, "text", { class: "gap-mark", x: place.x + place.width / 2, y: AXIS_HEIGHT - 9 }, "⋯");
  }
  drawAxis(svg, axis, scale, height);
  drawTrials(svg, rows, x, top.get("trial"), width);
  const free = new Map(); // lane → from where on it has room for a word
  for (const row of rows) if (row.lane !== "trial") drawRow(svg, row, x, top.get(row.lane), free);
  const cursor = add(svg, "line", { class: "cursor", y1: 0, y2: height });
  return { svg, cursor, x, scale, width };
}

function drawAxis(svg, axis, scale, height) {
  const step = [5, 10, 15, 30, 60, 120, 300, 600].find((seconds) => seconds * scale >= 70) ?? 1200;
  for (let at = 0; at <= axis.end; at += step) {
    const place = LETTERS_WIDTH + at * scale;
    if (axis.gaps.some(([from, to]) => at > from && at < to)) continue;
    add(svg, "line", { class: "tick", x1: place, x2: place, y1: AXIS_HEIGHT - 5, y2: height });
    add(svg, "text", { class: "time", x: place + 3, y: AXIS_HEIGHT - 9 }, clock(axis.toReal(at)));
  }
}

// A block from the showing of a trial to that of the next.
function drawTrials(svg, rows, x, y, width) {
  const shown = rows.filter((row) => row.kind === "shown");
  shown.forEach((row, index) => {
    const left = x(row.at);
    const right = index + 1 < shown.length ? x(shown[index + 1].at) : lastOf(rows, row.trial, x, width);
    add(svg, "rect", { class: "trial", x: left, width: Math.max(2, right - left - 1), y: y + 5, height: 20, rx: 3 });
    if (right - left > 18) add(svg, "text", { class: "in-trial", x: left + 5, y: y + 19 }, String(row.trial ?? ""));
  });
}

function lastOf(rows, trial, x, width) {
  const own = rows.filter((row) => row.trial === trial);
  return Math.min(width, Math.max(...own.map((row) => x(row.until ?? row.at))));
}

function drawRow(svg, row, x, y, free) {
  const left = x(row.at);
  const middle = y + LANE_HEIGHT / 2;
  if (row.until !== null) {
    const bar = { x: left, width: Math.max(2, x(row.until) - left), y: y + 9, height: 12, rx: 3 };
    add(svg, "rect", { class: `lasting ${row.lane}`, ...bar });
  } else if (row.label && row.lane !== "server") {
    const place = Math.max(left, free.get(row.lane) ?? 0);
    const word = { class: row.kind.includes("answer") ? "given" : "touched", x: place, y: middle + 5 };
    add(svg, "text", word, row.label);
    free.set(row.lane, place + 9 * (row.label.length + 1));
  } else {
    add(svg, "circle", { class: `moment ${row.lane}`, cx: left, cy: middle, r: 3.5 });
  }
}

function play(drawing, rows, axis, view, seek) {
  const button = root.querySelector("[data-play]");
  const speed = root.querySelector("[data-speed]");
  const now = root.querySelector("[data-now]");
  const time = root.querySelector("[data-clock]");
  const trials = new Set(rows.map((row) => row.trial).filter((trial) => trial !== null));
  const begins = [...trials].map((trial) => rows.find((row) => row.trial === trial).at);
  let at = 0; // on the axis
  let before = null;
  let marked = null;

  function show({ follow = true } = {}) {
    const real = axis.toReal(at);
    const place = LETTERS_WIDTH + at * view.scale;
    view.cursor.setAttribute("x1", place);
    view.cursor.setAttribute("x2", place);
    if (follow) drawing.scrollLeft = place - drawing.clientWidth / 2;
    time.textContent = clock(real);
    seek.value = String(at);
    const row = rows.findLast((each) => each.at <= real + 0.001);
    seek.setAttribute("aria-valuetext", `${clock(real)} ${row?.words ?? ""}`);
    if (row === marked) return;
    marked?.element.removeAttribute("aria-current");
    marked = row;
    now.textContent = row ? row.words : "";
    if (!row) return;
    row.element.setAttribute("aria-current", "true");
    const box = row.element.closest(".replay-table");
    box.scrollTop = row.element.offsetTop - box.clientHeight / 2;
  }

  function frame(stamp) {
    if (before === null) return;
    at = Math.min(axis.end, at + ((stamp - before) / 1000) * Number(speed.value));
    before = stamp;
    show();
    if (at >= axis.end) pause();
    else requestAnimationFrame(frame);
  }

  function pause() {
    before = null;
    button.setAttribute("aria-pressed", "false");
    now.setAttribute("aria-live", "polite");
  }

  function toggle() {
    if (before !== null) {
      pause();
      return;
    }
    if (at >= axis.end) at = 0;
    button.setAttribute("aria-pressed", "true");
    now.setAttribute("aria-live", "off"); // a screen reader would read without end
    before = performance.now();
    requestAnimationFrame(frame);
  }

  function goTo(place) {
    at = Math.max(0, Math.min(axis.end, place));
    show();
  }

  function jump(step) {
    const real = axis.toReal(at);
    const found =
      step > 0 ? begins.find((begin) => begin > real + 0.5) : begins.findLast((begin) => begin < real - 0.5);
    goTo(axis.toAxis(found ?? (step > 0 ? axis.toReal(axis.end) : 0)));
  }

  button.addEventListener("click", toggle);
  seek.addEventListener("input", () => goTo(Number(seek.value)));
  for (const each of root.querySelectorAll("[data-jump]"))
    each.addEventListener("click", () => jump(Number(each.dataset.jump)));
  for (const each of document.querySelectorAll("[data-seek-to]")) {
    each.disabled = false;
    each.addEventListener("click", () => {
      goTo(axis.toAxis(Number(each.dataset.seekTo)));
      root.scrollIntoView({ block: "nearest" });
    });
  }
  drawing.addEventListener("click", (event) => {
    const left = view.svg.getBoundingClientRect().left;
    at = Math.max(0, Math.min(axis.end, (event.clientX - left - LETTERS_WIDTH) / view.scale));
    show({ follow: false });
  });
  drawing.addEventListener("keydown", (event) => {
    if (event.key === " ") toggle();
    else if (event.key === "ArrowLeft") goTo(at - 5);
    else if (event.key === "ArrowRight") goTo(at + 5);
    else return;
    event.preventDefault();
  });
  pause();
  show({ follow: false });
}

if (root) start();
