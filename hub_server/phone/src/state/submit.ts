import { ref } from "vue";
import type { Ref } from "vue";

import type { ActionBody, Incident } from "../api/types";
import { t } from "../i18n";
import { sayError } from "../i18n/say";
import { submit } from "../queue/queue";
import type { Shot } from "../queue/types";
import { showToast } from "../vant";

export interface Submitting {
  busy: Ref<boolean>;
  /** True when the action is with the hub or safely kept; false when it was refused. */
  run: (incident: Incident, body: ActionBody, shots?: Shot[]) => Promise<boolean>;
}

/** Submits an action and tells the person what became of it. */
export function useSubmit(): Submitting {
  const busy = ref(false);
  async function run(incident: Incident, body: ActionBody, shots: Shot[] = []): Promise<boolean> {
    busy.value = true;
    try {
      const outcome = await submit(incident, body, shots);
      if (outcome?.result === "refused") {
        showToast({ message: sayError(outcome.failure), duration: 5000, position: "bottom" });
        return false;
      }
      const sent = outcome?.result === "sent";
      showToast({ message: t(sent ? `done.${body.action}` : "do.kept"), position: "bottom" });
      return true;
    } finally {
      busy.value = false;
    }
  }
  return { busy, run };
}
