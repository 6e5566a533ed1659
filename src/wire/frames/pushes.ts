/** Everything that a server sends unasked, by type. */
import * as v from "valibot";
import { confirmed, devicesChanged, deviceWaits } from "./devices.ts";
import { groupChanged, joiners, newEntry, reached, removalDue, turnGranted } from "./groups.ts";
import { serverHello } from "./hello.ts";
import { packagesLow } from "./key-packages.ts";
import { moderated, operatorChanged } from "./moderation.ts";
import { said, told } from "./open-room.ts";
import { presence } from "./people.ts";
import { refusal } from "./refusals.ts";

/** The last frame of a connection, where there is time for one. */
const ended = v.object({
  type: v.literal("ended"),
  cause: v.variant("kind", [
    v.object({ kind: v.picklist(["left", "stopping", "too-slow"]) }),
    v.object({ kind: v.picklist(["kicked", "banned"]), reason: v.nullable(v.pipe(v.string(), v.maxBytes(256))) }),
    v.object({ kind: v.literal("refused"), refusal }),
  ]),
});

export const push = v.variant("type", [
  serverHello,
  presence,
  said,
  told,
  newEntry,
  groupChanged,
  removalDue,
  reached,
  turnGranted,
  joiners,
  packagesLow,
  confirmed,
  deviceWaits,
  devicesChanged,
  operatorChanged,
  moderated,
  ended,
]);
export type Push = v.InferOutput<typeof push>;

/** The types of pushes, so that an unknown one (a newer server's) can be told from a malformed one. */
export const PUSH_TYPES: ReadonlySet<string> = new Set(push.options.map((option) => option.entries.type.literal));
