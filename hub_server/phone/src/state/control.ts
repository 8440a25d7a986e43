/** What is wished of one device, and the commands it gets from this page. */

import { onBeforeUnmount, ref, shallowRef } from "vue";
import type { Ref, ShallowRef } from "vue";

import { order, ordered, switchZone, twin as fetchTwin } from "../api/calls";
import { Failure } from "../api/problem";
import type { Command, CommandBody, SwitchBody, Twin } from "../api/types";
import { pictureUrl } from "./pictures";

const CALM_MS = 10_000;
const EAGER_MS = 1000;
/** So long after it expired an answer may still come late. */
const LATE_MS = 5000;
const RUNNING = new Set(["waiting", "sent"]);

export const isRunning = (command: Command): boolean => RUNNING.has(command.state);
const mayChange = (command: Command): boolean =>
  isRunning(command) || (command.state === "expired" && Date.now() < Date.parse(command.expires_at) + LATE_MS);

const PICTURE_TRIES = 15;

/** Wait, with a bound, until the hub has a picture. */
export async function arrived(sha256: string): Promise<void> {
  for (let n = 0; n < PICTURE_TRIES; n++) {
    try {
      await pictureUrl(sha256);
      return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      await new Promise((done) => setTimeout(done, EAGER_MS));
    }
  }
}

export interface Control {
  twin: ShallowRef<Twin | null>;
  failure: Ref<Failure | null>;
  /** The newest command given here, by camera. */
  commands: ShallowRef<ReadonlyMap<string, Command>>;
  give: (camera: string, name: CommandBody["name"]) => Promise<void>;
  change: (body: SwitchBody) => Promise<void>;
}

export function useControl(device: string): Control {
  const twin = shallowRef<Twin | null>(null);
  const failure = ref<Failure | null>(null);
  const commands = shallowRef<ReadonlyMap<string, Command>>(new Map());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gone = false;

  const keep = (camera: string, command: Command): void => {
    commands.value = new Map(commands.value).set(camera, command);
  };

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      failure.value = null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure.value = error;
    }
  }

  async function look(): Promise<void> {
    for (const [camera, command] of commands.value)
      if (mayChange(command)) keep(camera, await ordered(device, command.id));
    twin.value = await fetchTwin(device);
  }

  async function round(): Promise<void> {
    clearTimeout(timer);
    await attempt(look);
    if (gone) return;
    const eager = twin.value?.desired?.state === "waiting" || [...commands.value.values()].some(mayChange);
    timer = setTimeout(round, eager ? EAGER_MS : CALM_MS);
  }
  void round();
  onBeforeUnmount(() => {
    gone = true;
    clearTimeout(timer);
  });

  /** Do what a tap asks; its failure stays to be read, so nothing is asked again at once. */
  async function tap(work: () => Promise<void>): Promise<void> {
    await attempt(work);
    clearTimeout(timer);
    if (!gone) timer = setTimeout(round, EAGER_MS);
  }

  return {
    twin,
    failure,
    commands,
    give: (camera, name) => tap(async () => keep(camera, await order(device, { name, args: { camera } }))),
    change: (body) =>
      tap(async () => {
        twin.value = await switchZone(device, body);
      }),
  };
}
