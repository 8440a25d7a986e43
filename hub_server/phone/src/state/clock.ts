import { readonly, ref } from "vue";

/** The time that chips and "ago" texts show, in ms; read once for the whole page. */
const nowMs = ref(Date.now());
setInterval(() => (nowMs.value = Date.now()), 10_000);
document.addEventListener("visibilitychange", () => (nowMs.value = Date.now()));

export const now = readonly(nowMs);
