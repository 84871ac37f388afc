// The button that copies the receipt.
const button = document.querySelector("[data-copy-receipt]");
const receipt = document.querySelector("#receipt");
const status = document.querySelector("[data-copy-status]");

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

if (button) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(receipt.textContent);
    } catch {
      select(receipt);
      if (!document.execCommand("copy")) return; // it stays selected, for the browser's own menu
    }
    button.textContent = button.dataset.textCopied;
    status.textContent = button.dataset.textCopied;
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}
