// Answers on their way. Each waits in the browser's storage until the server says that it is saved; each carries
// a key, so that sending it twice is the same as once.
const WAITS = [1000, 2000, 4000, 8000, 15000];

export function makeOutbox(handle) {
  const name = `earsight-outbox:${handle}`;
  const listeners = [];
  let memory = [];
  let sending = null;
  let tries = 0;
  let timer = null;

  function read() {
    try {
      return JSON.parse(localStorage.getItem(name) || "[]");
    } catch {
      return memory;
    }
  }
  function write(items) {
    memory = items;
    try {
      if (items.length) localStorage.setItem(name, JSON.stringify(items));
      else localStorage.removeItem(name);
    } catch {
      /* without storage the answers wait in this page */
    }
  }
  const tell = (event) => listeners.forEach((listener) => listener(event));

  async function post(item) {
    const data = new FormData();
    for (const [key, value] of item.fields) data.append(key, value);
    data.append("age", String(Math.max(0, (Date.now() - item.at) / 1000)));
    // The page's own token may have been replaced since, by a sign-in in another tab say; the cookie's is right.
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
    if (token) data.set("csrfmiddlewaretoken", token);
    const control = new AbortController();
    const limit = setTimeout(() => control.abort(), 20000);
    try {
      return await fetch(item.url, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "error",
        signal: control.signal,
      });
    } finally {
      clearTimeout(limit);
    }
  }

  const drop = (item) => write(read().filter((other) => other.key !== item.key));

  async function sendOne(item) {
    let response;
    try {
      response = await post(item);
    } catch {
      return "offline";
    }
    let body = null;
    try {
      body = await response.json();
    } catch {
      /* a page, not ours */
    }
    if (response.ok && body?.saved) {
      drop(item);
      tell({ kind: "saved", item, next: body.next });
      return "ok";
    }
    if (response.status === 422 && body) {
      drop(item);
      tell({ kind: "refused", item, error: body.error });
      return "ok";
    }
    if (body?.final) {
      drop(item);
      tell({ kind: "over", item, error: body?.error || "" });
      return "ok";
    }
    return "offline";
  }

  async function run() {
    for (let items = read(); items.length; items = read()) {
      if ((await sendOne(items[0])) === "offline") {
        tell({ kind: "offline", item: items[0] });
        timer = setTimeout(flush, WAITS[Math.min(tries++, WAITS.length - 1)]);
        return;
      }
      tries = 0;
    }
  }

  function flush() {
    clearTimeout(timer);
    sending ??= run().finally(() => {
      sending = null;
    });
    return sending;
  }

  addEventListener("online", () => {
    tries = 0;
    flush();
  });
  return {
    flush,
    waiting: () => read().length,
    on: (listener) => listeners.push(listener),
    add(item) {
      write([...read().filter((other) => other.key !== item.key), item]);
      return flush();
    },
  };
}
