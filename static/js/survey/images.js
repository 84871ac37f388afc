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

// Returns a function: whether every image has loaded and been on the screen.
export function watchImages(form, changed) {
  const images = imagesOf(form);
  const waiting = new Set(images);
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const image = entry.target;
        if (!entry.isIntersecting) continue;
        observer.unobserve(image);
        const done = () => {
          waiting.delete(image);
          changed();
        };
        if (image.complete && image.naturalWidth) done();
        else image.addEventListener("load", done, { once: true });
      }
    },
    { threshold: 0.5 },
  );
  images.forEach((image) => observer.observe(image));
  // What is hidden while another image is asked about is seen in its turn.
  return () => [...waiting].every((image) => image.closest(".choice").hidden);
}
