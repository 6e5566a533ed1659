/**
 * `tailnet/local-api`: tailscaled's LocalAPI: the calls we make, with bounds in bytes and time. No other folder knows its
 * answers' shape.
 */

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

/** The number of a user, which may have 64 bits, as its digits; "" where there is none, or something else stands there. */
const digits = v.fallback(
  v.union([v.pipe(v.number(), v.safeInteger(), v.transform(String)), v.pipe(v.string(), v.regex(/^-?\d+$/))]),
  "",
);

const Profile = v.object({ ID: digits, LoginName: text });

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
      UserID: digits,
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

const NetMapSchema = v.object({
  BackendState: v.string(),
  Self: v.nullish(v.object({ ID: text, DNSName: text }), null),
  Peer: v.nullish(v.record(v.string(), v.object({ ID: text, DNSName: text, TailscaleIPs: texts })), {}),
});

const NodeSchema = v.object({
  ID: text,
  DNSName: text,
  UserID: digits,
  Tags: texts,
  /** Of another tailnet, with which this node was shared. */
  ShareeNode: flag,
});

const PeopleSchema = v.object({
  BackendState: v.string(),
  MagicDNSSuffix: text,
  Self: v.nullish(NodeSchema, null),
  Peer: v.nullish(v.record(v.string(), NodeSchema), {}),
  User: v.nullish(v.record(v.string(), Profile), {}),
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

/** What we keep of the network map in an answer of `GET status` with peers. */
export interface NetMap {
  /** Only then the map is what the control server sent last; before, it may be a remembered one, or none. */
  readonly running: boolean;
  /** Stable ids of all nodes that this one can see, itself among them. */
  readonly nodes: readonly string[];
  /** Their MagicDNS names in lower case, without the final dot. */
  readonly names: readonly string[];
  /** One address of each peer. */
  readonly addresses: readonly string[];
}

export function decodeNetMap(body: string): Outcome<NetMap> {
  const decoded = decode(NetMapSchema, body, JSON.parse);
  if (!decoded.ok) return decoded;
  const { BackendState: state, Self: self, Peer: peers } = decoded.value;
  const others = Object.values(peers);
  const all = [...(self === null ? [] : [self]), ...others];
  return success({
    running: state === "Running",
    nodes: all.map(({ ID: id }) => id).filter((id) => id !== ""),
    names: all.map(({ DNSName: name }) => name.toLowerCase().replace(/\.$/, "")).filter((name) => name !== ""),
    addresses: others.flatMap(({ TailscaleIPs: addresses }) => addresses.slice(0, 1)),
  });
}

/** Who is in the tailnet, as far as this node can see: what a policy hides from it is missing. */
export interface TailnetPeople {
  /** As in `NetMap`. */
  readonly running: boolean;
  /** This node: its stable id, and its owner's user id; null where it is tagged, and so nobody's. */
  readonly self: { readonly node: string; readonly user: string | null } | null;
  /** By user id: logins of those who own an untagged node of this tailnet. "" where the profile is missing. */
  readonly logins: ReadonlyMap<string, string>;
  /** By stable id: the first label of the MagicDNS name of each node of this tailnet. */
  readonly nodes: ReadonlyMap<string, string>;
}

/**
 * Nodes that others have shared with us, or that come to a node of ours that was shared, are in the map, too, and not in the tailnet: their
 * names end otherwise, or they are marked.
 */
export function decodePeople(body: string): Outcome<TailnetPeople> {
  const decoded = decode(PeopleSchema, body);
  if (!decoded.ok) return decoded;
  const { BackendState: state, MagicDNSSuffix: suffix, Self: self, Peer: peers, User: users } = decoded.value;
  const profiles = new Map(Object.values(users).map(({ ID: id, LoginName: login }) => [id, login]));
  const isOurs = (name: string) => name === "" || suffix === "" || bare(name).endsWith(`.${bare(suffix)}`);
  const members = [...(self === null ? [] : [self]), ...Object.values(peers)].filter(
    ({ DNSName: name, ShareeNode: isSharee }) => !isSharee && isOurs(name),
  );
  const owners = members.filter(({ Tags: tags, UserID: user }) => tags.length === 0 && user !== "");
  return success({
    running: state === "Running",
    self: self === null ? null : { node: self.ID, user: self.Tags.length === 0 ? self.UserID : null },
    logins: new Map(owners.map(({ UserID: user }) => [user, profiles.get(user) ?? ""])),
    nodes: new Map(
      members
        .filter(({ ID: id }) => id !== "")
        .map(({ ID: id, DNSName: name }) => [id, bare(name).split(".", 1)[0] ?? ""]),
    ),
  });
}

function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** Whole numbers that a JavaScript number can't hold become their digits; everything else is as `JSON.parse` reads it. */
function parseExactly(body: string): unknown {
  return JSON.parse(body, keepDigits);
}

/** A reviver with its third parameter (ECMAScript, JSON.parse source text access), which TypeScript's types don't have yet. */
function keepDigits(_key: string, value: unknown, ...[context]: readonly { readonly source?: string }[]): unknown {
  const source = context?.source ?? "";
  return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value;
}

function decode<T>(
  schema: v.GenericSchema<unknown, T>,
  body: string,
  parse: (body: string) => unknown = parseExactly,
): Outcome<T> {
  let json: unknown;
  try {
    json = parse(body);
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
