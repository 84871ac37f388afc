// Loads a part of the page again every few seconds while the page is visible.
for (const part of document.querySelectorAll("[data-refresh]")) {
  const seconds = Number(part.dataset.every);
  const refresh = async () => {
    try {
      const response = await fetch(part.dataset.refresh, { headers: { "X-Requested-With": "fetch" } });
      if (!response.ok || response.redirected) return;
      part.innerHTML = await response.text();
      if (part.querySelector("[data-reload]")) location.reload(); // the check has ended, and the whole page differs
      if (part.querySelector("[data-answered]")) clearInterval(turns);
    } catch {
      // Offline: the next turn tries again.
    }
  };
  let turns = 0;
  if (seconds)
    turns = setInterval(() => {
      if (!document.hidden && !part.contains(document.activeElement)) refresh();
    }, 1000 * seconds);
}
