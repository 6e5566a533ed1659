import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { push } from "./pushes.ts";
import { refusal } from "./refusals.ts";
import { REQUESTS } from "./requests.ts";
import { VERSION } from "./version.ts";
import { describeSchema } from "../../../test/helpers/describe-schema.ts";

/** See version.ts: what to do when this fails. */
const KNOWN = { version: 1, hash: "ChvLFZTIFHzaXtsgoZysK3XoxTPW5-fzKex8Iz_s7b8" };

test("FR-6 the schemas are those of this version", () => {
  const described = JSON.stringify([describeSchema(REQUESTS), describeSchema(push), describeSchema(refusal)]);
  const hash = createHash("sha256").update(described).digest("base64url");
  expect({ version: VERSION, hash }).toEqual(KNOWN);
});
