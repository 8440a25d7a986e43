import { sha256Hex } from "./sha256";

const LONGEST_SIDE = 1600;
const QUALITIES = [0.82, 0.6, 0.4];
/** The hub takes 2 MB a picture. */
const LARGEST_BYTES = 1_900_000;

/** Width and height within the longest side, never enlarged. */
export function fit(width: number, height: number, longest = LONGEST_SIDE): [number, number] {
  const ratio = Math.min(1, longest / Math.max(width, height));
  return [Math.round(width * ratio), Math.round(height * ratio)];
}

/** Light text on a dark band at the foot: readable on any picture, hides little of it. */
function watermark(ctx: CanvasRenderingContext2D, lines: string[]): void {
  const { width, height } = ctx.canvas;
  const size = Math.max(16, Math.round(Math.min(width, height) * 0.032));
  const step = Math.round(size * 1.45);
  const band = step * lines.length + size;
  ctx.fillStyle = "rgba(0, 0, 0, 0.55)";
  ctx.fillRect(0, height - band, width, band);
  ctx.font = `600 ${size}px -apple-system, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif`;
  ctx.fillStyle = "#fff";
  ctx.textBaseline = "top";
  lines.forEach((line, i) => {
    ctx.fillText(line, size, height - band + size / 2 + i * step, width - 2 * size);
  });
}

function encode(canvas: HTMLCanvasElement, quality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null): void =>
      blob ? resolve(blob) : reject(new Error("the canvas gave no JPEG"));
    canvas.toBlob(done, "image/jpeg", quality);
  });
}

/** The best quality that fits; the last one is taken as it is. */
async function toJpeg(canvas: HTMLCanvasElement): Promise<Blob> {
  let jpeg = new Blob();
  for (const quality of QUALITIES) {
    jpeg = await encode(canvas, quality);
    if (jpeg.size <= LARGEST_BYTES) break;
  }
  return jpeg;
}

/**
 * A camera file as the JPEG that is sent: turned upright, at most 1600 px, watermarked and without
 * the camera's metadata. Throws when the file is no picture.
 */
export async function makeShot(file: Blob, lines: string[]): Promise<{ jpeg: ArrayBuffer; sha256: string }> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = fit(bitmap.width, bitmap.height);
  const ctx = canvas.getContext("2d");
  if (!ctx) throw new Error("no 2d canvas");
  ctx.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  watermark(ctx, lines);
  const jpeg = await (await toJpeg(canvas)).arrayBuffer();
  return { jpeg, sha256: await sha256Hex(new Uint8Array(jpeg)) };
}
