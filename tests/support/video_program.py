"""A program that writes a moving picture to its standard output, as ``rpicam-vid`` does.

python video_program.py h264|h265|mjpeg FRAMES FPS [--then exit|stall] [--say TEXT]
"""

import sys
import time

import av
import numpy as np

CODECS = {"h264": "libx264", "h265": "libx265", "mjpeg": "mjpeg"}


def main() -> None:
    kind, frames, fps = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    then = sys.argv[sys.argv.index("--then") + 1] if "--then" in sys.argv else "exit"
    if "--say" in sys.argv:
        sys.stderr.write(sys.argv[sys.argv.index("--say") + 1] + "\n")
    encoder = av.CodecContext.create(CODECS[kind], "w")
    encoder.width, encoder.height = 320, 240
    encoder.pix_fmt = "yuvj420p" if kind == "mjpeg" else "yuv420p"
    encoder.framerate = round(fps)
    encoder.time_base = 1 / encoder.framerate
    encoder.gop_size = round(fps)
    encoder.options = {"tune": "zerolatency", "preset": "ultrafast", "x265-params": "log-level=0"}
    for index in range(frames):
        image = np.full((240, 320, 3), 60, np.uint8)
        image[60:180, 200 : 230 + index % 60] = (30, 200, 240)
        frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=encoder.pix_fmt)
        frame.pts = index
        for packet in encoder.encode(frame):
            sys.stdout.buffer.write(bytes(packet))
        sys.stdout.buffer.flush()
        time.sleep(1 / fps)
    while then == "stall":
        time.sleep(1)


if __name__ == "__main__":
    main()
