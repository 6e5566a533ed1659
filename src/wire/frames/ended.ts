import * as v from "valibot";
import { refusal } from "./refusals.ts";

/** The last frame of a connection, where there is time for one. */
export const ended = v.object({
  type: v.literal("ended"),
  cause: v.variant("kind", [
    v.object({ kind: v.picklist(["left", "stopping", "too-slow"]) }),
    v.object({ kind: v.picklist(["kicked", "banned"]), reason: v.nullable(v.pipe(v.string(), v.maxBytes(256))) }),
    v.object({ kind: v.literal("refused"), refusal }),
  ]),
});
