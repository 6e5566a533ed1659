import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { push } from "./pushes.ts";
import { refusal } from "./refusals.ts";
import { REQUESTS } from "./requests.ts";
import { VERSION } from "./version.ts";

/** See version.ts: what to do when this fails. */
const KNOWN = { version: 1, hash: "yk5KFcp9Kpat49eAn04Wi3uAkqKru8NhP3C8hPXTBNE" };

test("FR-6 the schemas are those of this version", () => {
  const described = JSON.stringify([describe(REQUESTS), describe(push), describe(refusal)]);
  const hash = createHash("sha256").update(described).digest("base64url");
  expect({ version: VERSION, hash }).toEqual(KNOWN);
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
