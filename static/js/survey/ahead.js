// Fetches the next trials ahead with their images and sound, so that they show at once, also offline.
import { sourceOf } from "./images.js";

const DEPTH = 2;
const pages = new Map();

async function blobUrl(address) {
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  return URL.createObjectURL(await response.blob());
}

async function load(address) {
  const response = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
  if (!response.ok || new URL(response.url).pathname !== address) throw new Error("not there");
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  await Promise.all(
    [...page.querySelectorAll("#trial .picture img, #trial audio")].map(async (element) => {
      const address = sourceOf(element);
      const url = await blobUrl(address);
      const link = element.closest(".choice")?.querySelector(".enlarge");
      if (link?.getAttribute("href") === address) link.href = url;
      element.removeAttribute("srcset");
      element.setAttribute("src", url);
    }),
  );
  return page;
}

export async function prepare(address, depth = DEPTH) {
  if (!address || depth < 1 || navigator.connection?.saveData) return;
  if (!pages.has(address)) {
    try {
      pages.set(address, await load(address));
    } catch {
      return;
    }
  }
  const further = pages.get(address)?.querySelector("#trial")?.dataset.ahead;
  await prepare(further, depth - 1);
}

export const isReady = (address) => pages.has(address);

// The prepared page, or undefined; its images and sound are then its own, so it is given out once.
export function takePage(address) {
  const page = pages.get(address);
  pages.delete(address);
  return page;
}
