import type { ReplyBody } from "../../wire/frames/requests.ts";
import { toText } from "../delivery/base64url.ts";
import type { Entrance } from "./entrance.ts";
import { keyIn } from "./introduce.ts";

/**
 * What shows a server that is restored later which key it had. Only of this device's own: a restored server that has another one for the person
 * gives a receipt of that, which would put an end to the one that tells it better.
 */
export async function keepReceipt(
  { store, self }: Pick<Entrance, "store" | "self">,
  device: NonNullable<ReplyBody<"hello">["device"]>,
  kept: string | null,
): Promise<void> {
  if (device.receipt === null || device.userKey !== toText(keyIn(self))) return;
  const receipt = toText(device.receipt);
  if (receipt !== kept) await store.commit([{ kind: "receipt-kept", receipt }]);
}
