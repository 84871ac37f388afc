"""Paint docs/images/sketch-painter.png: run `python docs/paint_sketches.py` after a new version of the painter."""

from pathlib import Path

from PIL import Image

from generation.painting import SketchOptions
from generation.painting.sketch import SketchPainter

SIZE, GAP, IN_A_ROW = 128, 4, 6
PROMPTS = [
    "A calm acoustic guitar in a quiet forest.",
    "rock, electric guitar, drums, loud",
    "piano, classical, soft",
    "A harpsichord playing baroque music in a grand theatre.",
    "choir, organ, church, solemn",
    "A slow cello with a violin behind it in a concert hall.",
    "harp, flute, folk, gentle",
    "indian, sitar, tabla",
    "orchestra, strings, trumpet, horn, classical",
    "A saxophone with an electric bass over the city at night.",
    "congas, bongos, jungle, rhythmic",
    "techno, synthesizer, fast, club",
    "hip hop, turntable, rap, city",
    "A banjo playing fast country music on a dusty farm.",
    "A man singing beside a lute in the desert.",
    "chimes, flute, new age, japanese, ambient",
    "accordion, clarinet, street, merry",
    "A woman singing softly with a piano by the sea.",
    "space, synthesizer, ambient, weird",
    "A male opera singer with a violin in a theatre.",
    "monks, chant, church, slow",
    "An electric bass by the water, slow and easy.",
    "metal, heavy, electric guitar, hard",
    "quux, zyzzyva",
]


def main() -> None:
    painter = SketchPainter(SketchOptions(kind="sketch", size=4 * SIZE))
    rows = -(-len(PROMPTS) // IN_A_ROW)
    step = SIZE + GAP
    sheet = Image.new("RGB", (IN_A_ROW * step - GAP, rows * step - GAP), "white")
    for place, prompt in enumerate(PROMPTS):
        [picture] = painter.paint([prompt], seed=place + 1).images
        down, right = divmod(place, IN_A_ROW)
        small = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        sheet.paste(small, (right * step, down * step))
    sheet.quantize(255, dither=Image.Dither.FLOYDSTEINBERG).save(
        Path(__file__).parent / "images" / "sketch-painter.png", optimize=True
    )


if __name__ == "__main__":
    main()
