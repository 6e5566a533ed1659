import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import type { TailnetPeer } from "../../src/tailnet/tailnet-peer.ts";
import { operatorGrant } from "../../src/tailnet/operator-grant.ts";
import { RUNNING } from "../helpers/doctor.ts";
import { parseHuJson } from "../helpers/hujson.ts";

interface Policy {
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly tagOwners: Readonly<Record<string, readonly string[]>>;
  readonly grants: readonly Grant[];
}
interface Grant {
  readonly src: readonly string[];
  readonly dst: readonly string[];
  readonly ip: readonly string[];
  readonly app?: Readonly<Record<string, unknown>>;
}

const docs = join(import.meta.dirname, "../../docs");
const files = globSync("policies/*.hujson", { cwd: docs });
const text = (file: string) => readFileSync(join(docs, file), "utf8");

test("DR-18 docs/tailscale.md names every policy, and there is none that it names in vain", () => {
  const named = [...text("tailscale.md").matchAll(/\((policies\/[^)]+\.hujson)\)/g)].map(([, file]) => file);
  expect(new Set(named)).toEqual(new Set(files));
});

test.each(files)(
  "DR-18 %s opens the server's port, names only groups and tags that it has, and grants what the server asks for",
  (file) => {
    // What is read is checked piece by piece below.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { groups = {}, tagOwners, grants } = parseHuJson(text(file)) as Policy;
    const { port, capability } = defaults();
    for (const { src, dst, ip, app } of grants) {
      expect([dst, ip]).toEqual([["tag:chat"], [`tcp:${port}`]]);
      expect(app === undefined ? capability : Object.keys(app).join(" ")).toBe(capability);
      // As tailscaled hands it on: the arguments of all grants that match.
      expect(operatorGrant(somebody, app ?? {}, RUNNING, capability)).toBe(app === undefined ? null : "capability");
      for (const who of [...src, ...dst, ...Object.values(tagOwners).flat()])
        expect(isKnown(who, groups, tagOwners)).toBe(true);
    }
  },
);

const somebody: TailnetPeer = {
  identity: { kind: "person", login: "bob@example.com" },
  routesForOthers: false,
  sharedIn: false,
  online: true,
};

function defaults() {
  const read = readConfig({}, {});
  if ("wrong" in read) throw new Error(read.wrong);
  return read.config;
}

function isKnown(who: string, groups: object, tags: object): boolean {
  if (who.startsWith("group:")) return Object.hasOwn(groups, who);
  if (who.startsWith("tag:")) return Object.hasOwn(tags, who);
  return who.startsWith("autogroup:") || who.includes("@");
}

test("DR-18 comments and last commas are read as HuJSON reads them, and not inside texts", () => {
  expect(parseHuJson('{ // one\n "a//b": ["x,]", /* two */ "y",], }')).toEqual({ "a//b": ["x,]", "y"] });
});
