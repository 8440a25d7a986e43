"""Pictures for the phone page's tests: drawn, so that no footage of anybody is needed."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1280, 800)
_SKY, _WALL, _GROUND = (196, 214, 222), (222, 205, 178), (150, 152, 148)


def _jpeg(picture: Image.Image, quality: int = 80) -> bytes:
    out = BytesIO()
    picture.save(out, format="JPEG", quality=quality)
    return out.getvalue()


def _courtyard() -> Image.Image:
    picture = Image.new("RGB", SIZE, _SKY)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 150, 1280, 470), fill=_WALL)
    for x in range(60, 1280, 190):
        pen.rectangle((x, 205, x + 90, 320), fill=(120, 148, 160), outline=(250, 246, 236), width=8)
    pen.polygon([(0, 470), (1280, 470), (1280, 800), (0, 800)], fill=_GROUND)
    for x in range(-600, 1900, 160):
        pen.line([(640 + (x - 640) // 3, 470), (x, 800)], fill=(138, 140, 136), width=4)
    pen.rectangle((540, 240, 740, 470), fill=(92, 74, 58), outline=(60, 48, 38), width=8)
    pen.line([(640, 240), (640, 470)], fill=(60, 48, 38), width=6)
    return picture


def _person(picture: Image.Image, x: int, y: int, height: int, coat: tuple[int, int, int]) -> None:
    """A figure whose feet stand at (x, y), with the head blurred as a camera's are."""
    pen = ImageDraw.Draw(picture)
    head, wide = height // 7, height // 4
    pen.ellipse((x - wide, y - 10, x + wide, y + 14), fill=(118, 120, 116))
    pen.rounded_rectangle((x - wide // 2, y - height // 2, x - 4, y), 8, fill=(48, 54, 66))
    pen.rounded_rectangle((x + 4, y - height // 2, x + wide // 2, y), 8, fill=(48, 54, 66))
    top = y - height + 2 * head
    pen.rounded_rectangle(
        (x - wide // 2 - 8, top, x + wide // 2 + 8, y - height // 3), 20, fill=coat
    )
    pen.ellipse((x - head, y - height, x + head, y - height + 2 * head), fill=(205, 164, 132))
    area = (x - 2 * head, y - height - head, x + 2 * head, y - height + 3 * head)
    picture.paste(picture.crop(area).filter(ImageFilter.GaussianBlur(16)), area)


def evidence() -> bytes:
    """A courtyard with two people in it, heads blurred, each in a detector's box."""
    picture = _courtyard()
    _person(picture, 470, 700, 300, (64, 96, 140))
    _person(picture, 800, 640, 240, (150, 74, 66))
    pen = ImageDraw.Draw(picture)
    for box in ((380, 380, 560, 716), (728, 382, 872, 654)):
        pen.rectangle(box, outline=(255, 210, 31), width=6)
    pen.polygon([(220, 500), (1060, 500), (1240, 780), (40, 780)], outline=(255, 255, 255), width=3)
    return _jpeg(picture)


def camera_shot(after: bool) -> bytes:
    """What the worker's camera gives: larger than is sent, before and after the work."""
    picture = _courtyard().resize((2400, 1500))
    if not after:
        _person(picture, 1100, 1300, 560, (64, 96, 140))
    return _jpeg(picture, 90)
