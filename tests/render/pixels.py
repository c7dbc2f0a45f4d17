"""Compares a page of a PDF with a committed picture of it.

``CCM_UPDATE_PIXELS=1`` writes the pictures anew; look at them before you commit them.
"""

from __future__ import annotations

import os
from pathlib import Path

from letter_parts import opened
from PIL import Image, ImageChops

FOLDER = Path(__file__).parent / "pixels"
DOTS_PER_INCH = 60
LEVELS = 16
"""Of grey in a kept picture: enough to see a page by, and a quarter of the bytes."""
NOTICED, SHARE = 64, 0.001
"""A pixel counts as different from this difference of 255 on; so many may, since curves are smoothed differently."""
UPDATE = "CCM_UPDATE_PIXELS"


def picture(pdf: bytes, page: int) -> Image.Image:
    """A page (from 0) in grey."""
    with opened(pdf) as document:
        image: Image.Image = document[page].render(scale=DOTS_PER_INCH / 72).to_pil()
    step = 255 / (LEVELS - 1)
    return image.convert("L").point(lambda value: round(round(value / step) * step))


def difference(seen: Image.Image, kept: Image.Image) -> float:
    """The share of pixels that differ; 1 where the sizes do."""
    if seen.size != kept.size:
        return 1.0
    histogram = ImageChops.difference(seen, kept).histogram()
    return sum(histogram[NOTICED:]) / (seen.width * seen.height)


def assert_looks_like(pdf: bytes, page: int, name: str, tmp_path: Path) -> None:
    """Fails where the page does not look like ``pixels/<name>.png``, and leaves pictures of both in `tmp_path`."""
    seen, path = picture(pdf, page), FOLDER / f"{name}.png"
    if os.environ.get(UPDATE):
        FOLDER.mkdir(exist_ok=True)
        seen.quantize(LEVELS).save(path, optimize=True)
        return
    assert path.exists(), f"there is no {path}: run the test with {UPDATE}=1, look at the picture and commit it"
    with Image.open(path) as opened_file:
        kept = opened_file.convert("L")
    share = difference(seen, kept)
    if share > SHARE:
        seen.save(tmp_path / f"{name}-seen.png")
        kept.save(tmp_path / f"{name}-kept.png")
        if seen.size == kept.size:
            Image.merge("RGB", (kept, seen, seen)).save(tmp_path / f"{name}-difference.png")
    assert share <= SHARE, (
        f"{share:.2%} of page {page + 1} differ from {path.name}, in red and cyan in {tmp_path / name}-difference.png. "
        f"If that is meant: {UPDATE}=1"
    )
