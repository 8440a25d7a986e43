import { markReachable, markUnreachable } from "../state/online";
import { Failure, failureOf } from "./problem";

const BASE = "api/v1";
const TIMEOUT_MS = 15_000;

let bearer = "";

export function setBearer(token: string): void {
  bearer = token;
}

export interface Call {
  method?: "GET" | "POST" | "PUT";
  json?: unknown;
  body?: Blob;
  headers?: Record<string, string>;
  timeoutMs?: number;
  signal?: AbortSignal;
}

function request(call: Call): RequestInit {
  const headers: Record<string, string> = { Accept: "application/json", ...call.headers };
  if (bearer) headers["Authorization"] = `Bearer ${bearer}`;
  if (call.json !== undefined) headers["Content-Type"] = "application/json";
  const body = call.json === undefined ? (call.body ?? null) : JSON.stringify(call.json);
  return { method: call.method ?? "GET", headers, body, cache: "no-store" };
}

/** A signal that ends with the caller's or when the time is over (no AbortSignal.any on old phones). */
function limit(call: Call): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), call.timeoutMs ?? TIMEOUT_MS);
  call.signal?.addEventListener("abort", () => controller.abort(), { once: true });
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}

/** One call to the hub. Throws `Failure`; a call that got no answer marks the hub unreachable. */
export async function send(path: string, call: Call = {}): Promise<Response> {
  const { signal, stop } = limit(call);
  const begunAt = performance.now();
  try {
    const response = await fetch(`${BASE}${path}`, { ...request(call), signal });
    if (response.status >= 502 && response.status <= 504) markUnreachable();
    else markReachable(begunAt);
    if (!response.ok) throw await failureOf(response);
    return response;
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (!call.signal?.aborted) markUnreachable();
    throw new Failure("offline", 0);
  } finally {
    stop();
  }
}

export async function getJson<T>(path: string, call: Call = {}): Promise<T> {
  return (await (await send(path, call)).json()) as T;
}
