// The status line of a trial, which screen readers read aloud when it changes.
export function makeStatus(line) {
  const seen = document.createElement("span");
  seen.setAttribute("aria-hidden", "true");
  const heard = document.createElement("span");
  heard.className = "visually-hidden";
  let counts = false;

  return {
    // `content` is a text, or a function that returns new nodes.
    show(content) {
      counts = false;
      const isText = typeof content === "string";
      if (isText && line.textContent === content) return;
      line.replaceChildren(...(isText ? [content] : content()));
    },
    // A text that changes each second: it is seen as it counts, and `sentence` is read aloud once, as it begins.
    count(text, sentence) {
      seen.textContent = text;
      if (counts) return;
      counts = true;
      heard.textContent = sentence;
      line.replaceChildren(seen, heard);
    },
  };
}
