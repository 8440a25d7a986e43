import { onBeforeUnmount, ref, shallowRef } from "vue";
import type { Ref } from "vue";

import * as api from "../api/calls";
import { Failure } from "../api/problem";
import type { IncidentDetail } from "../api/types";
import { keep, kept } from "../queue/db";
import { onDelivered } from "../queue/queue";
import { onChanges } from "./live";

export interface Detail {
  incident: Ref<IncidentDetail | null>;
  failure: Ref<Failure | null>;
  reload: () => Promise<void>;
}

/** One incident, followed while its page is open; without network, as the hub told it last. */
export function useIncident(id: string): Detail {
  const incident = shallowRef<IncidentDetail | null>(null);
  const failure = ref<Failure | null>(null);
  const key = `incident/${id}`;

  function show(fresh: IncidentDetail): void {
    // An answer that was overtaken by a newer one is dropped.
    if (incident.value && fresh.change < incident.value.change) return;
    incident.value = fresh;
    void keep(key, fresh);
  }

  async function reload(): Promise<void> {
    try {
      show(await api.incident(id));
      failure.value = null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure.value = error;
      if (!incident.value) incident.value = (await kept<IncidentDetail>(key))?.value ?? null;
    }
  }

  const stops = [
    onChanges((ids) => void ((ids.length === 0 || ids.includes(id)) && reload())),
    onDelivered((changed) => void (changed.id === id && show(changed))),
  ];
  onBeforeUnmount(() => stops.forEach((stop) => stop()));
  void reload();
  return { incident, failure, reload };
}
