const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time as its one or two leading units. */
export interface Span {
  days: number;
  hours: number;
  minutes: number;
}

export function span(ms: number): Span {
  const left = Math.max(0, ms);
  return {
    days: Math.floor(left / DAY),
    hours: Math.floor((left % DAY) / HOUR),
    minutes: Math.floor((left % HOUR) / MINUTE),
  };
}

export type Urgency = "normal" | "due_soon" | "overdue";

/** 临期 due soon: the last hour, or the last quarter of a limit shorter than four hours. */
export function urgency(dueMs: number, openedMs: number, nowMs: number): Urgency {
  if (nowMs >= dueMs) return "overdue";
  const window = Math.min(HOUR, (dueMs - openedMs) / 4);
  return dueMs - nowMs <= window ? "due_soon" : "normal";
}

const two = (n: number): string => String(n).padStart(2, "0");

/** Local time as 2026-01-31 14:03:22: the same in both languages, sortable, unambiguous. */
export function stamp(ms: number, seconds = true): string {
  const d = new Date(ms);
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const time = `${two(d.getHours())}:${two(d.getMinutes())}`;
  return seconds ? `${day} ${time}:${two(d.getSeconds())}` : `${day} ${time}`;
}

/** The stamp without what today makes obvious. */
export function shortStamp(ms: number, nowMs: number): string {
  const text = stamp(ms, false);
  const [today, that] = [stamp(nowMs, false).slice(0, 10), text.slice(0, 10)];
  return today === that ? text.slice(11) : text.slice(5);
}
