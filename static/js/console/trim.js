// The excerpt of a clip: plays it, shows it in the outline, and takes its ends from where the music plays.
const root = document.querySelector("[data-trim]");
const audio = root.querySelector("audio");
const field = { start: root.querySelector('[name="start"]'), end: root.querySelector('[name="end"]') };
const wave = root.querySelector("[data-wave]");
const whole = Number(root.dataset.duration);
let stopAt = null;

const number = (input, otherwise) => (input.value.trim() === "" ? otherwise : Number(input.value));
const edges = () => [number(field.start, 0), number(field.end, whole)];

function draw() {
  const [start, end] = edges();
  const length = root.querySelector("[data-length]");
  length.textContent =
    end > start ? length.dataset.text.replace("{seconds}", String(Math.round((end - start) * 1000) / 1000)) : "";
  const chosen = root.querySelector("[data-chosen]");
  chosen?.setAttribute("x", String((100 * Math.max(0, start)) / whole));
  chosen?.setAttribute("width", String(Math.max(0, (100 * (Math.min(end, whole) - Math.max(0, start))) / whole)));
}

function put(input, value) {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true })); // what is typed is kept
  draw();
}

for (const button of root.querySelectorAll("button[hidden]")) button.hidden = false;
for (const input of Object.values(field)) input.addEventListener("input", draw);
for (const button of root.querySelectorAll("[data-here]"))
  button.addEventListener("click", () =>
    put(field[button.dataset.here], String(Math.round(audio.currentTime * 1000) / 1000)),
  );
root.querySelector("[data-whole]")?.addEventListener("click", () => {
  put(field.start, "");
  put(field.end, "");
});
root.querySelector("[data-play-excerpt]").addEventListener("click", () => {
  const [start, end] = edges();
  audio.currentTime = start;
  stopAt = end;
  audio.play().catch(() => {});
});
audio.addEventListener("seeking", () => {
  if (stopAt !== null && audio.currentTime > stopAt) stopAt = null; // somebody went on by hand
});
audio.addEventListener("timeupdate", () => {
  root.querySelector("[data-now]")?.setAttribute("x", String((100 * audio.currentTime) / whole));
  if (stopAt !== null && audio.currentTime >= stopAt) {
    audio.pause();
    stopAt = null;
  }
});
wave?.addEventListener("click", (event) => {
  const box = wave.getBoundingClientRect();
  audio.currentTime = (whole * (event.clientX - box.left)) / box.width;
});
draw();
