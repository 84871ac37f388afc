// One player for the whole list of clips: starting a clip stops the one before.
const player = new Audio();
let playing = null;

function stopPlaying() {
  player.pause();
  playing?.classList.remove("playing");
  playing = null;
}

player.addEventListener("timeupdate", () => {
  if (playing && player.duration) playing.style.setProperty("--played", (100 * player.currentTime) / player.duration);
});
player.addEventListener("ended", () => {
  playing?.style.removeProperty("--played");
  stopPlaying();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-play]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (playing === link) {
    stopPlaying();
    return;
  }
  stopPlaying();
  if (player.src !== link.href) player.src = link.href;
  playing = link;
  link.classList.add("playing");
  player.play().catch(stopPlaying);
});
