import * as v from "valibot";

/**
 * Why a message may not be its person's, by what was known of its device when it came. `changed-key`: the user key that it showed, in base64url; once
 * that is pinned as theirs the doubt is over. Null: a former one, which a removed device has, too, and nobody's word makes theirs again. `removed-device`: its person had removed it, which no later word changes.
 */
export const KeptDoubt = v.variant("kind", [
  v.object({ kind: v.literal("changed-key"), userKey: v.nullable(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/))) }),
  v.object({ kind: v.literal("removed-device") }),
]);
export type KeptDoubt = v.InferOutput<typeof KeptDoubt>;
