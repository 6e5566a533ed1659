import { createGroupEngine } from "./create-group-engine.ts";
import type { GroupEngine } from "./group-engine.ts";
import { signRecord } from "./identity/device-record.ts";
import { newSigningKey } from "./identity/ed25519.ts";

/** The suite's HPKE alone: what an engine has of it. */
export type Hpke = Pick<GroupEngine, "hpkeKey" | "hpkeSeal" | "hpkeOpen">;

/**
 * HPKE for a device that has no record yet, and so no engine: `use` gets that of an engine whose device is nobody's, made for this and
 * closed behind it. None of the HPKE calls depends on whose engine it is.
 */
export function withHpke<T>(use: (hpke: Hpke) => T): T {
  const device = newSigningKey();
  const nobody = { server: Uint8Array.of(0), kind: "name", identity: "nobody" } as const;
  const rest = { label: "", deviceId: new Uint8Array(16), deviceLabel: "", node: "", notAfter: 0n };
  const record = signRecord({ ...nobody, ...rest }, newSigningKey(), device.publicKey);
  const engine = createGroupEngine({ seed: device.seed, record });
  try {
    return use(engine);
  } finally {
    engine.close();
  }
}
