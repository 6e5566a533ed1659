import * as v from "valibot";
import { decodePolicy, encodePolicy } from "../../../mls/policy-bytes.ts";
import type { Intent, KeptIntent } from "../kept.ts";
import { hex } from "../hex.ts";

/** What a commit is to do, as JSON; bytes in hex. */
export function writeIntent(intent: Intent): string {
  switch (intent.kind) {
    case "add": {
      const devices = intent.devices.map(({ deviceId, keyPackage }) => [hex(deviceId), hex(keyPackage)]);
      return JSON.stringify({ kind: "add", devices });
    }
    case "remove":
      return JSON.stringify({ kind: "remove", devices: intent.devices.map(hex) });
    case "update":
      return JSON.stringify({ kind: "update" });
    case "succeed":
      return JSON.stringify({
        kind: "succeed",
        statement: hex(intent.statement),
        devices: intent.devices.map(hex),
        again: intent.again,
      });
    case "policy": {
      const [policy, instead] = [intent.policy, intent.instead].map((each) => hex(encodePolicy(each)));
      return JSON.stringify({ kind: "policy", policy, instead });
    }
  }
}

const Bytes = v.pipe(
  v.string(),
  v.check((text) => /^([0-9a-f]{2})*$/.test(text)),
  v.transform((text) => Uint8Array.from(Buffer.from(text, "hex"))),
);
const Policy = v.pipe(
  Bytes,
  v.transform((bytes: Uint8Array<ArrayBuffer>) => decodePolicy(bytes)),
);
const Row = v.object({
  made_at: v.pipe(v.number(), v.safeInteger()),
  intent: v.pipe(
    v.string(),
    v.parseJson(),
    v.variant("kind", [
      v.object({
        kind: v.literal("add"),
        devices: v.array(
          v.pipe(
            v.tuple([Bytes, Bytes]),
            v.transform(([deviceId, keyPackage]) => ({ deviceId, keyPackage })),
          ),
        ),
      }),
      v.object({ kind: v.literal("remove"), devices: v.array(Bytes) }),
      v.object({ kind: v.literal("update") }),
      v.object({ kind: v.literal("succeed"), statement: Bytes, devices: v.array(Bytes), again: v.boolean() }),
      v.object({ kind: v.literal("policy"), policy: Policy, instead: Policy }),
    ]),
  ),
});

/** Throws a `ValiError` when the row is none that we wrote. */
export function readIntent(row: unknown): KeptIntent {
  const { made_at: madeAt, intent } = v.parse(Row, row);
  return { intent, madeAt };
}
