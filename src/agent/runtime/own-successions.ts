import { sameBytes } from "../../mls/identity/bytes.ts";
import { successionsTo } from "../../mls/identity/succession-chain.ts";
import type { Saved } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import { keyIn, ownWho } from "./introduce.ts";

/**
 * How this person's user key came to be the present one, the server tells whoever has heard no announcement (told-successions.ts). A server that was
 * restored from a backup has forgotten what came since, and a device knows but what it has followed itself. So each keeps what the server tells it
 * while it still does, and tells it again to one that knows less. All of it is signed by the keys themselves.
 */
export async function bringSuccessions(
  entrance: Pick<Entrance, "client" | "store" | "self">,
  { successions: kept, statement }: Pick<Saved, "successions" | "statement">,
): Promise<void> {
  const { client, store, self } = entrance;
  const told = await askSuccessions(entrance);
  if (told === null) return;
  const made = statement === null ? [] : [statement];
  const known = successionsTo(ownWho(self), keyIn(self), [...kept, ...made, ...told]);
  const isKept = known.length === kept.length && known.every((one, at) => sameBytes(one, kept[at] ?? new Uint8Array()));
  if (!isKept) await store.commit([{ kind: "successions-kept", statements: known }]);
  if (known.length > told.length) await client.request("keep-successions", { statements: [...known] });
}

/** What the server knows of how the person's user key came to be the present one, unchecked; null: it doesn't answer. */
export async function askSuccessions({
  client,
  self,
}: Pick<Entrance, "client" | "self">): Promise<readonly Uint8Array[] | null> {
  const { kind, identity } = self.owner;
  const answer = await client.request("successions", { owner: { kind, identity } });
  return answer.kind === "answered" ? answer.value.statements : null;
}
