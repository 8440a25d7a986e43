import { Failure, fieldErrors } from "../api/problem";
import { span, stamp, urgency } from "../lib/time";
import type { Urgency } from "../lib/time";
import { t } from ".";
import type { Key } from ".";

const KNOWN = new Set([400, 403, 404, 409, 413, 422]);

function headline(failure: Failure): string {
  if (failure.kind !== "refused") return t(`error.${failure.kind}`);
  if (KNOWN.has(failure.status)) return t(`error.${failure.status}` as Key);
  return t("error.other", { status: failure.status });
}

/** What happened and what to do, in the user's language; the hub's words only about wrong fields. */
export function sayError(error: unknown): string {
  if (!(error instanceof Failure)) return t("error.other", { status: String(error) });
  const detail = fieldErrors(error.problem);
  return detail ? `${headline(error)}\n${t("error.detail", { detail })}` : headline(error);
}

export function saySpan(ms: number): string {
  const { days, hours, minutes } = span(ms);
  if (days) return t(hours ? "span.dh" : "span.d", { d: days, h: hours });
  if (hours) return t(minutes ? "span.hm" : "span.h", { h: hours, m: minutes });
  return t("span.m", { m: Math.max(1, minutes) });
}

/** How long ago, by its leading unit; after a week the date says more. */
export function sayAgo(iso: string, nowMs: number): string {
  const { days, hours, minutes } = span(nowMs - Date.parse(iso));
  if (days > 7) return stamp(Date.parse(iso), false);
  if (days) return t("ago.days", { n: days });
  if (hours) return t("ago.hours", { n: hours });
  return minutes ? t("ago.minutes", { n: minutes }) : t("ago.now");
}

export interface Due {
  urgency: Urgency;
  text: string;
}

export function sayDue(dueAt: string, openedAt: string, nowMs: number): Due {
  const due = Date.parse(dueAt);
  const how = urgency(due, Date.parse(openedAt), nowMs);
  const key = { normal: "due.left", due_soon: "due.soon", overdue: "due.overdue" } as const;
  return { urgency: how, text: t(key[how], { span: saySpan(Math.abs(due - nowMs)) }) };
}
