/** The hub's API as types. Times are RFC 3339 UTC strings, coordinates WGS-84 degrees. */

export type Colour = "blue" | "yellow" | "orange" | "red";
export type Role = "worker" | "operator" | "technician" | "admin";

export type State =
  | "reported"
  | "pending_verify"
  | "pending_register"
  | "pending_dispatch"
  | "pending_handle"
  | "handling"
  | "handle_finish"
  | "pending_check"
  | "closed"
  | "returned"
  | "not_accepted"
  | "suspended";

export type Action =
  | "verify"
  | "register"
  | "dispatch"
  | "acknowledge"
  | "return"
  | "handle"
  | "check"
  | "close"
  | "void"
  | "suspend"
  | "resume";

export type VerifyResult = "exist" | "not_exist" | "unable";
export type CheckResult = "pass" | "not_pass" | "unable";
export type PictureKind = "near" | "far" | "reference" | "handle_before" | "handle_after";

/** A name in both languages. */
export interface Bilingual {
  zh: string;
  en: string;
}

export interface User extends Bilingual {
  name: string;
  role: Role;
  /** Area code; the user sees every code that starts with it. */
  area: string;
  phone: string;
}

export interface Session {
  token: string;
  expires_at: string;
  user: User;
}

export interface Incident {
  id: string;
  /** The case number people say. */
  number: string;
  type: string;
  code: string;
  state: State;
  colour: Colour;
  severity: string;
  grid: string;
  area: Bilingual;
  device: string;
  source: string;
  source_name: Bilingual;
  zone: string;
  lat: number;
  lon: number;
  reason: Bilingual & { values?: Record<string, unknown> };
  occurred_at: string;
  opened_at: string;
  updated_at: string;
  due_at: string | null;
  /** Why the limit is not known; empty when it is. */
  due_fault: string;
  closed_at: string | null;
  ended_at: string | null;
  worker: string | null;
  check_result: CheckResult | null;
  rework_count: number;
  alert_count: number;
  late: boolean;
  county_case: string | null;
  /** Grows over all incidents with every change. */
  change: number;
  /** SHA-256 of the newest picture. */
  picture: string | null;
}

export interface Step {
  seq: number;
  action: string;
  from_state: State | "";
  to_state: State;
  actor: string;
  at: string;
  note: string;
  detail: Record<string, unknown>;
}

export interface PictureRef {
  sha256: string;
  kind: PictureKind;
}

export interface PictureOf extends PictureRef {
  step: number | null;
  /** False while it is still on its way from the device. */
  received: boolean;
}

/** Someone who had to do with a case, to be named and called. */
export interface Person extends Bilingual {
  name: string;
  role: Role;
  phone: string;
}

export interface IncidentDetail extends Incident {
  steps: Step[];
  pictures: PictureOf[];
  people: Person[];
  /** What I may do now. */
  actions: Action[];
}

export interface IncidentPage {
  items: Incident[];
  last_change: number;
}

export interface ActionBody {
  action: Action;
  result?: VerifyResult | CheckResult;
  worker?: string;
  note?: string;
  pictures?: PictureRef[];
}

export interface Changes {
  last: number;
  incidents: string[];
}

export interface Worker extends Bilingual {
  name: string;
  area: string;
  phone: string;
}

/** WGS-84 degrees, longitude first. */
export type LonLat = [number, number];

export interface Area extends Bilingual {
  code: string;
  level: "county" | "town" | "community" | "grid";
  outline: LonLat[];
}

export interface EventType extends Bilingual {
  name: string;
  colour: Colour;
  code: string;
}

export interface CameraHealth {
  name: string;
  state: "ok" | "starting" | "fault";
  fault?: string;
  fps_in?: number;
  fps_inferred?: number;
  frame_age_s?: number | null;
}

export interface LaneHealth {
  lane: string;
  waiting: number;
  dropped?: number;
  oldest_s?: number;
}

export interface Health {
  version: string;
  uptime_s: number;
  state: "ok" | "fault";
  cameras?: CameraHealth[];
  lanes?: LaneHealth[];
  cpu_percent?: number | null;
  temperature_c?: number | null;
  memory_mb?: number | null;
  disk_free_mb?: number | null;
  clock_set?: boolean;
  faults?: string[];
}

/** A camera or sensor of a device. */
export interface Source extends Bilingual {
  name: string;
  kind: "camera" | "sensor";
}

/** Cause and fix of one thing that is wrong. */
export interface Fault extends Bilingual {
  /** The camera's name; empty for the device itself. */
  part: string;
  code: string;
}

export interface Device {
  device: string;
  profile: string;
  grid: string;
  state: "online" | "offline" | "unknown";
  last_seen: string | null;
  health: Health | null;
  sources: Source[];
}

export interface DeviceDetail extends Device {
  faults: Fault[];
}

/** What a person asked of a zone, for a time. */
export interface Switched {
  armed: boolean;
  until: string | null;
  author: string;
}

/** A zone or line, as the device reports it. */
export interface Watched extends Bilingual {
  camera: string;
  zone: string;
  behaviours: string[];
  armed: boolean;
  switched: Switched | null;
}

export interface Wish {
  version: number;
  state: "waiting" | "trial" | "applied" | "refused" | "rolled_back" | "superseded";
  /** The device's own words. */
  errors: string[];
  author: string;
  note: string;
  created_at: string;
}

/** What is wished of a device and what it reports. */
export interface Twin {
  desired: Wish | null;
  in_force: number | null;
  zones: Watched[];
  may_wish: boolean;
  may_switch: boolean;
}

export interface SwitchBody {
  camera: string;
  zone: string;
  /** Null ends what was asked before. */
  armed: boolean | null;
  until: string | null;
}

export interface CommandBody {
  name: "snapshot" | "restart_camera" | "test_event" | "log_level";
  args: Record<string, string>;
}

export interface Command extends CommandBody {
  id: string;
  created_at: string;
  expires_at: string;
  replied_at: string | null;
  state: "waiting" | "sent" | "done" | "refused" | "expired";
  /** The answer came after it had expired. */
  late: boolean;
  result: { picture?: { sha256: string } };
  error: string;
}

/** RFC 9457; `errors` names fields. */
export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  errors?: Record<string, string>;
}
