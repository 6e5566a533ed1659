/**
 * A tailnet that exists on paper only: who is in it, and what the tailscaled of one of its nodes would say of it over
 * LocalAPI. Field names and their nulls are Tailscale's (ipnstate.Status, apitype.WhoIsResponse, ipn.Notify).
 */

const STATES = [
  "NoState",
  "InUseOtherUser",
  "NeedsLogin",
  "NeedsMachineAuth",
  "Stopped",
  "Starting",
  "Running",
] as const;

export type BackendState = (typeof STATES)[number];

export interface FakeNode {
  /** The login of its owner. A tagged node has none. */
  readonly user?: string;
  readonly tags?: readonly string[];
  readonly addresses: readonly string[];
  /** Approved subnet routes; `0.0.0.0/0` and `::/0` make it an exit node. */
  readonly routes?: readonly string[];
  /** It belongs to another tailnet, with which a node of ours was shared. */
  readonly sharedIn?: boolean;
  /** Of its name: another tailnet's for a node that was shared with us. */
  readonly domain?: string;
  readonly online?: boolean;
  readonly expired?: boolean;
  readonly keyExpiry?: string;
}

/** What is as in a fresh tailnet unless told otherwise. */
export interface FakeSettings {
  readonly shieldsUp?: boolean;
  /** Whether the tailnet gives names. */
  readonly magicDns?: boolean;
  /** Whether this node takes the tailnet's names. */
  readonly acceptDns?: boolean;
  /** Whether an admin has turned HTTPS on. */
  readonly https?: boolean;
  /** Whether a status without peers has the owner's profile; tailscaled 1.80 leaves it out. */
  readonly ownProfile?: boolean;
  readonly controlUrl?: string;
}

interface Member extends FakeNode {
  readonly name: string;
  readonly id: number;
}

export class FakeTailnet {
  static readonly domain = "tail1234.ts.net";

  state: BackendState = "Running";
  loginUrl = "";
  mode: "tun" | "userspace" = "tun";
  readonly settings: Required<FakeSettings> = {
    shieldsUp: false,
    magicDns: true,
    acceptDns: true,
    https: false,
    ownProfile: true,
    controlUrl: "https://controlplane.tailscale.com",
  };
  #self: Member;
  readonly #members = new Map<string, Member>();
  readonly #users = new Map<string, number>();
  readonly #grants = new Map<string, Map<string, readonly unknown[] | null>>();
  #nodes = 0;

