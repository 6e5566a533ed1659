import type { FramesClient } from "../../client/frames/index.ts";
import type { GroupEngine } from "../../mls/group-engine.ts";
import { freshKeyPackage } from "../group-sessions/key-packages.ts";
import type { AgentStore } from "../storage/ports.ts";

/** The server is to have so many, which is as many as it takes; below half of it more are made. */
const WANTED = 20;
const DAY = 86_400_000;
/**
 * Of older ones no Welcome is of use any more, in milliseconds: somebody may add this device until the last of their 90 days, and what a group has
 * committed since then waits for another 90 (`--commit-days`). A day more, for clocks.
 */
const OLDEST = (90 + 90 + 1) * DAY;

/**
 * Makes key packages where the server has few, keeps their secrets, then publishes them; what is too old is dropped.
 * With `replace` in place of all that the server has, which may have been used already; that this is to be done is kept until the server has answered.
 * False: nobody answered, or the server won't have them.
 */
export async function offerPackages(
  { client, store, engine }: { client: FramesClient; store: AgentStore; engine: GroupEngine },
  there: { readonly packages: number; readonly lastResort: boolean },
  { now, replace }: { readonly now: number; readonly replace: boolean },
): Promise<boolean> {
  const missing = there.packages < WANTED / 2 ? WANTED - there.packages : 0;
  if (missing === 0 && there.lastResort) return true;
  const packages = Array.from({ length: missing }, () => freshKeyPackage(engine, now, false));
  const lastResort = there.lastResort ? null : freshKeyPackage(engine, now, true);
  const made = lastResort === null ? packages : [...packages, lastResort];
  const { keyPackages } = await store.load();
  const old = keyPackages.filter(({ madeAt }) => madeAt < now - OLDEST);
  await store.commit([
    ...(replace ? [{ kind: "renewal-begun" } as const] : []),
    ...made.map(({ change }) => change),
    ...old.map(({ reference }) => ({ kind: "key-package-dropped", reference }) as const),
  ]);
  const answer = await client.request("publish-packages", {
    packages: packages.map(({ keyPackage }) => keyPackage),
    lastResort: lastResort?.keyPackage ?? null,
    replace,
  });
  // It has enough after all, or won't have these: nobody will ever use them.
  if (answer.kind === "refused") {
    await store.commit(made.map(({ reference }) => ({ kind: "key-package-dropped", reference }) as const));
  }
  const isDone = answer.kind === "answered";
  if (replace && isDone) await store.commit([{ kind: "renewal-answered" }]);
  return isDone;
}
