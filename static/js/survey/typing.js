// Counts how the reason comes into its field: pastes, inputs, the most characters at once, and the seconds from the
// first to the last. Never which keys or which text. The counts outlive a reload, as browsers keep the text itself.
export function watchTyping(field, page) {
  const name = `earsight-typing:${page}`;
  const none = { pastes: 0, inputs: 0, largest: 0, seconds: 0 };
  let counts = { ...none };
  let length = field.value.length;
  let last = null;
  if (field.value && field.value !== field.defaultValue) {
    try {
      counts = { ...none, ...JSON.parse(sessionStorage.getItem(name) || "{}") };
    } catch {
      // Nothing usable was stored.
    }
    // The browser restored a text whose counts are lost: take it as typed.
    counts.inputs ||= field.value.length;
  }

  field.addEventListener("input", (event) => {
    const now = performance.now();
    // A pause to think is no typing: only short gaps between inputs count.
    if (last !== null) counts.seconds += Math.min(2, (now - last) / 1000);
    last = now;
    counts.inputs += 1;
    counts.largest = Math.max(counts.largest, field.value.length - length);
    length = field.value.length;
    if (/^insertFrom(Paste|Drop)/.test(event.inputType || "")) counts.pastes += 1;
    try {
      sessionStorage.setItem(name, JSON.stringify(counts));
    } catch {
      // Private windows may have no storage.
    }
  });

  return {
    // Empty if nothing was typed here: the text is then the one that the page came with.
    counts: () => (counts.inputs ? JSON.stringify({ ...counts, seconds: Math.round(10 * counts.seconds) / 10 }) : ""),
    forget() {
      try {
        sessionStorage.removeItem(name);
      } catch {
        // Private windows may have no storage.
      }
    },
  };
}
