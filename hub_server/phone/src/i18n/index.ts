import { Locale } from "vant";
import vantEn from "vant/es/locale/lang/en-US";
import vantZh from "vant/es/locale/lang/zh-CN";
import { computed, ref, watchEffect } from "vue";

import type { Bilingual } from "../api/types";
import { en } from "./en";
import type { Key, Messages } from "./zh";
import { zh } from "./zh";

export type { Key } from "./zh";
export type Lang = "zh" | "en";
export type Params = Record<string, string | number>;

const KEEP = "linli.lang";
const TABLES: Record<Lang, Messages> = { zh, en };

function initial(): Lang {
  const kept = localStorage.getItem(KEEP);
  if (kept === "zh" || kept === "en") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

const current = ref<Lang>(initial());
export const lang = computed(() => current.value);

export function setLang(next: Lang): void {
  localStorage.setItem(KEEP, next);
  current.value = next;
}
export const toggleLang = (): void => setLang(current.value === "zh" ? "en" : "zh");

watchEffect(() => {
  const english = current.value === "en";
  document.documentElement.lang = english ? "en" : "zh-CN";
  document.title = english ? "Linli" : "邻里";
  Locale.use(english ? "en-US" : "zh-CN", english ? vantEn : vantZh);
});

/** The text of a key in the chosen language, with `{name}` filled in. */
export function t(key: Key, params: Params = {}): string {
  return TABLES[current.value][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in params ? String(params[name]) : whole,
  );
}

const has = (key: string): key is Key => key in zh;

/** The text of a key made from data, or the data itself where the page has no word for it. */
export const tOr = (key: string, fallback: string): string => (has(key) ? t(key) : fallback);

/** The name of something in the chosen language; never empty if either is there. */
export const pick = (name: Bilingual | null | undefined): string =>
  name ? (current.value === "zh" ? name.zh || name.en : name.en || name.zh) : "";
