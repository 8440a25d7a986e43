import { onBeforeUnmount, ref, shallowRef } from "vue";
import type { Ref, ShallowRef } from "vue";

import { Failure } from "../api/problem";

/** What the hub says, asked again every `ms` while the view is there; the last answer stays while it fails. */
export function polled<T>(
  ask: () => Promise<T>,
  ms: number,
): { found: ShallowRef<T | null>; failure: Ref<Failure | null>; load: () => Promise<void> } {
  const found = shallowRef<T | null>(null);
  const failure = ref<Failure | null>(null);
  async function load(): Promise<void> {
    try {
      found.value = await ask();
      failure.value = null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure.value = error;
    }
  }
  void load();
  const timer = setInterval(load, ms);
  onBeforeUnmount(() => clearInterval(timer));
  return { found, failure, load };
}
