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

const communityOf = (code: string): Area | undefined =>
  areas.value.find((a) => a.level === "community" && code.startsWith(a.code));

/** 社区 + 网格: the two innermost names people say; a grid's name often begins with its community's. */
export function placeName(grid: string, own: Bilingual): string {
  const community = communityOf(grid);
  if (!community || own.zh.startsWith(community.zh)) return pick(own) || grid;
  return `${pick(community)} · ${pick(own)}`;
}

/** A grid's name within its community: 梧桐社区第二网格 → 第二网格. */
export function shortName(code: string): string {
  const [name, community] = [areaName(code), pick(communityOf(code))];
  return community && name.startsWith(community) ? name.slice(community.length) || name : name;
}
