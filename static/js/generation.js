"use strict";
// The pages of image generation: the progress of a run, jumping to a moment of the audio, settings of the chosen kind.
// Every page works without this file.

const live = document.getElementById("live");
if (live) {
  const REFRESH_MS = 2000;
  const isRunning = () => live.querySelector('[data-running="true"]') !== null;
  const isBusy = () =>
    live.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
  const refresh = async () => {
    if (document.hidden || isBusy()) {
      schedule();
      return;
    }
    try {
      const answer = await fetch(live.dataset.url, { credentials: "same-origin" });
      if (answer.redirected) {
        location.reload(); // the session has ended
        return;
      }
      if (answer.ok) {
        const focused =
          document.activeElement && live.contains(document.activeElement)
            ? document.activeElement.getAttribute("href")
            : null;
        live.innerHTML = await answer.text();
        if (focused) {
          const again = live.querySelector(`[href="${CSS.escape(focused)}"]`);
          if (again) again.focus();
        }
      }
    } catch {
      // Offline: the next turn tries again.
    }
    if (isRunning()) schedule();
  };
  const schedule = () => setTimeout(refresh, REFRESH_MS);
  if (isRunning()) schedule();
}

// Buttons that jump to a moment of their clip's audio; again in a part of the page that was put in place later.
const makeSeekers = (part) => {
  for (const button of part.querySelectorAll("[data-seek]")) {
    const player = (button.closest("[data-scope]") || document).querySelector("[data-player]");
    if (!player) continue;
    button.hidden = false;
    button.addEventListener("click", () => {
      const start = Math.max(0, Number(button.dataset.seek) - 1);
      const play = () => {
        player.currentTime = start;
        player.play();
      };
      if (player.readyState >= 1) play();
      else {
        player.addEventListener("loadedmetadata", play, { once: true });
        player.load();
      }
    });
  }
};
makeSeekers(document);
document.addEventListener("put-in-place", (event) => makeSeekers(event.target));

for (const room of document.querySelectorAll("[data-room]")) {
  const show = () => {
    const chosen = room.querySelector(`input[name="${room.dataset.room}"]:checked`);
    for (const kind of room.querySelectorAll("[data-kind]"))
      kind.hidden = !chosen || kind.dataset.kind !== chosen.value;
  };
  room.addEventListener("change", show);
  show();
}
