import { get } from "../core/persistent-map.ts";
import type { Append, Range } from "../core/ports.ts";
import type { OfferedPackage, PublishPackages, TakePackages } from "./commands.ts";
import { refuse, type Context, type Decision, type Push, type TakenPackage } from "./decision.ts";
import { lastPackage } from "./devices.ts";
import type { DeviceId } from "./ids.ts";
import { packageLog } from "./logs.ts";
import { addableDevice, isActive, knownDevice, openGroup } from "./members.ts";
import type { GroupRefusal } from "./refusals.ts";
import type { PackagesRow, Row } from "./rows.ts";
import type { State } from "./state.ts";

/** Handed out and not seen in a commit yet, for each device: who took one and never used it must not make this grow. */
const MAX_HANDED_OUT = 64;

const NONE: PackagesRow = { first: 1, references: [], lastResort: null, handedOut: [] };

/** Key packages that wait for a device lie in its log; the last resort, which is never used up, lies in its row. */
export function decidePublish(state: State, command: PublishPackages, { at }: Context): Decision {
  const device = knownDevice(state, command.device);
  if ("refusal" in device) return device;
  const refusal = refusalOfPublish(state, command);
  if (refusal !== null) return refuse(refusal);

  const before = get(state.packages, command.device) ?? { ...NONE, life: at };
  const log = packageLog(command.device, before.life);
  const last = lastPackage(before);
  const added = command.packages.map(({ reference }) => reference);
  const after: PackagesRow = {
    ...before,
    first: command.replace ? last + 1 : before.first,
    references: command.replace ? added : [...before.references, ...added],
    lastResort: command.lastResort === null ? before.lastResort : lastResortOf(command.lastResort),
    handedOut: command.replace ? [] : before.handedOut,
  };
  return {
    rows: [{ table: "packages", key: command.device, value: after }],
    appends: command.packages.map(({ bytes }, i): Append => ({
      log,
      number: last + 1 + i,
      body: bytes,
      lasting: false,
    })),
    trims: command.replace && last > 0 ? [{ log, through: last, lasting: true }] : [],
    pushes: [],
    reply: { kind: "done" },
  };
}

function refusalOfPublish(
  state: State,
  { device, packages, lastResort, replace }: PublishPackages,
): GroupRefusal | null {
  const { maxPackages, maxKeyPackage } = state.settings;
  const offered = lastResort === null ? packages : [...packages, lastResort];
  if (offered.some(({ bytes }) => bytes.length > maxKeyPackage)) return { reason: "too-large" };
  const known = get(state.packages, device) ?? NONE;
  const used = new Set([...known.references, ...known.handedOut, known.lastResort?.reference]);
  const fresh = new Set(offered.map(({ reference }) => reference));
  if (fresh.size < offered.length || offered.some(({ reference }) => used.has(reference))) {
    return { reason: "not-allowed" };
  }
  const waiting = replace ? 0 : known.references.length;
  return waiting + packages.length > maxPackages ? { reason: "too-many", of: "key-packages" } : null;
}

function lastResortOf({ reference, bytes }: OfferedPackage): PackagesRow["lastResort"] {
  return { reference, keyPackage: String.fromCharCode(...bytes) };
}

/** The next key package of each. */
export function rangesToTake(state: State, { of }: TakePackages): Range[] {
  return of.slice(0, state.settings.maxAdded).map((device) => ({
    log: packageLog(device, get(state.packages, device)?.life),
    after: (get(state.packages, device) ?? NONE).first - 1,
    limit: 1,
    bytes: state.settings.maxKeyPackage,
  }));
}

/** One key package of each device that is asked for, used up by it; the last resort where no other is left. */
export function decideTake(state: State, command: TakePackages, { read }: Context): Decision {
  const open = openGroup(state, command.group);
  if ("refusal" in open) return open;
  if (!isActive(open.group, command.device)) return refuse({ reason: "not-a-member-of-group" });
  const { of } = command;
  if (of.length > state.settings.maxAdded || new Set(of).size < of.length)
    return refuse({ reason: "too-many", of: "members" });

  const rows: Row[] = [];
  const pushes: Push[] = [];
  const taken: TakenPackage[] = [];
  const trims = [];
  for (const [i, device] of of.entries()) {
    const known = addableDevice(state, device);
    if ("refusal" in known) return known;
    const packages = get(state.packages, device) ?? NONE;
    const [reference, ...left] = packages.references;
    const [entry] = read[i] ?? [];
    if (reference === undefined || entry === undefined) {
      if (packages.lastResort === null) return refuse({ reason: "no-key-package", device });
      taken.push({
        device,
        reference: packages.lastResort.reference,
        keyPackage: toBytes(packages.lastResort.keyPackage),
      });
      continue;
    }
    taken.push({ device, reference, keyPackage: entry.body });
    const handedOut = [...packages.handedOut, reference].slice(-MAX_HANDED_OUT);
    rows.push({
      table: "packages",
      key: device,
      value: { ...packages, first: packages.first + 1, references: left, handedOut },
    });
    trims.push({ log: packageLog(device, packages.life), through: packages.first, lasting: true });
    if (left.length < state.settings.maxPackages / 2) {
      pushes.push({ to: [device], except: null, push: { kind: "packages-low", left: left.length } });
    }
  }
  return { rows, appends: [], trims, pushes, reply: { kind: "packages", packages: taken } };
}

/** References of the key packages of a device that a Welcome may be for. */
export function handedOutTo(state: State, device: DeviceId): readonly string[] {
  const packages = get(state.packages, device) ?? NONE;
  return packages.lastResort === null ? packages.handedOut : [...packages.handedOut, packages.lastResort.reference];
}

/** The rows that say that these have been used. */
export function usePackages(state: State, device: DeviceId, references: readonly string[]): Row[] {
  const packages = get(state.packages, device);
  if (packages === undefined) return [];
  const handedOut = packages.handedOut.filter((reference) => !references.includes(reference));
  if (handedOut.length === packages.handedOut.length) return [];
  return [{ table: "packages", key: device, value: { ...packages, handedOut } }];
}

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
