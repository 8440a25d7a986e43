import { getJson, send } from "./http";
import type {
  ActionBody,
  Area,
  Changes,
  Command,
  CommandBody,
  Device,
  DeviceDetail,
  EventType,
  IncidentDetail,
  IncidentPage,
  Session,
  State,
  SwitchBody,
  Twin,
  User,
  Worker,
} from "./types";

export const PAGE_SIZE = 50;
const WAIT_S = 20;

type Value = string | number | boolean | readonly string[] | undefined;

/** A list becomes a repeated parameter, what is undefined none. */
function query(params: Record<string, Value>): string {
  const pairs = Object.entries(params).flatMap(([key, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [key, String(one)]),
  );
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}
const seg = encodeURIComponent;

export const signIn = (name: string, password: string): Promise<Session> =>
  getJson("/session", { method: "POST", json: { name, password } });
export const signInByLink = (code: string): Promise<Session> =>
  getJson("/session/link", { method: "POST", json: { code } });
export const me = (): Promise<User> => getJson("/me");

/** What the hub gives at most in one answer. */
export const LARGEST_PAGE = 200;

export interface IncidentQuery {
  /** Only those dispatched to me. */
  mine?: boolean;
  state?: readonly State[];
  /** Only incidents whose `change` is smaller. */
  before?: number;
  limit?: number;
}
export const incidents = (filter: IncidentQuery = {}): Promise<IncidentPage> =>
  getJson(`/incidents${query({ limit: PAGE_SIZE, ...filter })}`);
export const incident = (id: string): Promise<IncidentDetail> => getJson(`/incidents/${seg(id)}`);
export const changes = (after: number, signal: AbortSignal): Promise<Changes> =>
  getJson(`/changes${query({ after, wait: WAIT_S })}`, { signal, timeoutMs: (WAIT_S + 10) * 1000 });

/** Repeating a call with the same key is one action. */
export const act = (id: string, body: ActionBody, key: string): Promise<IncidentDetail> =>
  getJson(`/incidents/${seg(id)}/actions`, {
    method: "POST",
    json: body,
    headers: { "Idempotency-Key": key },
  });

export const workers = (grid?: string): Promise<Worker[]> => getJson(`/workers${query({ grid })}`);
export const areas = (): Promise<Area[]> => getJson("/areas");
export const eventTypes = (): Promise<EventType[]> => getJson("/event-types");
export const devices = (): Promise<Device[]> => getJson("/devices");
export const device = (name: string): Promise<DeviceDetail> => getJson(`/devices/${seg(name)}`);
export const twin = (name: string): Promise<Twin> => getJson(`/devices/${seg(name)}/twin`);
export const switchZone = (name: string, json: SwitchBody): Promise<Twin> =>
  getJson(`/devices/${seg(name)}/arming`, { method: "POST", json });
export const order = (name: string, json: CommandBody): Promise<Command> =>
  getJson(`/devices/${seg(name)}/commands`, { method: "POST", json });
export const ordered = (name: string, id: string): Promise<Command> =>
  getJson(`/devices/${seg(name)}/commands/${seg(id)}`);

export const picture = async (sha256: string): Promise<Blob> =>
  (await send(`/pictures/${seg(sha256)}`, { headers: { Accept: "image/jpeg" } })).blob();
export const putPicture = async (sha256: string, jpeg: Blob): Promise<void> => {
  const headers = { "Content-Type": "image/jpeg" };
  await send(`/pictures/${seg(sha256)}`, { method: "PUT", body: jpeg, headers, timeoutMs: 60_000 });
};
