import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { LIFETIME, makeRecord, seed } from "../../../test/mls/people.ts";
import { createGroupEngine } from "../../mls/create-group-engine.ts";
import { toText } from "../delivery/base64url.ts";
import type { CommitOutcome } from "../group-sessions/commit.ts";
import type { Intent } from "../storage/kept.ts";
import { OPEN } from "./arriving.ts";
import { addJoiners } from "./joiners.ts";

const SERVER = "server";
const GROUP = toText(new Uint8Array(16).fill(5));
const NOW = Date.now();

test("SR-60 of the devices that the server names a member adds those whose key packages are their own, of this server, of people", async () => {
  const good = offered({});
  const machine = offered({ kind: "machine" });
  const elsewhere = offered({ server: "another" });
  const another = { ...offered({}), device: toText(randomBytes(16)) };
  const broken = { device: toText(randomBytes(16)), keyPackage: new Uint8Array(200) };
  const blocked = offered({ identity: "mallory" });
  const unasked = offered({});
  const asked = [good, machine, elsewhere, another, broken, blocked];
  const { added, requests } = await help({ asked, given: [...asked, unasked] });
  expect(added).toEqual([good.device]);
  expect(requests).toEqual(["take-packages"]);
});

test("SR-60 a device that the server has nothing of keeps no other out", async () => {
  const [good, missing] = [offered({}), offered({})];
  const { added } = await help({ asked: [missing, good], given: [good], missing: missing.device });
  expect(added).toEqual([good.device]);
});

test.each<readonly [string, Parameters<typeof help>[0]]>([
  ["the room is by invitation", { asked: [offered({})], access: "invite" }],
  ["it is no member of it", { asked: [offered({})], status: "removed" }],
  ["it knows no such group", { asked: [offered({})], status: null }],
  ["there is nobody to add", { asked: [], given: [] }],
  ["the commit comes to nothing", { asked: [offered({})], outcome: { kind: "refused", why: "not-allowed" } }],
])("SR-60 a member gives up the turn where %s", async (_, given) => {
  const { requests } = await help(given);
  expect(requests.at(-1)).toBe("give-up-turn");
});

interface Offered {
  readonly device: string;
  readonly keyPackage: Uint8Array;
}

function offered({
  kind = "person",
  server = SERVER,
  identity = "1001",
}: {
  readonly kind?: "person" | "machine";
  readonly server?: string;
  readonly identity?: string;
}): Offered {
  const [deviceId, device] = [new Uint8Array(randomBytes(16)), seed()];
  const record = makeRecord({ kind, server, identity, deviceId }, seed(), device);
  const engine = createGroupEngine({ seed: device, record });
  const { keyPackage } = engine.keyPackage({ now: Math.floor(NOW / 1000), lifetime: LIFETIME });
  engine.close();
  return { device: toText(deviceId), keyPackage };
}

/** A member whom the server asks to add some, and gives these key packages; `missing`: of this one it has none. */
async function help({
  asked,
  given = asked,
  missing = null,
  access = "open",
  status = "active",
  outcome = { kind: "done", epoch: 1 },
}: {
  readonly asked: readonly Offered[];
  readonly given?: readonly Offered[];
  readonly missing?: string | null;
  readonly access?: "open" | "invite";
  readonly status?: "active" | "removed" | null;
  readonly outcome?: CommitOutcome;
}) {
  const requests: string[] = [];
  let added: readonly string[] = [];
  const session = {
    look: async () => await Promise.resolve({ row: { status }, policy: { ...OPEN, access } }),
    commit: async (intent: Intent) => {
      if (intent.kind === "add") added = intent.devices.map(({ deviceId }) => toText(deviceId));
      return await Promise.resolve(outcome);
    },
  };
  const client = {
    request: async (type: string, { of = [] }: { readonly of?: readonly string[] }) => {
      requests.push(type);
      const isRefused = missing !== null && of.includes(missing);
      return await Promise.resolve(
        isRefused
          ? { kind: "refused", refusal: { reason: "no-key-package", device: missing } }
          : { kind: "answered", value: { packages: given } },
      );
    },
  };
  const people = {
    blocks: ({ identity }: { readonly identity: { readonly identity: string } }) =>
      identity.identity === "mallory" ? "changed-key" : null,
  };
  const helping = {
    client,
    groups: { session: () => (status === null ? null : session) },
    self: { server: Buffer.from(SERVER), people },
    system: { now: () => NOW },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what adding asks of them
  const asHelping = helping as unknown as Parameters<typeof addJoiners>[0];
  await addJoiners(
    asHelping,
    GROUP,
    asked.map(({ device }) => device),
  );
  return { added, requests };
}
