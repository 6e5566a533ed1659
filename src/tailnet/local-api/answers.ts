import * as v from "valibot";
import { failure, success } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

/*
 * What we read of LocalAPI's answers (Tailscale LocalAPI: ipnstate.Status, apitype.WhoIsResponse). The API calls
 * itself "not necessarily stable", so unknown fields are ignored and null (Go's nil) is the same as absent.
 */

const text = v.nullish(v.string(), "");
const flag = v.nullish(v.boolean(), false);
const texts = v.nullish(v.array(v.string()), []);

const Profile = v.object({ LoginName: text });

const StatusSchema = v.object({
  BackendState: v.string(),
  Version: text,
  /** Absent from no known version; without it we can't tell where tailnet peers arrive. */
  TUN: v.nullish(v.boolean(), null),
  AuthURL: text,
  TailscaleIPs: texts,
  Self: v.nullish(
    v.object({
      ID: text,
      DNSName: text,
      /** May exceed 2^53 and is rounded then: good for finding its profile among very few, for nothing else. */
      UserID: v.nullish(v.number(), 0),
      Tags: texts,
      KeyExpiry: v.nullish(v.string(), null),
      Expired: flag,
      /** When the control server made the node, by its clock. */
      Created: text,
    }),
    null,
  ),
  MagicDNSSuffix: text,
  CurrentTailnet: v.nullish(v.object({ MagicDNSEnabled: flag }), null),
  CertDomains: texts,
  User: v.nullish(v.record(v.string(), Profile), {}),
});

const WhoIsSchema = v.object({
  Node: v.object({
    StableID: v.pipe(v.string(), v.nonEmpty()),
    Name: text,
    Addresses: texts,
    AllowedIPs: texts,
    PrimaryRoutes: texts,
    Tags: texts,
    Sharer: v.nullish(v.number(), 0),
    Hostinfo: v.nullish(v.object({ ShareeNode: flag }), { ShareeNode: false }),
    Expired: flag,
    Online: v.nullish(v.boolean(), null),
  }),
  UserProfile: Profile,
  /** What this peer may do to us, by the tailnet's grants. Each value is an array of objects of its own kind, or null. */
  CapMap: v.nullish(v.record(v.string(), v.unknown()), {}),
});

const PeersSchema = v.object({
  BackendState: v.string(),
  Peer: v.nullish(v.record(v.string(), v.object({ TailscaleIPs: texts })), {}),
});

const PrefsSchema = v.object({
  /** No connection from outside comes in. */
  ShieldsUp: v.boolean(),
  /** Whether this machine takes names from the tailnet. */
  CorpDNS: flag,
  ControlURL: text,
});

/** The part of `GET status` that we use. */
export type Status = v.InferOutput<typeof StatusSchema>;

/** The part of `GET whois` that we use. */
export type WhoIs = v.InferOutput<typeof WhoIsSchema>;

/** The part of `GET prefs` that we use. */
export type Prefs = v.InferOutput<typeof PrefsSchema>;

export function decodeStatus(body: string): Outcome<Status> {
  return decode(StatusSchema, body);
}

export function decodeWhoIs(body: string): Outcome<WhoIs> {
  return decode(WhoIsSchema, body);
}

export function decodePrefs(body: string): Outcome<Prefs> {
  return decode(PrefsSchema, body);
}

/** One address of each peer in an answer of `GET status`. */
export function decodePeers(body: string): Outcome<readonly string[]> {
  const decoded = decode(PeersSchema, body);
  return decoded.ok
    ? success(Object.values(decoded.value.Peer).flatMap(({ TailscaleIPs: addresses }) => addresses.slice(0, 1)))
    : decoded;
}

function decode<T>(schema: v.GenericSchema<unknown, T>, body: string): Outcome<T> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return failure({ kind: "malformed", text: "not JSON" });
  }
  const result = v.safeParse(schema, json);
  if (result.success) {
    return success(result.output);
  }
  const [issue] = result.issues;
  // The path and what was expected, never the value: it may be somebody's name.
  return failure({
    kind: "malformed",
    text: `${v.getDotPath(issue) ?? "answer"}: ${issue.expected ?? "other"} expected`,
  });
}
