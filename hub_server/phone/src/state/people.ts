import type { IncidentDetail, Person } from "../api/types";
import { pick, t } from "../i18n";

/** Who takes the steps that follow by themselves. */
const SYSTEM = "linli";
/** The county data centre, which answers by its callback. */
const COUNTY = "county";

export function personName(incident: IncidentDetail, name: string): string {
  if (name === SYSTEM) return t("detail.system");
  if (name === COUNTY) return t("detail.countyCentre");
  return pick(incident.people.find((p) => p.name === name)) || name;
}

/** Whom this person calls about the case: its worker, or for the worker whoever dispatched it. */
export function callee(incident: IncidentDetail, me: string): Person | undefined {
  const dispatcher = [...incident.steps].reverse().find((s) => s.action === "dispatch")?.actor;
  const other = incident.worker === me ? dispatcher : incident.worker;
  return incident.people.find((p) => p.name === other && p.phone !== "" && p.name !== me);
}
