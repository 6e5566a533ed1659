/** What a device that waits to be confirmed says of itself, and of what keeps it waiting. */
import type { Standing } from "../../client/index.ts";
import { confirmCode } from "../../mls/identity/confirm-code.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import type { OpenedConfirmation } from "../device/confirmation.ts";
import type { Candidate } from "./candidate.ts";

export function pendingStanding(
  { who, token, device, isReturning }: Pick<Candidate, "who" | "token" | "device" | "isReturning">,
  name: string,
): Extract<Standing, { kind: "pending" }> {
  const code = confirmCode(who, signingKeyOf(device.seed).publicKey);
  const standing = { kind: "pending", code, name } as const;
  if (token !== null) return { ...standing, trouble: TOKEN_WAITS };
  return isReturning ? { ...standing, trouble: NONE_LEFT } : standing;
}

/** To one that has been its person's: there may have been no other. */
const NONE_LEFT = "If you have no other device any more: pad devices reset";

const TOKEN_WAITS =
  "Its token has confirmed it nowhere yet: the device that made it has to be there, and a token is good once and for its time (pad devices invite makes another).";

export const TURNED_AWAY =
  "It waits no more: a device of yours has said that it isn't one, nobody has confirmed it for a week, or too many others have asked since. To ask again: pad devices new";

export const UNREADABLE_TOKEN =
  "The device token (PAD_DEVICE_TOKEN, PAD_DEVICE_TOKEN_FILE) can't be read: copy it again, or confirm this device by its code.";

export const NOBODY_THERE =
  "The server says that you have no confirmed device at all, which isn't what it said before, or what your token says. If all your devices are lost: pad devices reset";

export const TROUBLE: Record<Extract<OpenedConfirmation, { ok: false }>["why"], string> = {
  record: "What came as a confirmation isn't signed for this device. It wasn't taken.",
  "another-device": "What came as a confirmation is for another device. It wasn't taken.",
  sealed: "What came as a confirmation isn't sealed to this device. It wasn't taken.",
  "another-key": "What came as a confirmation holds another key than the one that has signed it. It wasn't taken.",
  token: "What came as a confirmation was made by somebody without the token. It wasn't taken.",
};
