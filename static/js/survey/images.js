// The images of a trial: when all of them are there, and which of their sizes the browser has chosen.
let width = null;

const imagesOf = (form) => [...form.querySelectorAll(".picture img")];

// Resolves once each image has loaded, or has failed to.
export function imagesLoaded(form) {
  return Promise.all(
    imagesOf(form)
      .filter((image) => !image.complete)
      .map(
        (image) =>
          new Promise((resolve) => {
            image.addEventListener("load", resolve, { once: true });
            image.addEventListener("error", resolve, { once: true });
          }),
      ),
  );
}

// Remembers the size that the browser has chosen for the images on the page; those fetched ahead have no choice.
export function noteSize(form) {
  const [image] = imagesOf(form);
  width = new URL(image.currentSrc || image.src).searchParams.get("w") ?? width;
}

// The address of another trial's image in the same size.
export function sourceOf(image) {
  const offered = (image.getAttribute("srcset") ?? "").split(", ").map((source) => source.split(" ")[0]);
  return offered.find((address) => address.endsWith(`?w=${width}`)) ?? image.getAttribute("src");
}
