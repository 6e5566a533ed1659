import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import { formatAddress, parseAddress } from "../../client/transport/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { ownerOf } from "../runtime/introduce.ts";
import type { KnownServer } from "../runtime/introduce.ts";
import type { Log } from "./ports.ts";

/** A device of this person on a server, as it was there last. */
export interface KnownDevice {
  readonly known: KnownServer;
  readonly name: string;
}

/** Which addresses lead to which server, and who one is there: so that history and outbox are there before any connection is. */
export interface Servers {
  /** `name` null: the one used last. Null: nothing is known. */
  find(server: ServerAddress, name: string | null): KnownDevice | null;
  /** `isDefault` false: another name than the one that is taken where none is said, which stays. */
  keep(server: ServerAddress, device: KnownDevice, isDefault?: boolean): void;
  /** Id of the server that the address leads to, whoever one is there; null: nothing is known. */
  idAt(server: ServerAddress): string | null;
  /** Whether another server answered there last: nobody is to speak to it before the person has looked. */
  isReplaced(server: ServerAddress): boolean;
  setReplaced(server: ServerAddress, isReplaced: boolean): void;
  /** Who one is there, and not which server it is. */
  forgetDevices(server: ServerAddress): void;
  forget(server: ServerAddress): void;
  /** Each device once, under the address that was used last; the one used last comes first. */
  all(): readonly { readonly server: ServerAddress; readonly device: KnownDevice }[];
}

/** Addresses that are kept, and devices of each; the ones used last. */
const MOST_ADDRESSES = 256;
const MOST_NAMES = 64;

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
const serverId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/));
const device = v.object({
  known: v.object({
    server: v.object({ id: serverId }),
    you: v.object({
      owner: v.nullable(v.object({ kind: v.picklist(["person", "machine", "address", "name"]), identity: word })),
      label: v.string(),
    }),
  }),
  name: word,
});
/** The address used last comes first; of its devices the one that is taken where no name is said, then the one used last. */
const file = v.object({
  version: v.literal(1),
  addresses: v.array(
    v.object({
      address: word,
      server: v.exactOptional(serverId),
      isReplaced: v.exactOptional(v.boolean()),
      devices: v.array(device),
    }),
  ),
});
type Addresses = v.InferOutput<typeof file>["addresses"];

/** In `servers.json` of that folder. A file that can't be read is passed over: each server tells it all again. */
export function serversIn(folder: string, log: Log): Servers {
  const path = join(folder, "servers.json");
  let addresses = read(path, log);
  return {
    find(server, name) {
      const there = at(server)?.devices ?? [];
      return there.find((each) => name === null || isMeant(each, name)) ?? null;
    },
    keep(server, { known, name }, isDefault = true) {
      const address = formatAddress(server);
      const own = { known: { server: { id: known.server.id }, you: { ...known.you } }, name };
      const before = at(server);
      const id = idOf(before) ?? known.server.id;
      // An address leads to one server, until the person says otherwise.
      if (id !== known.server.id) return;
      const [first, ...rest] = before?.devices ?? [];
      const stays = !isDefault && first !== undefined && !isSame(first, own);
      const there = stays ? [first, own, ...rest] : [own, ...(before?.devices ?? [])];
      const devices = there
        .filter((each, nth) => nth === there.findIndex((one) => isSame(one, each)))
        .slice(0, MOST_NAMES);
      const others = addresses.filter((each) => each.address !== address);
      write([{ ...before, address, server: id, devices }, ...others].slice(0, MOST_ADDRESSES));
    },
    idAt: (server) => idOf(at(server)),
    isReplaced: (server) => at(server)?.isReplaced === true,
    setReplaced(server, isReplaced) {
      change(server, (before) => ({ ...before, isReplaced }));
    },
    forgetDevices(server) {
      change(server, (before) => {
        const id = idOf(before);
        return { ...before, ...(id === null ? {} : { server: id }), devices: [] };
      });
    },
    forget(server) {
      write(addresses.filter(({ address }) => address !== formatAddress(server)));
    },
    all() {
      const each = addresses.flatMap(({ address, devices }) => {
        const server = parseAddress(address);
        return server === null ? [] : devices.map((own) => ({ server, device: own }));
      });
      const seen = new Set<string>();
      return each.filter(({ device: { known, name } }) => {
        const key = deviceKey({ known, name });
        return !seen.has(key) && seen.add(key);
      });
    },
  };

  function at(server: ServerAddress): Addresses[number] | undefined {
    return addresses.find(({ address }) => address === formatAddress(server));
  }

  function change(server: ServerAddress, to: (before: Addresses[number]) => Addresses[number]): void {
    const before = at(server);
    if (before !== undefined) write(addresses.map((each) => (each === before ? to(before) : each)));
  }

  function write(next: Addresses): void {
    if (JSON.stringify(next) === JSON.stringify(addresses)) return;
    addresses = next;
    const beside = `${path}.${randomBytes(8).toString("hex")}`;
    try {
      writeFileSync(beside, `${JSON.stringify({ version: 1, addresses }, null, 2)}\n`, { mode: 0o600, flag: "wx" });
      renameSync(beside, path);
    } catch (error) {
      // It is known until this agent ends.
      log(`${path} can't be written: ${String(error)}`);
      rmSync(beside, { force: true });
    }
  }
}

/** An earlier version kept it with the devices alone. */
function idOf(there: Addresses[number] | undefined): string | null {
  return there?.server ?? there?.devices[0]?.known.server.id ?? null;
}

/** Where a tailnet says who we are, it is one device under whatever name. */
function isMeant({ known, name }: KnownDevice, wanted: string): boolean {
  return isSame({ known, name }, { known, name: wanted });
}

function isSame(one: KnownDevice, other: KnownDevice): boolean {
  return deviceKey(one) === deviceKey(other);
}

/** What tells a person's devices on all servers apart. */
export function deviceKey({ known, name }: KnownDevice): string {
  const { kind, identity } = ownerOf(known, name);
  return `${known.server.id} ${kind} ${identity}`;
}

function read(path: string, log: Log): Addresses {
  try {
    return v.parse(file, JSON.parse(readFileSync(path, "utf8"))).addresses;
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing) log(`${path} can't be read and is written again: ${String(error)}`);
    return [];
  }
}