  constructor() {
    this.#self = this.#join("chat", {
      user: "alice@example.com",
      addresses: ["100.64.0.1", "fd7a:115c:a1e0::1"],
    });
  }

  /** The node of this tailscaled; until told otherwise `chat`, owned by alice@example.com. */
  self(name: string, node: FakeNode): void {
    this.#members.delete(this.#self.name);
    this.#self = this.#join(name, node);
  }

  /** Another node joins, or returns changed. */
  node(name: string, node: FakeNode): void {
    this.#join(name, node);
  }

  /** A node stays the node that it is, under another name. */
  rename(from: string, to: string): void {
    const member = this.#members.get(from);
    if (member === undefined) throw new Error(`no node is called ${from}`);
    this.#members.delete(from);
    this.#members.set(to, { ...member, name: to });
  }

  leave(name: string): void {
    this.#members.delete(name);
  }

  /** What the policy lets `who` (a login or a tag) do to this node: one capability's arguments, or null for none. */
  grant(who: string, args: readonly unknown[] | null, capability: string): void {
    const granted = this.#grants.get(who) ?? new Map<string, readonly unknown[] | null>();
    this.#grants.set(who, granted.set(capability, args));
  }

  withdraw(who: string): void {
    this.#grants.delete(who);
  }

  byAddress(address: string): string | null {
    return [...this.#members.values()].find(({ addresses }) => addresses.includes(address))?.name ?? null;
  }

  /** MagicDNS: the first label of a node's name, or all of it. */
  byName(name: string): string | null {
    const known = [...this.#members.keys()];
    return (
      known.find((one) => [one, `${one}.${FakeTailnet.domain}`].includes(name.toLowerCase().replace(/\.$/, ""))) ?? null
    );
  }

  isSelf(name: string): boolean {
    return name === this.#self.name;
  }

  firstAddress(name: string): string | null {
    return this.#members.get(name)?.addresses[0] ?? null;
  }

  status({ peers }: { readonly peers: boolean } = { peers: false }): object {
    const known = this.#hasMap();
    const { magicDns, https } = this.settings;
    const others = [...this.#members.values()].filter(({ id }) => id !== this.#self.id);
    return {
      Version: "1.102.3-tfake",
      TUN: this.mode === "tun",
      BackendState: this.state,
      HaveNodeKey: true,
      AuthURL: this.loginUrl,
      TailscaleIPs: known ? this.#self.addresses : null,
      Self: this.#peerStatus(this.#self),
      Health: null,
      MagicDNSSuffix: FakeTailnet.domain,
      CurrentTailnet: known
        ? { Name: "example.com", MagicDNSSuffix: FakeTailnet.domain, MagicDNSEnabled: magicDns }
        : null,
      CertDomains: known && https ? [`${this.#self.name}.${FakeTailnet.domain}`] : null,
      ExtraRecords: null,
      Peer:
        peers && known ? Object.fromEntries(others.map((one) => [`nodekey:${one.id}`, this.#peerStatus(one)])) : null,
      User: this.#profiles(peers && known ? [this.#self, ...others] : [this.#self], peers),
      ClientVersion: null,
    };
  }

  prefs(): object {
    const { controlUrl, acceptDns, shieldsUp } = this.settings;
    return {
      ControlURL: controlUrl,
      RouteAll: false,
      ExitNodeID: "",
      CorpDNS: acceptDns,
      WantRunning: this.state !== "Stopped",
      LoggedOut: this.state === "NeedsLogin",
      ShieldsUp: shieldsUp,
      AdvertiseTags: null,
      Hostname: "",
      Config: null,
    };
  }

  whoIs(name: string): object | null {
    const member = this.#hasMap() ? this.#members.get(name) : undefined;
    return member === undefined
      ? null
      : { Node: this.#tailcfgNode(member), UserProfile: this.#owner(member), CapMap: this.#capabilities(member) };
  }

  /** A line of the bus: what is not told in it is null. */
  notify(news: { readonly state?: true; readonly peers?: true }): object {
    return {
      Version: "1.102.3-tfake",
      ErrMessage: null,
      LoginFinished: null,
      State: news.state === true ? STATES.indexOf(this.state) : null,
      Prefs: null,
      NetMap: null,
      ...(news.peers === true
        ? { PeersChanged: [...this.#members.values()].map((one) => this.#tailcfgNode(one)) }
        : {}),
      Engine: null,
      BrowseToURL: news.state === true && this.loginUrl !== "" ? this.loginUrl : null,
      DriveShares: null,
    };
  }

  /** Without the network map from its control server tailscaled knows neither its own addresses nor any peer. */
  #hasMap(): boolean {
    return this.state === "Running" || this.state === "Starting" || this.state === "Stopped";
  }

  #join(name: string, node: FakeNode): Member {
    const id = this.#members.get(name)?.id ?? (this.#nodes += 1);
    const member = { ...node, name, id };
    this.#members.set(name, member);
    return member;
  }

  #owner(member: Member): { ID: number; LoginName: string; DisplayName: string } {
    const login = isTagged(member) ? "tagged-devices" : (member.user ?? "");
    const id = this.#users.get(login) ?? this.#users.size + 11;
    this.#users.set(login, id);
    return { ID: id, LoginName: login, DisplayName: isTagged(member) ? "Tagged Devices" : login };
  }

  #profiles(members: readonly Member[], peers: boolean): object | null {
    if (!this.settings.ownProfile && !peers) return null;
    return Object.fromEntries(members.map((member) => [this.#owner(member).ID, this.#owner(member)]));
  }

  #capabilities(member: Member): object | null {
    const subjects = isTagged(member) ? (member.tags ?? []) : [member.user ?? ""];
    const granted = subjects.flatMap((subject) => Array.from(this.#grants.get(subject) ?? []));
    return granted.length === 0 ? null : Object.fromEntries(granted);
  }

  #peerStatus(member: Member): object {
    return {
      ID: `n${member.id}CNTRL`,
      NodeID: member.id,
      HostName: member.name,
      DNSName: member.sharedIn === true ? "" : `${member.name}.${member.domain ?? FakeTailnet.domain}.`,
      ...(member.sharedIn === true ? { ShareeNode: true } : {}),
      OS: "linux",
      Created: "2026-01-02T03:04:05Z",
      UserID: this.#owner(member).ID,
      TailscaleIPs: member.addresses,
      AllowedIPs: allowedIps(member),
      ...(isTagged(member) ? { Tags: member.tags } : {}),
      Online: member.online ?? true,
      ...(member.expired === true ? { Expired: true } : {}),
      ...(member.keyExpiry === undefined ? {} : { KeyExpiry: member.keyExpiry }),
    };
  }

  #tailcfgNode(member: Member): object {
    return {
      ID: member.id,
      StableID: `n${member.id}CNTRL`,
      Name: member.sharedIn === true ? "" : `${member.name}.${FakeTailnet.domain}.`,
      User: this.#owner(member).ID,
      Addresses: member.addresses.map(singleAddress),
      AllowedIPs: allowedIps(member),
      Hostinfo: { OS: "linux", Hostname: member.name, ...(member.sharedIn === true ? { ShareeNode: true } : {}) },
      Cap: 142,
      ...(isTagged(member) ? { Tags: member.tags } : {}),
      Online: member.online ?? true,
      ...(member.expired === true ? { Expired: true } : {}),
      ComputedName: member.name,
      ComputedNameWithHost: member.name,
    };
  }
}

function isTagged(member: Member): boolean {
  return (member.tags ?? []).length > 0;
}

function allowedIps(member: Member): readonly string[] {
  return [...member.addresses.map(singleAddress), ...(member.routes ?? [])];
}

function singleAddress(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}
