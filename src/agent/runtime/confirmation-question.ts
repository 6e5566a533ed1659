import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { signSealKey } from "../../mls/identity/seal-key.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { RequestBody } from "../../wire/frames/requests.ts";
import { toText } from "../delivery/base64url.ts";
import { askProof, tokenKey } from "../device/token.ts";
import type { OwnDevice, SealKeyPair } from "../storage/kept.ts";

/** Who asks whether they are confirmed; `token`: the secret that they were given for that, or null. */
interface Asking {
  readonly who: Who;
  readonly device: Pick<OwnDevice, "id" | "seed">;
  readonly sealKey: SealKeyPair;
  readonly token: Uint8Array | null;
}

/** What a device asks, before it has a record as well as when its record is under a former user key. */
export function confirmationQuestion(
  { who, device, sealKey, token }: Asking,
  { name, label, fresh }: Pick<RequestBody<"ask-confirmation">, "name" | "label" | "fresh">,
): RequestBody<"ask-confirmation"> {
  const key = signingKeyOf(device.seed);
  const shown = { who, deviceId: device.id, deviceKey: key.publicKey, sealKey: sealKey.publicKey };
  return {
    name,
    device: toText(device.id),
    key: toText(key.publicKey),
    label,
    sealKey: { key: toText(sealKey.publicKey), signature: signSealKey(key, who, device.id, sealKey.publicKey) },
    token: token === null ? null : askProof(tokenKey(token), shown),
    fresh,
  };
}
