import { sameBytes } from "../../mls/identity/bytes.ts";
import { successionsTo } from "../../mls/identity/succession-chain.ts";
import type { Entrance } from "./entrance.ts";
import { keyIn, ownWho } from "./introduce.ts";

/**
 * How this person's user key came to be the present one, the server tells whoever has heard no announcement (told-successions.ts). A server that was
 * restored from a backup has forgotten what came since, and a device knows but what it has followed itself. So each keeps what the server tells it
 * while it still does, and tells it again to one that knows less. All of it is signed by the keys themselves.
 */
export async function bringSuccessions({ client, store, self }: Entrance): Promise<void> {
  const { kind, identity } = self.owner;
  const answer = await client.request("successions", { owner: { kind, identity } });
  if (answer.kind !== "answered") return;
  const told = answer.value.statements;
  const { successions: kept, statement } = await store.load();
  const made = statement === null ? [] : [statement];
  const known = successionsTo(ownWho(self), keyIn(self), [...kept, ...made, ...told]);
  const isKept = known.length === kept.length && known.every((one, at) => sameBytes(one, kept[at] ?? new Uint8Array()));
  if (!isKept) await store.commit([{ kind: "successions-kept", statements: known }]);
  if (known.length > told.length) await client.request("keep-successions", { statements: [...known] });
}
