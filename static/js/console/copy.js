// A button that copies the field beside it.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const field = document.querySelector(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // the clipboard API exists only with https
    }
    button.textContent = button.dataset.textCopied;
    const status = document.querySelector("[data-copy-status]");
    if (status) status.textContent = button.dataset.textCopied;
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}
