import { computed, shallowRef } from "vue";

import { areas as fetchAreas, eventTypes as fetchTypes } from "../api/calls";
import { Failure } from "../api/problem";
import type { Area, Bilingual, EventType } from "../api/types";
import { pick } from "../i18n";
import { keep, kept } from "../queue/db";

/** Names and outlines: they change rarely, so the last answer is kept for a phone without network. */
export const areas = shallowRef<Area[]>([]);
const types = shallowRef<EventType[]>([]);

async function freshOrKept<T>(key: string, fetchIt: () => Promise<T>): Promise<T | undefined> {
  try {
    const fresh = await fetchIt();
    await keep(key, fresh);
    return fresh;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return (await kept<T>(key))?.value;
  }
}

export async function loadNames(): Promise<void> {
  const [a, e] = await Promise.all([
    freshOrKept("areas", fetchAreas),
    freshOrKept("event-types", fetchTypes),
  ]);
  areas.value = a ?? areas.value;
  types.value = e ?? types.value;
}

const byCode = computed(() => new Map(areas.value.map((a) => [a.code, a])));
const byType = computed(() => new Map(types.value.map((e) => [e.name, e])));

export const areaName = (code: string): string => pick(byCode.value.get(code)) || code;
export const typeName = (type: string): string => pick(byType.value.get(type)) || type;

/** 社区 + 网格: the two innermost names people say, from the registry or the incident's own. */
export function placeName(grid: string, own: Bilingual): string {
  const community = areas.value.find((a) => a.level === "community" && grid.startsWith(a.code));
  const parts = [pick(community), pick(own)].filter(Boolean);
  return [...new Set(parts)].join(" · ") || grid;
}
