import type { ActionBody, PictureKind } from "../api/types";

/** A JPEG made by this phone. */
export interface Shot {
  sha256: string;
  kind: PictureKind;
  /** ArrayBuffer and not Blob: some phones lose blobs kept in IndexedDB. */
  jpeg: ArrayBuffer;
}

export type EntryState = "waiting" | "refused";

/** One action of one user on its way to the hub. */
export interface Entry {
  /** Also the Idempotency-Key: sent again with the same one. */
  id: string;
  user: string;
  incident: string;
  /** For people: what the case is called. */
  number: string;
  type: string;
  body: ActionBody;
  shots: Shot[];
  /** SHA-256 of the pictures the hub already has. */
  uploaded: string[];
  created_at: number;
  attempts: number;
  state: EntryState;
  /** Why the hub refused it. */
  status?: number;
  detail?: string;
}

/** A handling report that is being written. */
export interface Draft {
  user: string;
  incident: string;
  note: string;
  shots: Shot[];
}
