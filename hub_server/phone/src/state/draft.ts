import { ref, shallowRef } from "vue";
import type { Ref, ShallowRef } from "vue";

import type { Incident } from "../api/types";
import { t } from "../i18n";
import { position } from "../lib/position";
import { makeShot } from "../lib/shot";
import { stamp } from "../lib/time";
import { draftOf, putDraft } from "../queue/db";
import type { Shot } from "../queue/types";
import { placeName } from "./names";
import { user } from "./session";

export type HandleKind = "handle_before" | "handle_after";

export interface DraftState {
  note: Ref<string>;
  shots: ShallowRef<Shot[]>;
  add: (kind: HandleKind, file: Blob, incident: Incident) => Promise<void>;
  remove: (shot: Shot) => Promise<void>;
  save: () => Promise<void>;
}

/** Time and place, as they go into the picture: measured if the phone can, else the case's own. */
async function watermark(incident: Incident): Promise<string[]> {
  const fix = await position();
  const at = fix ?? incident;
  const numbers = { lat: at.lat.toFixed(5), lon: at.lon.toFixed(5) };
  const where = fix ? t("mark.gps", { ...numbers, m: Math.round(fix.accuracy) }) : t("mark.noGps", numbers);
  const me = user.value;
  return [`${stamp(Date.now())}  ${me ? me.zh || me.en : ""}`, placeName(incident.grid, incident.area), where];
}

/** The handling report of one case: kept on the phone with every change, so nothing is taken twice. */
export function useDraft(id: string): DraftState {
  const note = ref("");
  const shots = shallowRef<Shot[]>([]);
  const owner = user.value?.name ?? "";

  void draftOf(owner, id).then((draft) => {
    note.value = draft?.note ?? "";
    shots.value = draft?.shots ?? [];
  });

  const save = (): Promise<void> =>
    putDraft({ user: owner, incident: id, note: note.value, shots: shots.value });

  async function add(kind: HandleKind, file: Blob, incident: Incident): Promise<void> {
    const made = await makeShot(file, await watermark(incident));
    shots.value = [...shots.value, { ...made, kind }];
    await save();
  }
  async function remove(shot: Shot): Promise<void> {
    shots.value = shots.value.filter((s) => s !== shot);
    await save();
  }
  return { note, shots, add, remove, save };
}
