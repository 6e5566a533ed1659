import type { ExternalJoin, Group, GroupEngine } from "../../src/mls/group-engine.ts";
import { LIFETIME, NOW } from "./people.ts";

/** Adds devices in one commit, which all others process. Gives the groups of those who came. */
export async function addAll(
  by: Group,
  others: readonly Group[],
  newcomers: readonly GroupEngine[],
): Promise<readonly Group[]> {
  const packages = newcomers.map((engine) => engine.keyPackage({ now: NOW, lifetime: LIFETIME }));
  const { commit, welcome } = by.commitAdd(
    packages.map(({ keyPackage }) => keyPackage),
    NOW,
  );
  by.apply();
  for (const other of others) other.process(commit);
  if (welcome === null) throw new Error("A commit that adds has a Welcome.");
  const joined: Group[] = [];
  for (const [nth, { secret }] of packages.entries()) joined.push((await newcomers[nth]!.join(welcome, secret)).group);
  return joined;
}

/** Lets a device join by itself, which all who are there process. */
export async function joinAll(groups: readonly Group[], engine: GroupEngine): Promise<ExternalJoin> {
  const joined = await engine.joinExternal(groups[0]!.info());
  for (const group of groups) group.process(joined.commit);
  return joined;
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
