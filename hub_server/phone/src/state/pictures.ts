import { picture } from "../api/calls";

const MOST = 60;
/** Pictures of this visit as object URLs. Every look at one is audited, so none is fetched twice. */
const urls = new Map<string, Promise<string>>();

async function fetchUrl(sha256: string): Promise<string> {
  return URL.createObjectURL(await picture(sha256));
}

function forgetOldest(): void {
  const oldest = urls.entries().next();
  if (oldest.done) return;
  const [sha256, url] = oldest.value;
  urls.delete(sha256);
  void url.then(URL.revokeObjectURL, () => undefined);
}

/** The picture as an object URL. Throws `Failure`; a failed one is fetched anew next time. */
export function pictureUrl(sha256: string): Promise<string> {
  const known = urls.get(sha256);
  if (known) return known;
  if (urls.size >= MOST) forgetOldest();
  const url = fetchUrl(sha256);
  urls.set(sha256, url);
  url.catch(() => urls.delete(sha256));
  return url;
}

export function forgetPictures(): void {
  while (urls.size) forgetOldest();
}
