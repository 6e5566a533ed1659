import { expect, test } from "vitest";
import { helloProof } from "./hello.ts";

const given = {
  nonce: Buffer.alloc(32, 1).toString("base64url"),
  server: Buffer.alloc(16, 2).toString("base64url"),
  device: Buffer.alloc(16, 3).toString("base64url"),
  counter: 258,
};

test("FR-7 what a device signs is the domain, nonce, server, device and counter, one behind the other", () => {
  const expected = Buffer.concat([
    Buffer.from("padserve frames hello v1\0"),
    Buffer.alloc(32, 1),
    Buffer.alloc(16, 2),
    Buffer.alloc(16, 3),
    Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]),
  ]);
  expect(Buffer.from(helloProof(given))).toEqual(expected);
});
