import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { SCHEMAS } from "./messages.ts";
import { REQUESTS } from "./requests.ts";
import { PROTOCOL } from "./version.ts";

/** See version.ts: what to do when this fails. Until the first release with an agent, only the hash changes. */
const KNOWN = { protocol: 1, hash: "chPkL3LlFTc0_sHrZ9bsfOev3sSLo1nKdjQXyvqa4Us" };

test("AG-16 the schemas are those of this protocol", () => {
  const hash = createHash("sha256")
    .update(JSON.stringify(describe([REQUESTS, SCHEMAS])))
    .digest("base64url");
  expect({ protocol: PROTOCOL, hash }).toEqual(KNOWN);
});

/** What a schema says, without its functions, its messages and its reference to a library's version. */
function describe(value: unknown): unknown {
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return value.map(describe);
  if (typeof value !== "object" || value === null) return value;
  const left = Object.entries(value).filter(
    ([key, inner]) => typeof inner !== "function" && !["message", "~standard", "async", "reference"].includes(key),
  );
  return Object.fromEntries(left.map(([key, inner]) => [key, describe(inner)]));
}
