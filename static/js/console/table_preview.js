// Shows how a table that was chosen would be read, before its form is sent. Without script the import says it.
for (const place of document.querySelectorAll("[data-table-preview]")) {
  const form = place.closest("form");
  const file = form.querySelector('input[type="file"]');
  const encoding = form.elements.encoding;
  let running = null;
  file.addEventListener("change", () => {
    encoding.value = ""; // the choice was made for another file
    show();
  });
  encoding.addEventListener("change", show);
  place.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-encoding]");
    if (!choice) return;
    encoding.value = choice.dataset.encoding;
    encoding.focus();
    show();
  });
  if (file.files.length) show();

  async function show() {
    running?.abort();
    place.replaceChildren();
    if (!file.files.length) return;
    const request = new AbortController();
    running = request;
    try {
      const answer = await fetch(place.dataset.tablePreview, {
        method: "POST",
        body: new FormData(form),
        signal: request.signal,
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      const html = await answer.text();
      if (running === request) place.innerHTML = html;
    } catch {
      if (running === request) place.textContent = place.dataset.textFailed;
    }
  }
}
