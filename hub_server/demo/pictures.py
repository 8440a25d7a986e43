"""Pictures the story's worker 'takes': drawn, so that no footage of anybody is needed."""

from io import BytesIO

from PIL import Image, ImageDraw


def draw(caption: str, shade: int) -> bytes:
    """A 640x480 JPEG: a grey lane under a sky of ``shade`` (0-255), with its caption."""
    picture = Image.new("RGB", (640, 480), (shade, shade, min(255, shade + 30)))
    pen = ImageDraw.Draw(picture)
    pen.polygon([(200, 200), (440, 200), (640, 480), (0, 480)], fill=(110, 110, 110))
    pen.line([(320, 210), (320, 480)], fill=(240, 220, 90), width=6)
    pen.rectangle((0, 0, 640, 28), fill=(20, 20, 20))
    pen.text((10, 8), caption, fill=(255, 255, 255))
    out = BytesIO()
    picture.save(out, format="JPEG", quality=85)
    return out.getvalue()
