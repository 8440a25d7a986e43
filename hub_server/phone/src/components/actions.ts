import type { Action, CheckResult, VerifyResult } from "../api/types";
import type { IconName } from "./icons";

/** The step a case is waiting for comes first; the rest are ways aside. */
const FORWARD: readonly Action[] = [
  "close",
  "check",
  "handle",
  "acknowledge",
  "dispatch",
  "register",
  "verify",
  "resume",
];

export interface Offered {
  main?: Action;
  others: Action[];
}

/** Which of the allowed actions is the big button, and what stands beside it. */
export function offer(actions: readonly Action[]): Offered {
  const main = FORWARD.find((a) => actions.includes(a));
  const others = actions.filter((a) => a !== main);
  return main ? { main, others } : { others };
}

export interface Choice {
  value: VerifyResult | CheckResult;
  icon: IconName;
}

const UNABLE: Choice = { value: "unable", icon: "question" };

export const CHOICES: Partial<Record<Action, readonly Choice[]>> = {
  verify: [{ value: "exist", icon: "check" }, { value: "not_exist", icon: "cross" }, UNABLE],
  check: [{ value: "pass", icon: "check" }, { value: "not_pass", icon: "cross" }, UNABLE],
};

/** Actions that turn a case away need a reason that others can read. */
export const NEEDS_NOTE: readonly Action[] = ["return", "void", "suspend"];
