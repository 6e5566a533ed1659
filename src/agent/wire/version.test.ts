import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { SCHEMAS } from "./messages.ts";
import { REQUESTS } from "./requests.ts";
import { PROTOCOL } from "./version.ts";
import { describeSchema } from "../../../test/helpers/describe-schema.ts";

/** See version.ts: what to do when this fails. Until the first release with an agent, only the hash changes. */
const KNOWN = { protocol: 1, hash: "DErzWvsRnx4eQeovFLL5t7WwnkOiaGAVvdezfKxzJqU" };

test("AG-16 the schemas are those of this protocol", () => {
  const hash = createHash("sha256")
    .update(JSON.stringify(describeSchema([REQUESTS, SCHEMAS])))
    .digest("base64url");
  expect({ protocol: PROTOCOL, hash }).toEqual(KNOWN);
});
