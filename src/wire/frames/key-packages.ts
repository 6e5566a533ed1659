import * as v from "valibot";
import { count, deviceId, groupId, keyPackage, listOf } from "./values.ts";

/** Offers key packages of this device. The server computes their references itself. */
export const publishPackages = {
  request: v.object({
    packages: listOf(keyPackage, 64),
    lastResort: v.nullable(keyPackage),
    /** Instead of all that wait: after the server was restored, or the device lost their secrets. */
    replace: v.boolean(),
  }),
  reply: v.object({}),
};

/** One key package of each device, to add them to a group. */
export const takePackages = {
  request: v.object({ group: groupId, of: v.pipe(v.array(deviceId), v.minLength(1), v.maxLength(64)) }),
  reply: v.object({ packages: listOf(v.object({ device: deviceId, keyPackage }), 64) }),
};

export const packagesLow = v.object({ type: v.literal("packages-low"), left: count });
