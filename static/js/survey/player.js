// The player: a play button, the waveform for seeking, the time; it also measures how long the music was heard.
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export function makePlayer(root, duration, note) {
  const audio = root.querySelector("audio");
  const face = root.querySelector(".player-face");
  const button = root.querySelector(".play");
  const wave = root.querySelector(".wave");
  const bars = [...wave.querySelectorAll("rect")];
  const now = root.querySelector(".now");
  const listeners = [];
  let heard = 0;
  let last = null;
  let broken = false;
  audio.removeAttribute("controls");
  face.hidden = false;

  const length = () => (Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : duration);
  const notify = () => listeners.forEach((listener) => listener(heard));

  function draw() {
    const share = audio.currentTime / length();
    bars.forEach((bar, index) => bar.classList.toggle("on", index < share * bars.length));
    now.textContent = clock(audio.currentTime);
    wave.setAttribute("aria-valuenow", String(Math.round(audio.currentTime)));
    wave.setAttribute("aria-valuetext", clock(audio.currentTime));
  }

  function count() {
    // Count only time that passed while playing: a jump by seeking is not listening.
    if (last !== null && !audio.paused) {
      const passed = audio.currentTime - last;
      if (passed > 0 && passed < 1.5) heard += passed;
    }
    last = audio.paused ? null : audio.currentTime;
  }

  function toggle() {
    if (!audio.paused) {
      audio.pause();
      return;
    }
    broken = false;
    audio.play().catch((error) => {
      if (error.name === "AbortError") return; // paused before it began
      broken = true;
      notify();
    });
  }

  function seek(time, how) {
    count();
    audio.currentTime = Math.max(0, Math.min(length() - 0.05, time));
    last = audio.paused ? null : audio.currentTime;
    draw();
    note("seek", { to: audio.currentTime, how });
  }

  button.addEventListener("click", toggle);
  audio.addEventListener("play", () => {
    last = audio.currentTime;
    button.classList.add("playing");
    button.setAttribute("aria-label", button.dataset.pause);
    note("play", { at: audio.currentTime });
    notify();
  });
  audio.addEventListener("pause", () => {
    last = null;
    button.classList.remove("playing");
    button.setAttribute("aria-label", button.dataset.play);
    note("pause", { at: audio.currentTime });
    notify();
  });
  audio.addEventListener("ended", () => note("ended", { heard }));
  audio.addEventListener("timeupdate", () => {
    count();
    draw();
    notify();
  });

  const timeAt = (event) => {
    const box = wave.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * length();
  };
  wave.addEventListener("pointerdown", (event) => {
    wave.setPointerCapture(event.pointerId);
    seek(timeAt(event), "drag");
  });
  wave.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 }[event.key];
    if (step) seek(audio.currentTime + step, "key");
    else if (event.key === "Home") seek(0, "key");
    else if (event.key === "End") seek(length(), "key");
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  draw();
  return {
    audio,
    toggle,
    heard: () => heard,
    isPlaying: () => !audio.paused,
    failed: () => broken,
    onHeard: (listener) => listeners.push(listener),
  };
}
