import type { ProblemBody } from "./types";

/**
 * Why a call failed, by what to do next: `offline` waits for the network, `retry` waits for the
 * hub, `session` needs a new sign-in, `refused` will not succeed by repeating.
 */
export type FailureKind = "offline" | "retry" | "session" | "refused";

export class Failure extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly status: number,
    readonly problem: ProblemBody = {},
  ) {
    super(problem.detail ?? problem.title ?? kind);
    this.name = "Failure";
  }
}

const RETRY_LATER = new Set([408, 425, 429, 500, 502, 503, 504]);

export function kindOf(status: number): FailureKind {
  if (status === 401) return "session";
  return RETRY_LATER.has(status) ? "retry" : "refused";
}

export async function failureOf(response: Response): Promise<Failure> {
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  const body = isJson ? ((await response.json()) as ProblemBody) : {};
  return new Failure(kindOf(response.status), response.status, body);
}

/** What the hub said field by field, as one line. */
export function fieldErrors(problem: ProblemBody): string {
  return Object.entries(problem.errors ?? {})
    .map(([field, message]) => `${field}: ${message}`)
    .join("; ");
}
