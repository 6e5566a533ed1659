import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isSignedBy, newSigningKey, signBytes } from "./identity/ed25519.ts";
import { createInstance } from "./module/instance.ts";
import { packed } from "./module/reply.ts";

interface Vector {
  readonly name: string;
  readonly key: string;
  readonly signature: string;
  readonly message: string;
  readonly accepted: boolean;
}

const file = join(import.meta.dirname, "../../test/vectors/ed25519-edges.json");
const vectors: readonly Vector[] = JSON.parse(readFileSync(file, "utf8"));
const instance = createInstance({ sign: () => new Uint8Array(64), panicked: () => {} });

test("EN-35 the module takes a signature among many exactly if it takes it by itself, at every edge of Ed25519", () => {
  const others = Array.from({ length: 20 }, (_, nth) => {
    const key = newSigningKey();
    const data = Buffer.from(`message ${nth}`);
    return [key.publicKey, signBytes(key, data), data];
  }).flat();
  const told = vectors.map(({ name, key, signature, message }) => {
    const parts = [key, signature, message].map(bytes);
    const held = [...instance.verify(packed([...others, ...parts]))];
    return { name, alone: held.at(-2) === 1, together: held.at(-1) === 1 };
  });
  expect(told).toEqual(vectors.map(({ name, accepted }) => ({ name, alone: accepted, together: accepted })));
});

// OpenSSL leaves the cofactor out. Which is why the engine doesn't call it out, and whoever reads a member's record doesn't verify it again.
test("EN-35 node:crypto refuses some that the engine takes", () => {
  const refused = vectors.filter(({ key, signature, message, accepted }) => {
    return accepted && !isSignedBy(bytes(key), bytes(signature), bytes(message));
  });
  expect(refused.map(({ name }) => name)).toEqual(
    vectors.map(({ name }) => name).filter((name) => name.endsWith("holds with the cofactor")),
  );
});

function bytes(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}
